"""Routines in ring 0: which pages are theirs, and how their faults arrive."""

import pytest

from ntmm.hw.arch import OWNER, VALID, WRITE
from ntmm.hw.cpu import FAULT_FETCH, FAULT_PRESENT, FAULT_USER, FAULT_WRITE, Context, ExitReason
from tests.hw.tiny_machine import CODE, DATA, TinyMachine

ROUTINE, STACK_PAGE, TARGET = 0x10000, 0x12000, 0x20000
"""Offsets from the supervisor pages."""

# mov byte [ecx], 7 / mov eax, 55h / ret, and: mov al, [ecx] / ret
STORE = bytes.fromhex("c60107 b855000000 c3")
LOAD = bytes.fromhex("8a01 c3")
JUMP = bytes.fromhex("ffe1")


@pytest.fixture(params=["x86", "pae", "x64"])
def machine(request: pytest.FixtureRequest) -> TinyMachine:
    made = TinyMachine(request.param)
    for offset in (ROUTINE, STACK_PAGE):
        made.map(made.supervisor_base + offset, made.new_frame(), VALID | WRITE)
    return made


def physical(machine: TinyMachine, address: int) -> int:
    return machine.words[machine.pte_index(address)] & machine.architecture.frame_mask


def routine(machine: TinyMachine, code: bytes, address: int) -> Context:
    """A context whose stack holds nothing but the way back."""
    place = physical(machine, machine.supervisor_base + ROUTINE)
    machine.ram.bytes[place : place + len(code)] = code
    machine.cpu.forget_code(place >> 12)
    size = machine.architecture.pointer_size
    stack = physical(machine, machine.supervisor_base + STACK_PAGE) + 0x1000 - size
    machine.ram.bytes[stack : stack + size] = machine.cpu.return_address.to_bytes(size, "little")
    name = "rcx" if machine.architecture.bits == 64 else "ecx"
    sp = machine.supervisor_base + STACK_PAGE + 0x1000 - size
    return machine.cpu.create_kernel_context(machine.directory, machine.supervisor_base + ROUTINE, sp, {name: address})


def test_does_a_routine_write_to_system_space_and_return(machine: TinyMachine) -> None:
    target = machine.supervisor_base + TARGET
    machine.map(target, machine.new_frame(), VALID | WRITE)
    context = routine(machine, STORE, target)
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.ram.bytes[physical(machine, target)] == 7
    assert context.u64[machine.cpu.slots.rax] & 0xFF == 0x55


def test_is_a_write_to_a_read_only_page_a_fault_in_ring_0_too(machine: TinyMachine) -> None:
    target = machine.supervisor_base + TARGET
    machine.map(target, machine.new_frame(), VALID)
    assert machine.cpu.run(routine(machine, STORE, target)) is ExitReason.PAGE_FAULT
    assert (machine.cpu.error_code, machine.cpu.fault_address) == (FAULT_PRESENT | FAULT_WRITE, target)
    assert machine.cpu.run(routine(machine, LOAD, target)) is ExitReason.SYSTEM_CALL


def test_is_a_fault_without_a_page_told_from_one_of_a_program(machine: TinyMachine) -> None:
    target = machine.supervisor_base + TARGET
    assert machine.cpu.run(routine(machine, LOAD, target)) is ExitReason.PAGE_FAULT
    assert (machine.cpu.error_code, machine.cpu.fault_address) == (0, target)
    assert not machine.cpu.error_code & FAULT_USER


def test_may_it_touch_user_pages(machine: TinyMachine) -> None:
    machine.map(DATA, machine.new_frame(), VALID | WRITE | OWNER)
    assert machine.cpu.run(routine(machine, STORE, DATA)) is ExitReason.SYSTEM_CALL
    assert machine.ram.bytes[physical(machine, DATA)] == 7


def test_is_a_page_that_forbids_execution_not_executed(machine: TinyMachine) -> None:
    if not machine.architecture.has_no_execute:
        pytest.skip("two-level tables cannot forbid execution")
    target = machine.supervisor_base + TARGET
    machine.map(target, machine.new_frame(), VALID | WRITE | machine.architecture.no_execute)
    assert machine.cpu.run(routine(machine, JUMP, target)) is ExitReason.PAGE_FAULT
    assert (machine.cpu.error_code, machine.cpu.fault_address) == (FAULT_PRESENT | FAULT_FETCH, target)


def test_does_a_program_run_on_in_ring_3_afterwards(machine: TinyMachine) -> None:
    target = machine.supervisor_base + TARGET
    machine.map(target, machine.new_frame(), VALID | WRITE)
    assert machine.cpu.run(routine(machine, STORE, target)) is ExitReason.SYSTEM_CALL
    machine.load(LOAD)
    context = machine.context(cx=target)
    assert machine.run(context) == (ExitReason.PAGE_FAULT, FAULT_PRESENT | FAULT_USER, target)
    assert context.pc == CODE
