"""Which vector does each misdeed of a program arrive as?"""

from collections.abc import Callable

import pytest

from ntmm.hw.cpu import ExitReason
from tests.hw.tiny_machine import CODE, DATA, TinyMachine


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (b"\xf7\xf1", (0, 0, 0)),  # div ecx, ecx = 0
        (b"\xcc", (3, 0, 1)),  # int3
        (b"\xcd\x03", (3, 0, 2)),  # int 3
        (b"\xcd\x2d", (0x2D, 0, 2)),  # int 2Dh, the debug service
        (b"\x0f\x0b", (6, 0, 0)),  # ud2
        (b"\x90\x0f\x0b", (6, 0, 1)),  # nop; ud2
        (b"\xf4", (13, 0, 0)),  # hlt
        (b"\xfa", (13, 0, 0)),  # cli
        (b"\x0f\x31", (13, 0, 0)),  # rdtsc
        (b"\x0f\x34", (13, 0, 0)),  # sysenter
        (b"\x0f\xc7\xf0", (6, 0, 0)),  # rdrand eax, which the chosen CPU model does not have
        (b"\x0f\x01\xf9", (6, 0, 0)),  # rdtscp, likewise
        (b"\xf1", (6, 0, 0)),  # icebp
        (b"\x0f\x22\xd8", (13, 0, 0)),  # mov cr3, eax
        (b"\xcd\x0e", (13, 0x72, 0)),  # int 0Eh is not a page fault
        (b"\xcd\x80", (13, 0x402, 0)),  # int 80h
        (b"\x8e\xc1", (13, 0x48, 0)),  # mov es, cx; cx = 48h, no such segment
    ],
)
def test_does_it_arrive_as_on_hardware(machine: TinyMachine, code: bytes, expected: tuple[int, int, int]) -> None:
    registers = {"cx": 0x48} if code == b"\x8e\xc1" else {}
    assert machine.run_exception(code, **registers) == expected


@pytest.mark.parametrize("name", ["x86", "pae"])
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (b"\x04\x7f\xce", (4, 0, 3)),  # add al, 7Fh, al = 1; into
        (b"\x62\x07", (5, 0, 0)),  # bound eax, [edi]
        (b"\x0f\x05", (6, 0, 0)),  # syscall
    ],
)
def test_does_it_arrive_on_32_bits(
    machine_named: Callable[..., TinyMachine], name: str, code: bytes, expected: tuple[int, int, int]
) -> None:
    machine = machine_named(name)
    machine.map_new(DATA)
    assert machine.run_exception(code, ax=1, di=DATA) == expected


def test_does_the_trap_flag_single_step(machine: TinyMachine) -> None:
    machine.load(b"\x90\x90\xcd\x2e")  # nop; nop; int 2Eh
    context = machine.context()
    context.flags |= 0x100
    for distance in (1, 2):
        assert machine.cpu.run(context) is ExitReason.EXCEPTION
        assert (machine.cpu.vector, context.pc - CODE) == (1, distance)
    context.flags &= ~0x100
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL


def test_does_the_thread_go_on_after_an_exception(machine: TinyMachine) -> None:
    machine.load(b"\xf7\xf1\xcd\x2e")  # div ecx; int 2Eh
    context = machine.context(ax=10)
    for _ in range(3):
        assert machine.cpu.run(context) is ExitReason.EXCEPTION
        assert machine.cpu.vector == 0
    context.u64[machine.cpu.slots.rcx] = 5
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.register(context, "ax") == 2


def test_is_a_fault_after_an_interrupt_no_interrupt(machine: TinyMachine) -> None:
    machine.load(b"\xcd\x2e\xf4")  # int 2Eh; hlt
    context = machine.context()
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.cpu.run(context) is ExitReason.EXCEPTION
    assert (machine.cpu.vector, machine.cpu.error_code, context.pc - CODE) == (13, 0, 2)


def test_is_a_non_canonical_address_a_general_protection_fault(machine_named: Callable[..., TinyMachine]) -> None:
    machine = machine_named("x64")
    vector, error_code, distance = machine.run_exception(b"\x8b\x07", di=0x8000_0000_0000)
    assert (vector, error_code, distance) == (13, 0, 0)
