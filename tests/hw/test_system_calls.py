"""Do system calls come out with their registers, and go back with what the kernel changed?"""

from collections.abc import Callable

import pytest

from ntmm.hw.cpu import ExitReason
from tests.hw.tiny_machine import CODE, TEB, TinyMachine

INT_2E = b"\xcd\x2e"
SYSCALL = b"\x0f\x05"
CALLS = [("x86", INT_2E), ("pae", INT_2E), ("x64", INT_2E), ("x64", SYSCALL)]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=["x86 int 2Eh", "pae int 2Eh", "x64 int 2Eh", "x64 syscall"])
def test_are_registers_kept_and_results_taken(
    machine_named: Callable[..., TinyMachine], name: str, call: bytes
) -> None:
    machine = machine_named(name)
    machine.load(call + b"\x01\xc3" + call)  # call; add ebx, eax; call
    context = machine.context(ax=7, bx=100, cx=3, dx=4, si=5, di=6, bp=0x50)
    before = context.general_registers()
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert context.pc == CODE + 2
    pc_name = "rip" if machine.architecture.bits == 64 else "eip"
    assert context.general_registers() == before | {pc_name: CODE + 2}
    context.u64[machine.cpu.slots.rax] = 11
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.register(context, "bx") == 111
    assert machine.cpu.entry_count == 2


@pytest.mark.parametrize(("name", "call"), CALLS, ids=["x86 int 2Eh", "pae int 2Eh", "x64 int 2Eh", "x64 syscall"])
def test_is_a_call_no_single_step_when_the_trap_flag_is_set(
    machine_named: Callable[..., TinyMachine], name: str, call: bytes
) -> None:
    machine = machine_named(name)
    machine.load(b"\x90" + call + b"\x90\x90")
    context = machine.context()
    context.flags |= 0x100
    reasons = [machine.cpu.run(context) for _ in range(3)]
    assert reasons == [ExitReason.EXCEPTION, ExitReason.SYSTEM_CALL, ExitReason.EXCEPTION]
    assert context.pc in (CODE + 3, CODE + 4)


def test_is_the_teb_found_through_its_segment(machine: TinyMachine) -> None:
    if machine.architecture.bits == 64:
        machine.load(b"\x65\x48\x8b\x04\x25\x30\x00\x00\x00" + INT_2E)  # mov rax, gs:[30h]
        offset = 0x30
    else:
        machine.load(b"\x64\xa1\x18\x00\x00\x00" + INT_2E)  # mov eax, fs:[18h]
        offset = 0x18
    machine.ram.u32[_physical(machine, TEB + offset) >> 2] = TEB
    context = machine.context()
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.register(context, "ax") == TEB


@pytest.mark.parametrize("name", ["x86", "pae"])
def test_does_reloading_fs_find_the_threads_own_teb(machine_named: Callable[..., TinyMachine], name: str) -> None:
    machine = machine_named(name)
    machine.load(b"\x0f\xa0\x0f\xa1\x64\xa1\x18\x00\x00\x00" + INT_2E)  # push fs; pop fs; mov eax, fs:[18h]
    other = machine.map_new(TEB + 0x1000)
    machine.ram.u32[_physical(machine, TEB + 0x18) >> 2] = TEB
    machine.ram.u32[(other << 12) + 0x18 >> 2] = TEB + 0x1000
    contexts = [machine.context(), machine.context()]
    contexts[1].teb_base = TEB + 0x1000
    for context in contexts:
        assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert [context.get("eax") for context in contexts] == [TEB, TEB + 0x1000]


def _physical(machine: TinyMachine, address: int) -> int:
    return int(machine.words[machine.pte_index(address)]) & machine.architecture.frame_mask | address & 0xFFF


def test_are_flags_read_and_written_whole(machine: TinyMachine) -> None:
    machine.load(b"\x39\xc0" + INT_2E + b"\x0f\x94\xc3" + INT_2E)  # cmp eax, eax; int 2Eh; setz bl; int 2Eh
    context = machine.context()
    machine.cpu.run(context)
    assert context.flags == 0x246  # interrupts, zero, parity
    context.flags = 0x203
    machine.cpu.run(context)
    assert machine.register(context, "bx") == 0


def test_are_segments_windows_own(machine: TinyMachine) -> None:
    machine.load(INT_2E)
    context = machine.context()
    machine.cpu.run(context)
    expected = (0x33, 0x2B, 0x2B, 0x2B) if machine.architecture.bits == 64 else (0x1B, 0x23, 0x23, 0x23)
    assert tuple(context.get(name) for name in ("cs", "ss", "ds", "es")) == expected
    assert context.get("fs") == (0x53 if machine.architecture.bits == 64 else 0x3B)
