"""The dispatcher: whose turn it is, what waits answer, how time passes while all wait."""

import pytest

from ntmm.kernel.ke.scheduler import MAXIMUM_WAIT_OBJECTS, Deadlock
from ntmm.kernel.ke.thread import ThreadExit, ThreadState
from ntmm.kernel.ob import Event
from ntmm.nt.status import Status
from tests.kernel.ke.kernel_threads import MS, Bench, CodeThread


def test_who_runs_first(bench: Bench) -> None:
    for number, priority in ((1, 8), (2, 15), (3, 8), (4, 1), (5, 15)):
        bench.thread(number, lambda thread: bench.log.append(thread.id), priority)
    bench.run()
    assert bench.log == [2, 5, 1, 3, 4]
    assert {thread.state for thread in bench.threads.values()} == {ThreadState.TERMINATED}


def test_do_threads_that_yield_take_turns(bench: Bench) -> None:
    def code(thread: CodeThread) -> None:
        for step in range(3):
            bench.log.append((thread.id, step, bench.scheduler.yield_now()))

    for number, priority in ((1, 8), (2, 8), (3, 7)):
        bench.thread(number, code, priority)
    bench.run()
    # a yield answers when its thread has the processor again; nobody gives way to a lower priority
    assert bench.log == [
        (1, 0, True), (2, 0, True), (1, 1, True), (2, 1, True), (1, 2, True),
        (2, 2, True), (3, 0, False), (3, 1, False), (3, 2, False),
    ]  # fmt: skip


def test_when_does_a_run_stop(bench: Bench) -> None:
    for number in (1, 2, 3):
        bench.thread(number, lambda thread: bench.log.append(thread.id))
    bench.scheduler.run(lambda: len(bench.log) == 2)
    assert bench.log == [1, 2]
    bench.run()
    assert bench.log == [1, 2, 3]
    bench.run()


def test_does_an_error_of_kernel_code_end_the_run(bench: Bench) -> None:
    def code(thread: CodeThread) -> None:
        raise LookupError("a bug")

    bench.thread(1, code)
    with pytest.raises(LookupError, match="a bug"):
        bench.run()
    assert bench.threads[1].state is ThreadState.TERMINATED


@pytest.mark.parametrize("index", [0, 2])
def test_which_object_ended_a_wait_for_any(bench: Bench, index: int) -> None:
    events = [Event(bench.scheduler, manual_reset=False, signalled=False) for _ in range(3)]
    bench.waiter(1, *events)
    bench.thread(2, lambda thread: bench.log.append(events[index].set()))
    bench.run()
    assert bench.log == [False, (1, index, 0)]
    assert [event.signal_state for event in events] == [False] * 3
    assert not any(event.waiters for event in events)


def test_which_of_two_signalled_objects_is_taken(bench: Bench) -> None:
    events = [Event(bench.scheduler, manual_reset=False, signalled=signalled) for signalled in (False, True, True)]
    bench.waiter(1, *events)
    bench.run()
    assert bench.log == [(1, 1, 0)]
    assert [event.signal_state for event in events] == [False, False, True]


def test_does_a_wait_for_all_take_nothing_before_all_are_there(bench: Bench) -> None:
    events = [Event(bench.scheduler, manual_reset=False, signalled=False) for _ in range(2)]
    bench.waiter(1, *events, wait_all=True)

    def code(thread: CodeThread) -> None:
        events[1].set()
        bench.scheduler.yield_now()
        bench.log.append([event.signal_state for event in events])
        events[0].set()
        bench.log.append([event.signal_state for event in events])

    bench.thread(2, code)
    bench.run()
    assert bench.log == [[False, True], [False, False], (1, Status.SUCCESS, 0)]


def test_in_which_order_are_waiters_woken(bench: Bench) -> None:
    event = Event(bench.scheduler, manual_reset=False, signalled=False)
    for number in (1, 2, 3):
        bench.waiter(number, event)

    def code(thread: CodeThread) -> None:
        for _ in range(3):
            event.set()
            assert not event.signal_state

    bench.thread(4, code)
    bench.run()
    assert bench.log == [(1, 0, 0), (2, 0, 0), (3, 0, 0)]


def test_does_time_jump_to_the_next_timeout(bench: Bench) -> None:
    never = Event(bench.scheduler, manual_reset=False, signalled=False)
    bench.waiter(1, never, timeout=30 * MS)
    bench.waiter(2, timeout=10 * MS)
    bench.waiter(3, never, timeout=20 * MS)
    bench.run()
    timed_out = Status.TIMEOUT
    assert bench.log == [(2, timed_out, 10 * MS), (3, timed_out, 20 * MS), (1, timed_out, 30 * MS)]
    assert never.waiters == []


def test_does_a_timeout_of_zero_only_look(bench: Bench) -> None:
    event = Event(bench.scheduler, manual_reset=False, signalled=True)
    bench.waiter(1, event, timeout=0)
    bench.waiter(2, event, timeout=0)
    bench.waiter(3, timeout=0)
    bench.run()
    assert bench.log == [(1, 0, 0), (2, Status.TIMEOUT, 0), (3, Status.TIMEOUT, 0)]


def test_does_a_thread_that_never_waits_let_timeouts_pass_unseen(bench: Bench) -> None:
    bench.waiter(1, timeout=5 * MS)

    def code(thread: CodeThread) -> None:
        bench.clock.advance(7 * MS)
        bench.scheduler.yield_now()
        bench.log.append("worker goes on")

    bench.thread(2, code)
    bench.run()
    assert bench.log == [(1, Status.TIMEOUT, 7 * MS), "worker goes on"]


def test_is_a_deadlock_told_in_a_sentence(bench: Bench) -> None:
    event = Event(bench.scheduler, manual_reset=False, signalled=False)
    bench.waiter(1, event)
    bench.waiter(2, event)
    with pytest.raises(Deadlock, match=r"every thread of the program waits for another .* deadlocked$"):
        bench.run()


def test_how_many_objects_may_be_waited_for(bench: Bench) -> None:
    events = [Event(bench.scheduler, False, False) for _ in range(MAXIMUM_WAIT_OBJECTS)]
    events[-1].set()
    bench.waiter(1, *events)
    bench.run()
    assert bench.log == [(1, 63, 0)]


def test_does_a_suspended_thread_start_only_when_resumed_as_often(bench: Bench) -> None:
    thread = bench.thread(1, lambda thread: bench.log.append("ran"), suspended=1)
    assert thread.state is ThreadState.SUSPENDED

    def code(_: CodeThread) -> None:
        counts = [bench.scheduler.suspend(thread), bench.scheduler.resume(thread), bench.scheduler.resume(thread)]
        bench.log.append((counts, bench.scheduler.resume(thread)))

    bench.thread(2, code)
    bench.run()
    assert bench.log == [([1, 2, 1], 0), "ran"]


def test_can_a_thread_suspend_itself(bench: Bench) -> None:
    def code(thread: CodeThread) -> None:
        bench.log.append("before")
        bench.scheduler.suspend(thread)
        bench.log.append("after")

    thread = bench.thread(1, code)
    bench.thread(2, lambda _: bench.log.append(bench.scheduler.resume(thread)))
    bench.run()
    assert bench.log == ["before", 1, "after"]


def test_does_a_ready_thread_lose_its_turn_when_suspended(bench: Bench) -> None:
    bench.thread(1, lambda _: bench.log.append(bench.scheduler.suspend(bench.threads[2])))
    bench.thread(2, lambda _: bench.log.append("second"))
    bench.thread(3, lambda _: bench.log.append(bench.scheduler.resume(bench.threads[2])))
    bench.run()
    assert bench.log == [0, 1, "second"]
    assert bench.scheduler.ready_count == 0


def test_does_a_wait_end_while_its_thread_is_suspended(bench: Bench) -> None:
    """The wait is satisfied, the thread goes on only when it is resumed."""
    event = Event(bench.scheduler, manual_reset=False, signalled=False)
    waiter = bench.waiter(1, event)

    def code(_: CodeThread) -> None:
        bench.scheduler.suspend(waiter)
        event.set()
        bench.log.append((waiter.state, event.signal_state))
        bench.scheduler.resume(waiter)

    bench.thread(2, code)
    bench.run()
    assert bench.log == [(ThreadState.SUSPENDED, False), (1, 0, 0)]


@pytest.mark.parametrize("suspended", [0, 2])
def test_is_a_thread_ended_wherever_it_is(bench: Bench, suspended: int) -> None:
    event = Event(bench.scheduler, manual_reset=False, signalled=False)

    def code(thread: CodeThread) -> None:
        try:
            bench.scheduler.wait(thread, [event])
        except ThreadExit:
            bench.log.append("unwound")
            raise

    victim = bench.thread(1, code)
    new = bench.thread(3, lambda _: bench.log.append("never"), priority=1, suspended=suspended)

    def killer(_: CodeThread) -> None:
        for _count in range(suspended):
            bench.scheduler.suspend(victim)
        bench.scheduler.terminate(victim)
        bench.scheduler.terminate(new)

    bench.thread(2, killer)
    bench.run()
    assert bench.log == ["unwound"]
    assert (victim.state, new.state) == (ThreadState.TERMINATED, ThreadState.TERMINATED)
    assert event.waiters == []
    bench.scheduler.terminate(victim)


def test_does_a_thread_that_ends_itself_never_come_back(bench: Bench) -> None:
    def code(thread: CodeThread) -> None:
        bench.scheduler.terminate(thread)
        bench.log.append("never")

    bench.thread(1, code)
    bench.run()
    assert bench.log == []


def test_are_all_threads_unwound_when_the_machine_is_closed(bench: Bench) -> None:
    event = Event(bench.scheduler, manual_reset=False, signalled=False)

    def code(thread: CodeThread) -> None:
        try:
            bench.scheduler.wait(thread, [event])
        finally:
            bench.log.append("unwound")

    bench.thread(1, code)
    bench.thread(2, lambda _: bench.log.append("stop"), priority=1)
    bench.thread(3, lambda _: bench.log.append("never"), priority=0)
    bench.scheduler.run(lambda: "stop" in bench.log)
    bench.scheduler.drop_all()
    assert bench.log == ["stop", "unwound"]
    assert {thread.state for thread in bench.threads.values()} <= {ThreadState.TERMINATED, ThreadState.READY}
