"""Timers: in which order, when, and in whose context their callbacks run."""

import pytest

from ntmm.kernel.ke.clock import NEVER, Clock
from ntmm.kernel.ke.thread import ThreadState
from ntmm.kernel.ke.timers import TimerQueue
from ntmm.kernel.ob import Event
from tests.kernel.ke.kernel_threads import MS, Bench, CodeThread


def test_in_which_order_do_timers_expire(bench: Bench) -> None:
    for name, due in (("c", 3), ("a", 1), ("b1", 2), ("b2", 2), ("past", -1)):
        bench.scheduler.call_at(due * MS, lambda name=name: bench.log.append((name, bench.clock.uptime_100ns() // MS)))  # type: ignore[misc]
    bench.waiter(1, timeout=4 * MS)
    bench.run()
    assert bench.log == [("past", 0), ("a", 1), ("b1", 2), ("b2", 2), ("c", 3), (1, 0x102, 4 * MS)]
    assert bench.clock.alarm_entries == NEVER


def test_is_a_cancelled_timer_silent(bench: Bench) -> None:
    timer = bench.scheduler.call_at(MS, lambda: bench.log.append("never"))
    kept = bench.scheduler.call_at(MS, lambda: bench.log.append("kept"))
    timer.cancel()
    timer.cancel()
    bench.waiter(1, timeout=2 * MS)
    bench.run()
    assert bench.log[0] == "kept"
    assert (timer.pending, kept.pending) == (False, False)
    kept.cancel()


def test_do_cancelled_timers_pile_up() -> None:
    queue = TimerQueue(Clock())
    for _ in range(10_000):
        queue.add(NEVER // 2, lambda: None).cancel()
    assert len(queue._heap) < 200
    assert queue.next_due() is None


def test_may_a_timer_start_the_next(bench: Bench) -> None:
    def tick() -> None:
        bench.log.append(bench.clock.uptime_100ns() // MS)
        bench.scheduler.call_at(bench.clock.uptime_100ns() + 10 * MS, tick)

    bench.scheduler.call_at(10 * MS, tick)
    bench.waiter(1, timeout=35 * MS)
    bench.run()
    assert bench.log == [10, 20, 30, (1, 0x102, 35 * MS)]


def test_in_whose_context_does_a_timer_run(bench: Bench) -> None:
    event = Event(bench.scheduler, manual_reset=False, signalled=False)

    def callback() -> None:
        bench.log.append(bench.scheduler.current)
        event.set()

    bench.scheduler.call_at(MS, callback)

    def worker(thread: CodeThread) -> None:
        bench.clock.advance(MS)
        bench.scheduler.expire_timers()
        bench.log.append((thread is bench.scheduler.current, bench.threads[1].state))

    bench.waiter(1, event)
    bench.thread(2, worker)
    bench.run()
    assert bench.log == [None, (True, ThreadState.READY), (1, 0, MS)]


def test_is_a_timeout_gone_when_its_wait_is_satisfied(bench: Bench) -> None:
    event = Event(bench.scheduler, manual_reset=False, signalled=False)
    bench.waiter(1, event, timeout=10 * MS)
    bench.thread(2, lambda thread: bench.log.append(event.set()))
    bench.run()
    assert bench.log == [False, (1, 0, 0)]
    assert bench.scheduler._timers.next_due() is None


@pytest.mark.parametrize(("due", "entries"), [(0, 0), (1, 1), (10, 1), (11, 2), (1000, 100)])
def test_after_how_many_kernel_entries_is_an_alarm_due(due: int, entries: int) -> None:
    clock = Clock()
    clock.entries = 7
    clock.set_alarm(70 + due)
    assert clock.alarm_entries == 7 + entries


def test_does_passing_time_bring_the_alarm_nearer() -> None:
    clock = Clock()
    clock.set_alarm(1000)
    clock.advance(600)
    assert clock.alarm_entries == 40
    clock.code_bytes = [400 * 300]
    clock.advance(100)
    assert (clock.alarm_entries, clock.uptime_100ns()) == (0, 1000)
    clock.set_alarm(None)
    assert clock.alarm_entries == NEVER
