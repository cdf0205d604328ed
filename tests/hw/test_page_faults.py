"""Does the CPU walk our tables, and report what it finds as the hardware would?"""

from collections.abc import Callable

import pytest

from ntmm.hw.arch import ACCESSED, DIRTY
from ntmm.hw.cpu import ExitReason
from tests.hw.tiny_machine import CODE, DATA, READ_ONLY, SUPERVISOR, USER, TinyMachine

LOAD = b"\x8b\x07"  # mov eax, [edi]
STORE = b"\x89\x07"  # mov [edi], eax
JUMP = b"\xff\xe7"  # jmp edi / jmp rdi
TRAP = b"\xcd\x2e"  # int 2Eh


@pytest.mark.parametrize(
    ("code", "bits", "error_code"),
    [(LOAD, 0, 4), (STORE, 0, 6), (STORE, READ_ONLY, 7), (LOAD, SUPERVISOR, 5), (STORE, SUPERVISOR, 7)],
    ids=["absent read", "absent write", "read-only write", "supervisor read", "supervisor write"],
)
def test_is_the_error_code_the_hardwares(machine: TinyMachine, code: bytes, bits: int, error_code: int) -> None:
    machine.load(code)
    machine.map(DATA, machine.new_frame(), bits)
    context = machine.context(di=DATA + 0x10)
    assert machine.run(context) == (ExitReason.PAGE_FAULT, error_code, DATA + 0x10)
    assert context.pc == CODE
    assert machine.cpu.page_fault_count == 1


@pytest.mark.parametrize("name", ["pae", "x64"])
def test_does_a_fetch_from_a_no_execute_page_fault(machine_named: Callable[..., TinyMachine], name: str) -> None:
    machine = machine_named(name)
    machine.load(JUMP)
    machine.map_new(DATA, USER | machine.architecture.no_execute)
    context = machine.context(di=DATA)
    assert machine.run(context) == (ExitReason.PAGE_FAULT, 0x15, DATA)
    assert context.pc == DATA


def test_is_the_instruction_retried_after_the_page_is_mapped(machine: TinyMachine) -> None:
    machine.load(STORE + LOAD + TRAP)
    context = machine.context(di=DATA, ax=0x1234)
    pages: list[int] = []
    for _ in range(3):  # a second and third fault arrive as faults too, not as double faults
        assert machine.run(context) == (ExitReason.PAGE_FAULT, 6, DATA + 0x1000 * len(pages))
        pages.append(machine.map_new(DATA + 0x1000 * len(pages)))
        assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
        context.pc = CODE
        context.set("rdi" if machine.architecture.bits == 64 else "edi", DATA + 0x1000 * len(pages))
    assert [machine.ram.u32[frame << 10] for frame in pages] == [0x1234] * 3


def test_does_the_cpu_set_accessed_and_dirty_in_our_tables(machine: TinyMachine) -> None:
    machine.load(LOAD + TRAP + STORE + TRAP)
    machine.map_new(DATA)
    index = machine.pte_index(DATA)
    context = machine.context(di=DATA)
    machine.cpu.run(context)
    assert machine.words[index] & (ACCESSED | DIRTY) == ACCESSED
    machine.cpu.run(context)
    assert machine.words[index] & (ACCESSED | DIRTY) == ACCESSED | DIRTY


def test_is_a_lost_right_seen_after_mark_stale(machine: TinyMachine) -> None:
    machine.load(STORE + TRAP + STORE + TRAP)
    frame = machine.map_new(DATA)
    context = machine.context(di=DATA)
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    machine.map(DATA, frame, READ_ONLY)
    machine.cpu.mark_stale()
    assert machine.run(context) == (ExitReason.PAGE_FAULT, 7, DATA)


def test_is_a_gained_right_seen_without_a_flush(machine: TinyMachine) -> None:
    machine.load(LOAD + TRAP + STORE + TRAP)
    frame = machine.map_new(DATA, READ_ONLY)
    context = machine.context(di=DATA)
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    machine.map(DATA, frame, USER)
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.cpu.page_fault_count == 0


def test_is_a_large_page_walked(machine: TinyMachine) -> None:
    size = machine.architecture.large_page_size
    big = machine.architecture
    address = 0x800000
    machine.pte_index(address)
    entry = _directory_entry(machine, address)
    machine.words[entry] = size // 2 // size | USER | big.LARGE  # physical address 0
    machine.load(LOAD + TRAP)
    machine.ram.u32[0x300000 % size >> 2] = 0xCAFE
    context = machine.context(di=address + 0x300000 % size)
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.register(context, "ax") == 0xCAFE


def _directory_entry(machine: TinyMachine, address: int) -> int:
    architecture = machine.architecture
    table = machine.directory
    *upper, last, _ = architecture.split(address)
    for index in upper:
        table = machine.words[table // architecture.pte_size + index] & architecture.frame_mask
    return table // architecture.pte_size + last


def test_do_two_address_spaces_keep_their_own_pages(machine: TinyMachine) -> None:
    machine.load(LOAD + TRAP + b"\xeb\xfa")  # mov eax, [edi]; int 2Eh; jmp to the start
    first = machine.directory
    frames = [machine.map_new(DATA, directory=first)]
    second = machine.new_space()
    machine.map(CODE, machine.code_frame, READ_ONLY)
    frames.append(machine.map_new(DATA))
    for number, frame in enumerate(frames):
        machine.ram.u32[frame << 10] = 0x100 + number
    contexts = [machine.context(first, di=DATA), machine.context(second, di=DATA)]
    for _ in range(3):
        for number, context in enumerate(contexts):
            assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
            assert machine.register(context, "ax") == 0x100 + number


def test_does_a_context_follow_its_page_directory(machine: TinyMachine) -> None:
    machine.load(LOAD + TRAP + b"\xeb\xfa")
    machine.map_new(DATA)
    context = machine.context(di=DATA)
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    context.page_directory = machine.new_space()
    machine.map(CODE, machine.code_frame, READ_ONLY)
    assert machine.run(context) == (ExitReason.PAGE_FAULT, 4, DATA)


@pytest.mark.parametrize(("name", "frame"), [("pae", 0xF00000), ("x64", 0xFFFFF00)])
def test_are_frames_above_4_gb_reached(machine_named: Callable[..., TinyMachine], name: str, frame: int) -> None:
    machine = machine_named(name, (frame + 0x10) << 12)
    machine.load(LOAD + TRAP)
    machine.map(DATA, frame)
    machine.ram.u32[frame << 10] = 0xFEED
    context = machine.context(di=DATA)
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.register(context, "ax") == 0xFEED
