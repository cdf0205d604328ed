"""Is code that the kernel replaces in RAM run as it now is?"""

from collections.abc import Callable

import pytest

from ntmm.hw.cpu import ExitReason
from tests.hw.tiny_machine import CODE, READ_ONLY, TinyMachine

INT_2E = b"\xcd\x2e"


def move_to_ax(value: int) -> bytes:
    """The bytes of: mov eax, value"""
    return b"\xb8" + value.to_bytes(4, "little")


def run_from_start(machine: TinyMachine) -> int:
    context = machine.context()
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    return machine.register(context, "ax")


def test_is_replaced_code_run_after_forget_code(machine: TinyMachine) -> None:
    machine.load(move_to_ax(1) + INT_2E)
    assert run_from_start(machine) == 1
    machine.load(move_to_ax(2) + INT_2E)
    assert run_from_start(machine) == 1  # the engine's stale translation: why forget_code exists
    machine.cpu.forget_code(machine.code_frame)
    assert run_from_start(machine) == 2


def test_is_code_forgotten_although_its_page_is_gone(machine: TinyMachine) -> None:
    machine.load(move_to_ax(1) + INT_2E)
    assert run_from_start(machine) == 1
    machine.map(CODE, machine.code_frame, 0)
    machine.cpu.mark_stale()
    machine.cpu.forget_code(machine.code_frame)
    assert machine.cpu.run(machine.context()) is ExitReason.PAGE_FAULT
    machine.load(move_to_ax(3) + INT_2E)
    machine.map(CODE, machine.code_frame, READ_ONLY)
    assert run_from_start(machine) == 3


@pytest.mark.parametrize("which", [0, 1], ids=["first page", "second page"])
def test_is_a_block_on_two_pages_forgotten_by_either(machine: TinyMachine, which: int) -> None:
    second = machine.map_new(CODE + 0x1000, READ_ONLY)
    frames = (machine.code_frame, second)
    context = machine.context()

    def place(value: int) -> None:
        code = move_to_ax(value) + INT_2E
        machine.load(code[:2], 0xFFE)  # the value's bytes 1 to 3 lie on the second page
        machine.ram.bytes[second << 12 : (second << 12) + len(code) - 2] = code[2:]

    def run() -> int:
        context.pc = CODE + 0xFFE
        assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
        return machine.register(context, "ax")

    place(0x0101)
    assert run() == 0x0101
    place(0x0202)
    machine.cpu.forget_code(frames[which])
    assert run() == 0x0202


def test_does_forgetting_a_data_frame_cost_nothing(machine: TinyMachine) -> None:
    machine.load(move_to_ax(1) + INT_2E)
    run_from_start(machine)
    machine.cpu.forget_code(machine.new_frame())
    assert not machine.cpu._attention


@pytest.mark.parametrize(("name", "frame"), [("pae", 0xF00000), ("x64", 0xFFFFF00)])
def test_is_code_above_4_gb_forgotten(machine_named: Callable[..., TinyMachine], name: str, frame: int) -> None:
    machine = machine_named(name, (frame + 0x10) << 12)
    machine.map(CODE, frame, READ_ONLY)
    machine.code_frame = frame
    for value in (1, 2):
        machine.load(move_to_ax(value) + INT_2E)
        machine.cpu.forget_code(frame)
        assert run_from_start(machine) == value


def test_does_the_guests_own_write_to_code_take_effect(machine: TinyMachine) -> None:
    # mov byte [CODE+8], 9 through edi; mov eax, 1 (its immediate becomes 9); int 2Eh
    machine.map(CODE, machine.code_frame)
    machine.load(b"\xc6\x47\x04\x09" + move_to_ax(1) + INT_2E)
    context = machine.context(di=CODE + 1)
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.register(context, "ax") == 9
