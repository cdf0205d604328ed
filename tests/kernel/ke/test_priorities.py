"""Pre-emption, system threads, kernel stacks that are out, and what is suspended or ended in the kernel."""

from collections.abc import Callable

import pytest

from ntmm.kernel.ke.scheduler import Deadlock
from ntmm.kernel.ke.switching import QUANTUM_100NS
from ntmm.kernel.ke.thread import KernelThread, ThreadExit, ThreadState
from ntmm.kernel.ob import Event
from tests.kernel.ke.kernel_threads import MS, Bench, CodeThread


def leave_kernel(bench: Bench, thread: CodeThread) -> None:
    """What the trap loop does before it enters user mode."""
    bench.clock.entries += 1
    if bench.clock.entries >= bench.clock.alarm_entries:
        bench.scheduler.expire_timers()
    if bench.scheduler.attention:
        bench.scheduler.take_turns()
    if thread.apc_pending:
        bench.scheduler.deliver(thread)


def system_thread(bench: Bench, number: int, code: Callable[[CodeThread], None], priority: int) -> CodeThread:
    thread = bench.threads[number] = CodeThread(number, code, priority)
    thread.is_system = True
    bench.scheduler.start(thread)
    return thread


def worker(bench: Bench, steps: int) -> Callable[[CodeThread], None]:
    def code(thread: CodeThread) -> None:
        for step in range(steps):
            bench.log.append((thread.id, step))
            leave_kernel(bench, thread)

    return code


def test_does_a_woken_thread_of_higher_priority_pre_empt(bench: Bench) -> None:
    event = Event(bench.scheduler, manual_reset=False, signalled=False)

    def code(thread: CodeThread) -> None:
        event.set()
        bench.log.append("set")  # the switch comes when the kernel is left
        leave_kernel(bench, thread)
        bench.log.append("goes on")

    high = CodeThread(2, lambda thread: bench.log.append(("woken", bench.scheduler.wait(thread, [event]))), 16)
    bench.scheduler.start(high)
    bench.thread(1, code)
    bench.thread(3, worker(bench, 1))
    bench.run()
    assert bench.log == ["set", ("woken", 0), "goes on", (3, 0)]


def test_does_a_pre_empted_thread_keep_the_rest_of_its_quantum(bench: Bench) -> None:
    def sleeper(thread: CodeThread) -> None:
        bench.scheduler.wait(thread, (), timeout_100ns=MS)
        bench.log.append("high")

    bench.thread(1, sleeper, 20)
    steps = QUANTUM_100NS // 10
    for number in (2, 3):
        bench.thread(number, worker(bench, steps))
    bench.run()
    at = bench.log.index("high")
    assert bench.log[at - 1] == (2, at - 1)
    assert bench.log[at + 1] == (2, at)
    runs = [entry for entry in bench.log if isinstance(entry, tuple)]
    assert runs == [(number, step) for number in (2, 3) for step in range(steps)]


def test_do_threads_of_one_priority_share_by_quanta(bench: Bench) -> None:
    for number in (1, 2):
        bench.thread(number, worker(bench, QUANTUM_100NS // 10 + 5))
    bench.thread(3, worker(bench, 1), priority=0)
    bench.run()
    turns = [bench.log[0]]
    turns += [after for before, after in zip(bench.log, bench.log[1:], strict=False) if before[0] != after[0]]  # type: ignore[index]
    full = QUANTUM_100NS // 10
    assert turns == [(1, 0), (2, 0), (1, full), (2, full), (3, 0)]


def test_does_a_changed_priority_count_at_once(bench: Bench) -> None:
    def code(thread: CodeThread) -> None:
        bench.scheduler.set_priority(bench.threads[3], 9)
        leave_kernel(bench, thread)
        bench.log.append((thread.id, 0))

    bench.thread(1, code)
    bench.thread(2, worker(bench, 1))
    bench.thread(3, worker(bench, 1), priority=1)
    bench.run()
    assert bench.log == [(3, 0), (1, 0), (2, 0)]


def test_does_a_run_end_while_system_threads_live(bench: Bench) -> None:
    def balance(thread: CodeThread) -> None:
        while True:
            bench.scheduler.wait(thread, (), timeout_100ns=10 * MS)
            bench.log.append(bench.clock.uptime_100ns() // MS)

    thread = system_thread(bench, 1, balance, 16)
    bench.waiter(2, timeout=25 * MS)
    bench.run()
    assert bench.log == [10, 20, (2, 0x102, 25 * MS)]
    assert bench.scheduler.threads == bench.scheduler.waiting_threads == (thread,)
    bench.scheduler.drop_all()
    assert thread.state is ThreadState.TERMINATED


@pytest.mark.parametrize("for_system", [False, True])
def test_is_a_deadlock_seen_although_the_system_has_timers(bench: Bench, for_system: bool) -> None:
    event = Event(bench.scheduler, manual_reset=False, signalled=False)

    def writer(thread: CodeThread) -> None:
        for _ in range(3):
            bench.scheduler.wait(thread, (), timeout_100ns=MS)
        event.set()
        while True:
            bench.scheduler.wait(thread, (), timeout_100ns=MS)

    system_thread(bench, 1, writer, 17)
    bench.thread(2, lambda thread: bench.log.append(bench.scheduler.wait(thread, [event], for_system=for_system)))
    if for_system:
        bench.run()
        assert bench.log == [0]
    else:
        with pytest.raises(Deadlock):
            bench.run()


def test_what_is_known_of_a_wait(bench: Bench) -> None:
    bench.clock.advance(5 * MS)

    def code(thread: CodeThread) -> None:
        bench.scheduler.wait(thread, (), timeout_100ns=MS, user_mode=True)
        bench.scheduler.wait(thread, (), timeout_100ns=MS, for_system=True)

    thread = bench.thread(1, code)
    seen = []
    for at in (0, MS):
        due = 5 * MS + at + MS // 2
        bench.scheduler.call_at(
            due, lambda: seen.append((thread.wait_user_mode, thread.waits_for_system, thread.wait_start_100ns))
        )
    bench.run()
    assert seen == [(True, False, 5 * MS), (False, True, 6 * MS)]
    assert (thread.wait_user_mode, thread.waits_for_system) == (False, False)


class Swapper:
    """Brings stacks in when a timer says so, and notes for whom it was asked."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.asked: list[int] = []
        bench.scheduler.stack_needed = self.needed

    def needed(self, thread: KernelThread) -> None:
        self.asked.append(thread.id)
        due = self.bench.clock.uptime_100ns() + MS
        self.bench.scheduler.call_at(due, lambda: self.bench.scheduler.stack_returned(thread))

    def take(self, thread: KernelThread) -> None:
        assert thread.state is ThreadState.WAITING
        thread.stack_resident = False


def test_does_a_thread_whose_stack_is_out_run_only_when_it_is_back(bench: Bench) -> None:
    swapper = Swapper(bench)
    event = Event(bench.scheduler, manual_reset=False, signalled=False)
    thread = bench.waiter(1, event)

    def code(_: CodeThread) -> None:
        swapper.take(thread)
        event.set()
        bench.log.append(thread.state)

    bench.thread(2, code)
    bench.run()
    assert bench.log == [ThreadState.TRANSITION, (1, 0, MS)]
    assert (swapper.asked, thread.stack_resident) == ([1], True)


@pytest.mark.parametrize("suspended", [False, True])
def test_is_the_stack_brought_in_before_a_thread_unwinds(bench: Bench, suspended: bool) -> None:
    swapper = Swapper(bench)
    event = Event(bench.scheduler, manual_reset=False, signalled=False)

    def code(thread: CodeThread) -> None:
        try:
            bench.scheduler.wait(thread, [event], user_mode=True)
        except ThreadExit:
            bench.log.append(("unwound", thread.stack_resident, bench.clock.uptime_100ns()))
            raise

    victim = bench.thread(1, code)

    def killer(_: CodeThread) -> None:
        swapper.take(victim)
        if suspended:
            bench.scheduler.suspend(victim)
            event.set()
            assert victim.state is ThreadState.SUSPENDED
        bench.scheduler.terminate(victim)
        bench.log.append(victim.state)

    bench.thread(2, killer)
    bench.run()
    assert bench.log == [ThreadState.TRANSITION, ("unwound", True, MS)]
    assert swapper.asked == [1]


def test_is_a_thread_in_transition_unwound_when_the_machine_is_closed(bench: Bench) -> None:
    event = Event(bench.scheduler, manual_reset=False, signalled=False)
    bench.scheduler.stack_needed = lambda thread: None

    def code(thread: CodeThread) -> None:
        try:
            bench.scheduler.wait(thread, [event])
        finally:
            bench.log.append("unwound")

    victim = bench.thread(1, code)

    def closer(_: CodeThread) -> None:
        victim.stack_resident = False
        event.set()
        bench.log.append("stop")

    bench.thread(2, closer)
    bench.scheduler.run(lambda: "stop" in bench.log)
    assert victim.state is ThreadState.TRANSITION
    bench.scheduler.drop_all()
    assert bench.log == ["stop", "unwound"]


@pytest.mark.parametrize("how", ["suspend", "terminate"])
def test_is_a_wait_for_the_system_never_cut_short(bench: Bench, how: str) -> None:
    """Kernel code in the middle of an in-page completes it; the end or the suspension comes when the kernel is left."""
    page = Event(bench.scheduler, manual_reset=True, signalled=False)

    def faulting(thread: CodeThread) -> None:
        bench.log.append(("page", bench.scheduler.wait(thread, [page], for_system=True)))
        leave_kernel(bench, thread)
        bench.log.append("user mode")

    victim = bench.thread(1, faulting)

    def code(thread: CodeThread) -> None:
        (bench.scheduler.suspend if how == "suspend" else bench.scheduler.terminate)(victim)
        bench.log.append(victim.state)
        bench.scheduler.wait(thread, (), timeout_100ns=MS)
        page.set()
        bench.log.append(victim.state)
        bench.scheduler.yield_now()
        bench.log.append(victim.state)
        bench.scheduler.resume(victim)

    bench.thread(2, code)
    bench.run()
    last = [ThreadState.SUSPENDED, "user mode"] if how == "suspend" else [ThreadState.TERMINATED]
    assert bench.log == [ThreadState.WAITING, ThreadState.READY, ("page", 0), *last]
