"""Does the CPU stop when asked, keep floating-point state, and fail with clear words?"""

import struct
import threading

import pytest

from ntmm.hw.arch import architecture_named
from ntmm.hw.cpu import CalibrationError, Cpu, CpuError, ExitReason, SupervisorArea, calibration
from ntmm.hw.ram import Ram
from tests.hw.tiny_machine import CODE, DATA, TinyMachine

FOREVER = b"\xeb\xfe"  # jmp to itself
INT_2E = b"\xcd\x2e"


def test_does_another_thread_stop_an_endless_loop(machine: TinyMachine) -> None:
    machine.load(FOREVER)
    context = machine.context()
    for delay in (0.0, 0.02):
        stopper = threading.Timer(delay, machine.cpu.request_stop)
        stopper.start()
        assert machine.cpu.run(context) is ExitReason.STOPPED
        stopper.join()
        assert context.pc == CODE


def test_is_a_stop_request_sticky_until_returned(machine: TinyMachine) -> None:
    machine.load(INT_2E + INT_2E)
    context = machine.context()
    machine.cpu.request_stop()
    assert machine.cpu.run(context) is ExitReason.STOPPED
    assert context.pc == CODE
    assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL


def test_are_stops_never_lost_nor_system_calls(machine: TinyMachine) -> None:
    machine.load(INT_2E + b"\xeb\xfc")  # int 2Eh; jmp to the start
    context = machine.context()
    finished = threading.Event()

    def keep_stopping() -> None:
        while not finished.is_set():
            machine.cpu.request_stop()

    stopper = threading.Thread(target=keep_stopping)
    stopper.start()
    calls = stops = 0
    while calls < 300 or stops < 30:
        before = context.pc
        reason = machine.cpu.run(context)
        if reason is ExitReason.SYSTEM_CALL:
            calls += 1
            assert context.pc == CODE + 2
        else:
            stops += 1
            assert reason is ExitReason.STOPPED
            assert context.pc in (before, CODE, CODE + 2)
    finished.set()
    stopper.join()


def test_may_any_host_thread_run_the_cpu(machine: TinyMachine) -> None:
    machine.load(b"\xf3\x90" + INT_2E)  # pause; int 2Eh
    reasons: list[ExitReason] = []
    for _ in range(2):
        runner = threading.Thread(target=lambda: reasons.append(machine.cpu.run(machine.context())))
        runner.start()
        runner.join()
    assert [*reasons, machine.cpu.run(machine.context())] == [ExitReason.SYSTEM_CALL] * 3


def test_does_a_full_tlb_lose_nothing(machine: TinyMachine) -> None:
    first, last = 0x10000000, 0x10000000 + 700 * 0x1000
    wide = b"\x48" if machine.architecture.bits == 64 else b""
    # mov eax, [edi]; add edi, 1000h; cmp edi, last; jb to the start; int 2Eh
    body = b"\x8b\x07" + wide + b"\x81\xc7\x00\x10\x00\x00" + wide + b"\x81\xff" + last.to_bytes(4, "little")
    machine.load(body + b"\x72" + bytes([254 - len(body)]) + INT_2E)
    context = machine.context(di=first)
    faults = []
    while machine.cpu.run(context) is ExitReason.PAGE_FAULT:
        faults.append(machine.cpu.fault_address)
        machine.map_new(machine.cpu.fault_address)
    assert faults == list(range(first, last, 0x1000))


def test_is_float_state_an_fxsave_image(machine: TinyMachine) -> None:
    machine.map_new(DATA)
    machine.load(b"\xd9\xe8\x0f\x28\x07" + INT_2E + b"\x0f\x29\x47\x10\xd9\x5f\x20" + INT_2E)
    # fld1; movaps xmm0, [edi]; int 2Eh; movaps [edi+10h], xmm0; fstp dword [edi+20h]; int 2Eh
    start = machine.words[machine.pte_index(DATA)] & machine.architecture.frame_mask
    machine.ram.bytes[start : start + 16] = bytes(range(16))
    context = machine.context(di=DATA)
    machine.cpu.run(context)
    image = machine.cpu.read_float_state(context)
    assert struct.unpack_from("<HHB", image) == (0x27F, 0x3800, 0x80)
    assert struct.unpack_from("<I", image, 24) == (0x1F80,)
    assert image[32:42] == bytes.fromhex("0000000000000080ff3f")  # ST0 = 1.0
    assert image[160:176] == bytes(range(16))
    changed = bytearray(image)
    changed[160:176] = bytes(range(16, 32))
    changed[32:42] = bytes.fromhex("00000000000000800040")  # ST0 = 2.0
    machine.cpu.write_float_state(context, bytes(changed))
    assert machine.cpu.read_float_state(context) == changed
    machine.cpu.run(context)
    assert machine.ram.bytes[start + 16 : start + 32] == bytes(range(16, 32))
    assert struct.unpack_from("<f", machine.ram.bytes, start + 32) == (2.0,)


def test_does_each_context_keep_its_own_registers(machine: TinyMachine) -> None:
    machine.load(b"\x01\xc3" + INT_2E + b"\xeb\xfa")  # add ebx, eax; int 2Eh; jmp to the start
    contexts = [machine.context(ax=step) for step in (1, 10, 100)]
    for _ in range(4):
        for context in contexts:
            assert machine.cpu.run(context) is ExitReason.SYSTEM_CALL
    assert [machine.register(context, "bx") for context in contexts] == [4, 40, 400]


def test_is_an_unbooted_cpu_refused() -> None:
    cpu = Cpu(Ram(0x10000), architecture_named("x64"), SupervisorArea(*[0x1000] * 6))
    with pytest.raises(CpuError, match="not been booted"):
        cpu.create_context(0, 0, 0)


def test_is_an_unmapped_supervisor_area_named() -> None:
    area = SupervisorArea(0x80001000, 0x1000, 0x80002000, 0x2000, 0x80003000, 0x3000)
    cpu = Cpu(Ram(0x10000), architecture_named("x86"), area)
    with pytest.raises(CpuError, match="supervisor page 0x80001000 is not mapped"):
        cpu.boot(0x4000)


def test_is_a_frame_beyond_ram_the_machines_failure(machine: TinyMachine) -> None:
    machine.load(b"\x8b\x07")  # mov eax, [edi]
    machine.map(DATA, 0x7000)
    with pytest.raises(CpuError, match="failed at pc 0x400000"):
        machine.cpu.run(machine.context(di=DATA))


def test_is_an_engine_that_hides_its_state_named() -> None:
    with pytest.raises(CalibrationError, match=r"Unicorn \d+\.\d+\.\d+ keeps the error code at 0 places"):
        calibration._only("the error code", [])
