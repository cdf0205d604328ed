"""Is guest code counted exactly, and does a quantum end at the same instruction in every run?"""

import sys
import threading

import pytest

from ntmm.hw.cpu import Context, ExitReason
from tests.hw.tiny_machine import CODE, DATA, TinyMachine

COUNT_UP = bytes.fromhex("83c001 83c302 ebf8")
"""add eax, 1; add ebx, 2; jmp to the start: one block of 8 bytes."""

INT_2E = b"\xcd\x2e"


def looping(machine: TinyMachine) -> Context:
    machine.load(COUNT_UP)
    return machine.context()


def registers(machine: TinyMachine, context: Context) -> tuple[int, int, int]:
    return context.pc - CODE, machine.register(context, "ax"), machine.register(context, "bx")


@pytest.mark.parametrize("limit", [1, 8, 9, 800, 80_000])
def test_after_how_much_code_does_a_quantum_end(machine: TinyMachine, limit: int) -> None:
    context = looping(machine)
    blocks = -(-limit // 8)
    for turn in range(1, 4):
        machine.cpu.count_code(limit)
        assert machine.cpu.run(context) is ExitReason.QUANTUM
        assert registers(machine, context) == (0, turn * blocks, turn * blocks * 2)
        assert machine.cpu.code_bytes == machine.cpu.code_counter[0] == turn * blocks * 8
    assert machine.cpu.run(context) is ExitReason.QUANTUM
    assert registers(machine, context)[1] == 3 * blocks


def test_is_code_counted_that_was_translated_before(machine: TinyMachine) -> None:
    context = looping(machine)
    threading.Timer(0.01, machine.cpu.request_stop).start()
    assert machine.cpu.run(context) is ExitReason.STOPPED
    assert machine.cpu.code_bytes == 0
    machine.cpu.count_code(80)
    assert machine.cpu.run(context) is ExitReason.QUANTUM
    assert machine.cpu.code_bytes == 80


def test_is_nothing_counted_after_counting_has_stopped(machine: TinyMachine) -> None:
    context = looping(machine)
    machine.cpu.stop_counting()
    for _ in range(3):
        before = machine.cpu.code_bytes
        machine.cpu.count_code(800)
        assert machine.cpu.run(context) is ExitReason.QUANTUM
        machine.cpu.stop_counting()
        threading.Timer(0.01, machine.cpu.request_stop).start()
        assert machine.cpu.run(context) is ExitReason.STOPPED
        assert machine.cpu.code_bytes == before + 800


def test_are_traps_reported_while_code_is_counted(machine: TinyMachine) -> None:
    # mov ecx, [edi]; int 2Eh; add eax, 1; ud2
    machine.load(b"\x8b\x0f" + INT_2E + b"\x83\xc0\x01\x0f\x0b")
    context = machine.context(di=DATA)
    machine.cpu.count_code(1000)
    assert machine.run(context) == (ExitReason.PAGE_FAULT, 4, DATA)
    machine.map_new(DATA)
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert machine.cpu.run(context) is ExitReason.EXCEPTION
    assert machine.cpu.vector == 6


def test_is_a_stop_request_not_lost_to_the_end_of_a_quantum(machine: TinyMachine) -> None:
    context = looping(machine)
    machine.cpu.count_code(8)
    machine.cpu.request_stop()
    assert [machine.cpu.run(context) for _ in range(2)] == [ExitReason.STOPPED, ExitReason.QUANTUM]


def test_do_two_machines_stop_at_the_same_places(machine: TinyMachine) -> None:
    # next: inc eax / test al, 1 / jz even / add ebx, eax / even: xor ebx, eax / jmp next (uneven blocks)
    code = bytes.fromhex("83c001 a801 7402 01c3 31c3 ebf3")
    places = []
    for other in (machine, TinyMachine(machine.architecture.name)):
        other.load(code)
        context = other.context()
        stops = []
        for turn in range(200):
            if turn % 50 == 49:
                other.cpu.stop_counting()
            other.cpu.count_code(97 + turn)
            assert other.cpu.run(context) is ExitReason.QUANTUM
            stops.append((*registers(other, context), other.cpu.code_bytes))
        places.append(stops)
    assert places[0] == places[1]


def test_is_the_compiler_imported_only_to_count() -> None:
    import subprocess  # noqa: PLC0415

    code = "import sys, ntmm.kernel.boot; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
