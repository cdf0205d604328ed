"""Programs that the CPU really runs: exceptions on a full, a spoilt and a good stack, and whose turn it is."""

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ke.exceptions import ExceptionRecord, decode_record
from ntmm.kernel.ps import Process, Thread
from ntmm.nt.memory import MEM_COMMIT, MEM_RESERVE, PAGE_EXECUTE_READWRITE
from ntmm.nt.status import Status

PAGE = 0x1000
CODE, DISPATCHER = 0x400000, 0x400800
READ_EBX = "8b03"
PUSH_FOREVER = "50ebfd"
INT3_FOREVER = "ccebfd"
STACK_PAGES = 16


def program(kernel: Kernel, code: str, threads: int = 1) -> tuple[Process, list[Thread]]:
    """A process with int3 as its exception dispatcher and threads, not started, that all run `code`."""
    process = kernel.ps.create_process("test.exe")
    assert process is not None
    kernel.mm.allocate(process, CODE, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_EXECUTE_READWRITE)
    process.memory.write(CODE, bytes.fromhex(code))
    process.memory.write_u8(DISPATCHER, 0xCC)
    process.exception_dispatcher = DISPATCHER
    made = []
    for _ in range(threads):
        created = kernel.ps.create_thread(process, STACK_PAGES * PAGE, PAGE, CODE)
        assert created is not None
        made.append(created[0])
        _write_stack_bounds(process, created[0], created[1].base)
    return process, made


def _write_stack_bounds(process: Process, thread: Thread, base: int) -> None:
    width = process.memory.pointer_size
    process.memory.write_pointer(thread.teb + width, base)
    process.memory.write_pointer(thread.teb + 2 * width, base - PAGE)
    process.memory.write_pointer(thread.teb + (0x1478 if width == 8 else 0xE0C), thread.stack)


def run(kernel: Kernel, *threads: Thread) -> None:
    for thread in threads:
        kernel.ps.start(thread)
    kernel.scheduler.run(lambda: False)


def dispatched(kernel: Kernel, thread: Thread) -> list[tuple[ExceptionRecord, int]]:
    """Runs a thread; every record that its dispatcher gets, with StackLimit at that time."""
    seen: list[tuple[ExceptionRecord, int]] = []

    def at_dispatcher(thread: Thread, vector: int) -> None:
        memory, frame = thread.process.memory, thread.context.sp
        record = frame + 0x4F0 if memory.pointer_size == 8 else memory.read_pointer(frame)
        limit = memory.read_pointer(thread.teb + 2 * memory.pointer_size)
        seen.append((decode_record(memory, record), limit))
        kernel.ps.exit_thread(thread, seen[-1][0].code)

    kernel.traps.exception = at_dispatcher
    run(kernel, thread)
    return seen


def test_does_a_program_push_until_its_stack_is_full(kernel: Kernel) -> None:
    """Every page but the lowest is given by silent growth; the handler of the overflow finds room for its frame."""
    process, [thread] = program(kernel, PUSH_FOREVER)
    [(record, limit)] = dispatched(kernel, thread)
    assert (record.code, record.address) == (Status.STACK_OVERFLOW, CODE)
    assert limit == thread.stack + PAGE
    assert process.exit_status == Status.STACK_OVERFLOW


@pytest.mark.parametrize("address", [0, 0x12345, 0x7FFE1000])
def test_is_an_access_violation_told_with_its_address(kernel: Kernel, address: int) -> None:
    process, [thread] = program(kernel, READ_EBX)
    thread.context.set("ebx" if kernel.architecture.bits == 32 else "rbx", address)
    [(record, _)] = dispatched(kernel, thread)
    assert record == ExceptionRecord(Status.ACCESS_VIOLATION, CODE, (0, address))
    assert process.ended


@pytest.mark.parametrize("pointer", [0, 1, 0x100, 0x2D0, 0x10000])
def test_is_an_unusable_stack_the_end_of_the_process(kernel: Kernel, pointer: int) -> None:
    process, [thread] = program(kernel, READ_EBX)
    thread.context.sp = pointer
    run(kernel, thread)
    assert process.exit_status == Status.ACCESS_VIOLATION


def test_does_a_thread_ended_before_its_turn_run_nothing(kernel: Kernel) -> None:
    process, threads = program(kernel, "cc", threads=2)
    kernel.traps.exception = lambda thread, vector: kernel.ps.exit_process(process, 3)
    before = kernel.cpu.entry_count
    run(kernel, *threads)
    assert [thread.exit_status for thread in threads] == [3, 3]
    assert kernel.cpu.entry_count == before + 1


def test_does_a_polling_thread_let_a_sleeper_wake(kernel: Kernel) -> None:
    """`while (!flag) GetTickCount();` in one thread, `Sleep(1); flag = 1;` in another."""
    _, [sleeper, poller] = program(kernel, INT3_FOREVER, threads=2)
    woken: list[int] = []

    def enter(thread: Thread, vector: int) -> None:
        if thread is sleeper:
            kernel.scheduler.wait(thread, [], timeout_100ns=10_000)
            woken.append(kernel.clock.uptime_100ns())
            kernel.ps.exit_thread(thread, 0)
        if woken or kernel.clock.entries > 10_000:
            kernel.ps.exit_thread(thread, 0)

    kernel.traps.exception = enter
    run(kernel, sleeper, poller)
    assert woken[0] < 40_000
