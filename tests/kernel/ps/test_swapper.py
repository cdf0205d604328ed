"""Do idle threads and processes leave memory, and come back whole when somebody needs them?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.kernel.ke.bugcheck import Bugcheck
from ntmm.kernel.ke.thread import KernelThread, ThreadState
from ntmm.kernel.mm.audit import audit
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.ps import Process, Thread
from ntmm.nt.profile import SystemProfile
from tests.kernel.ps.test_programs import CODE, program

SECOND = 10_000_000
SYSTEM_CALL_THEN_END = "cd2ecc"
MARK = 0x5EE9


@dataclass
class Log:
    """What the swapper did: (second, thread or process id, direction)."""

    kernel: Kernel
    stacks: list[tuple[int, int, str]] = field(default_factory=list)
    processes: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kernel.swapper.stack_moved = lambda number, way: self.stacks.append((self.now, number, way))
        self.kernel.swapper.process_moved = lambda number, way: self.processes.append((self.now, number, way))

    @property
    def now(self) -> int:
        return self.kernel.clock.uptime_100ns() // SECOND


class Other(KernelThread):
    """A thread of nobody's process that waits and then does something."""

    def __init__(self, kernel: Kernel, seconds: int, action: Callable[[], None]) -> None:
        self.initialize(0x7000, 8)
        self._kernel, self._seconds, self._action = kernel, seconds, action
        self.failure: BaseException | None = None

    def main(self) -> None:
        self._kernel.scheduler.wait(self, (), timeout_100ns=self._seconds * SECOND)
        self._action()


def sleepers(kernel: Kernel, *seconds: int, user_mode: bool = True) -> tuple[Process, list[Thread]]:
    """A process whose threads wait in a system call and then end with MARK as their status."""
    process, threads = program(kernel, SYSTEM_CALL_THEN_END, len(seconds))
    times = dict(zip(threads, seconds, strict=True))

    def wait(thread: Thread) -> None:
        kernel.scheduler.wait(thread, (), timeout_100ns=times[thread] * SECOND, user_mode=user_mode)
        thread.context.set("rax" if kernel.architecture.bits == 64 else "eax", MARK)

    kernel.traps.system_call = wait
    for thread in threads:
        kernel.ps.start(thread)
    return process, threads


def drain(kernel: Kernel) -> None:
    """Writes all that is dirty and gives every standby page to nobody, until nothing moves."""
    pfn = kernel.mm.pfn
    for _ in range(6):
        while kernel.mm.pageout.writer.write_one():
            pass
        taken = []
        while pfn.standby.count:
            taken.append(pfn.take_any(PageUse.KERNEL))
        for frame in taken:
            pfn.free(frame)


def run(kernel: Kernel) -> None:
    kernel.scheduler.run(lambda: False)


def test_does_an_idle_process_leave_and_come_back(kernel: Kernel) -> None:
    log = Log(kernel)
    process, [thread] = sleepers(kernel, 40)
    run(kernel)
    assert log.stacks == [(16, thread.id, "out"), (40, thread.id, "in")]
    assert log.processes == [(16, process.id, "out"), (40, process.id, "in")]
    assert process.exit_status == MARK


def test_does_it_come_back_from_the_paging_file(kernel: Kernel) -> None:
    log = Log(kernel)
    process, [thread] = sleepers(kernel, 40)
    kernel.scheduler.start(Other(kernel, 20, lambda: drain(kernel)))
    names = [name for name in thread.context.general_registers() if name not in ("rsp", "esp", "rip", "eip")]
    for number, name in enumerate(names):
        thread.context.set(name, 0x1234_5678 + number)
    image = kernel.cpu.read_float_state(thread.context)
    image = image[:160] + bytes(range(128)) + image[288:]
    kernel.cpu.write_float_state(thread.context, image)
    seen = []

    def end(thread: Thread, vector: int) -> None:
        seen.append((thread.context.general_registers(), kernel.cpu.read_float_state(thread.context)))
        kernel.ps.exit_thread(thread, MARK)

    kernel.traps.exception = end
    reads = kernel.mm.in_page.reads
    run(kernel)
    assert [way for _, _, way in log.stacks] == ["out", "in"]
    assert kernel.mm.in_page.reads > reads
    [(registers, floating)] = seen
    accumulator = names.index("rax" if kernel.architecture.bits == 64 else "eax")
    for number, name in enumerate(names):
        assert registers[name] == (MARK if number == accumulator else 0x1234_5678 + number), name
    assert floating == image
    assert process.ended


def test_are_its_registers_nowhere_but_on_its_stack(kernel: Kernel) -> None:
    _, [thread] = sleepers(kernel, 40)
    seen = []

    def look() -> None:
        stack = thread.kernel_stack
        pages = range(stack.limit, stack.base, kernel.architecture.page_size)
        valid = [kernel.mm.table_memory.entries[kernel.mm.system_ptes.word(page)] & 1 for page in pages]
        seen.append((thread.context.is_dropped, any(valid), thread.state))
        assert audit(kernel.mm) == []

    kernel.scheduler.call_at(20 * SECOND, look)
    run(kernel)
    assert seen == [(True, False, ThreadState.WAITING)]


@pytest.mark.parametrize("reason", ["kernel wait", "priority", "short wait"])
def test_does_a_thread_keep_its_stack(kernel: Kernel, reason: str) -> None:
    log = Log(kernel)
    _, [thread] = sleepers(kernel, 14 if reason == "short wait" else 40, user_mode=reason != "kernel wait")
    if reason == "priority":
        kernel.scheduler.set_priority(thread, 16)
    run(kernel)
    assert log.stacks == log.processes == []


def test_does_a_process_stay_while_one_of_its_threads_is_in_memory(kernel: Kernel) -> None:
    log = Log(kernel)
    process, [_, second] = sleepers(kernel, 40, 1)
    kernel.scheduler.suspend(second)
    kernel.scheduler.call_at(30 * SECOND, lambda: kernel.scheduler.terminate(second))
    run(kernel)
    assert [time for time, _, way in log.stacks if way == "out"] == [16]
    assert all(time > 30 for time, _, _ in log.processes)
    assert process.id


def test_does_who_reads_its_memory_bring_it_back(kernel: Kernel) -> None:
    """Its stack stays out, so the process leaves again at the next look."""
    log = Log(kernel)
    process, [thread] = sleepers(kernel, 40)
    seen = []

    def read() -> None:
        drain(kernel)
        seen.append(process.memory.read(CODE, 3))

    kernel.scheduler.start(Other(kernel, 21, read))
    run(kernel)
    assert seen == [bytes.fromhex(SYSTEM_CALL_THEN_END)]
    assert [way for _, _, way in log.processes] == ["out", "in", "out", "in"]
    assert [(time, way) for time, _, way in log.stacks] == [(16, "out"), (40, "in")]
    assert thread.exit_status == MARK


def test_can_it_be_ended_while_it_is_out(kernel: Kernel) -> None:
    process, [thread] = sleepers(kernel, 40)

    def end() -> None:
        drain(kernel)
        kernel.ps.exit_process(process, 5)

    kernel.scheduler.start(Other(kernel, 20, end))
    run(kernel)
    assert process.exit_status == 5
    assert thread.state is ThreadState.TERMINATED
    assert thread.kernel_stack is None
    kernel.ps.delete_process(process)


def test_does_a_suspended_thread_come_back_when_it_is_resumed(kernel: Kernel) -> None:
    log = Log(kernel)
    _, [thread] = sleepers(kernel, 30)

    def suspend() -> None:
        kernel.scheduler.suspend(thread)

    def resume() -> None:
        kernel.scheduler.resume(thread)

    kernel.scheduler.call_at(20 * SECOND, suspend)
    kernel.scheduler.start(Other(kernel, 50, resume))
    run(kernel)
    assert [(time, way) for time, _, way in log.stacks] == [(16, "out"), (50, "in")]
    assert thread.exit_status == MARK


def test_is_a_process_that_is_out_deleted_when_the_run_stops(kernel: Kernel) -> None:
    process, _ = sleepers(kernel, 40)
    kernel.scheduler.start(Other(kernel, 20, lambda: drain(kernel)))
    kernel.scheduler.run(lambda: kernel.clock.uptime_100ns() > 25 * SECOND)
    assert process.space.is_swapped_out
    kernel.ps.kill(process)
    kernel.ps.delete_process(process)
    assert audit(kernel.mm) == []


def test_is_a_spoilt_signature_a_bugcheck(kernel: Kernel) -> None:
    _, [thread] = sleepers(kernel, 40)
    size = kernel.architecture.pointer_size

    def spoil() -> None:
        stack, page = thread.kernel_stack, kernel.architecture.page_size
        address = stack.pointer - size
        entry = kernel.mm.table_memory.entries[kernel.mm.system_ptes.word(address)]
        start = kernel.mm.table_memory.format.frame(entry) * page + address % page
        kernel.ram.bytes[start] ^= 0xFF

    kernel.scheduler.call_at(20 * SECOND, spoil)
    with pytest.raises(Bugcheck, match="0x00000077 KERNEL_STACK_INPAGE_ERROR") as caught:
        run(kernel)
    assert caught.value.parameters[:2] == (0, thread.id ^ 0xFF)


@pytest.mark.parametrize(("megabytes", "second"), [(8, 4), (12, 16)])
def test_how_long_is_idle(megabytes: int, second: int, tmp_path: Path) -> None:
    volume = Volume(tmp_path)
    kernel = Kernel(SystemProfile(architecture="x86", ram=megabytes << 20), volume)
    kernel.traps.exception = lambda thread, vector: kernel.ps.exit_thread(thread, 0)
    log = Log(kernel)
    sleepers(kernel, 20)
    run(kernel)
    assert log.stacks[0][0] == second
    kernel.close()
    volume.close()


@pytest.mark.parametrize("reads", range(1, 9))
def test_is_a_process_that_is_half_back_deleted_cleanly(
    kernel: Kernel, reads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run stops while the swapper waits for the disk."""
    process, _ = sleepers(kernel, 40)
    kernel.scheduler.start(Other(kernel, 20, lambda: drain(kernel)))
    kernel.scheduler.run(lambda: kernel.clock.uptime_100ns() > 25 * SECOND)
    before = kernel.mm.in_page.reads
    monkeypatch.setattr(kernel.scheduler, "try_pass_time", lambda due: kernel.scheduler.current is None)
    kernel.scheduler.run(lambda: kernel.mm.in_page.reads >= before + reads)
    assert audit(kernel.mm) == []
    kernel.ps.kill(process)
    kernel.ps.delete_process(process)
    assert audit(kernel.mm) == []
