"""The kernel's own lock: who gets it, and who may not."""

import pytest

from ntmm.kernel.ke.lock import KernelMutex
from ntmm.kernel.ke.thread import ThreadExit
from ntmm.kernel.ob import Event
from tests.kernel.ke.kernel_threads import MS, Bench, CodeThread


def test_is_a_lock_handed_on_in_order_of_arrival(bench: Bench) -> None:
    lock = KernelMutex(bench.scheduler)

    def code(thread: CodeThread) -> None:
        with lock:
            bench.log.append((thread.id, "in"))
            bench.scheduler.wait(thread, (), timeout_100ns=MS, for_system=True)
            bench.log.append((thread.id, "out"))

    for number, priority in ((1, 8), (2, 4), (3, 8)):
        bench.thread(number, code, priority)
    bench.run()
    assert bench.log == [(number, way) for number in (1, 3, 2) for way in ("in", "out")]
    assert lock.owner is None


def test_is_taking_it_twice_a_bug(bench: Bench) -> None:
    lock = KernelMutex(bench.scheduler)

    def code(_: CodeThread) -> None:
        with lock, pytest.raises(AssertionError, match="that it owns"):
            lock.acquire()
        with pytest.raises(AssertionError, match="does not own"):
            lock.release()
        bench.log.append("done")

    bench.thread(1, code)
    bench.run()
    assert bench.log == ["done"]


def test_what_does_it_mean_outside_any_thread(bench: Bench) -> None:
    lock = KernelMutex(bench.scheduler)
    with lock, lock:
        pass

    def code(thread: CodeThread) -> None:
        with lock:
            bench.log.append("held")
            bench.scheduler.wait(thread, (), timeout_100ns=MS, for_system=True)

    bench.thread(1, code)
    bench.scheduler.call_at(MS // 2, lock.acquire)
    with pytest.raises(AssertionError, match="held by a thread"):
        bench.run()


def test_does_a_thread_that_is_ended_first_leave_its_lock(bench: Bench) -> None:
    lock = KernelMutex(bench.scheduler)

    def holder(thread: CodeThread) -> None:
        with lock:
            bench.scheduler.wait(thread, (), timeout_100ns=MS, for_system=True)
            bench.log.append("holder")

    def waiter(thread: CodeThread) -> None:
        with lock:
            bench.log.append("waiter")
        bench.scheduler.deliver(thread)
        bench.log.append("never")

    victims = [bench.thread(1, holder), bench.thread(2, waiter)]

    def killer(_: CodeThread) -> None:
        for victim in victims:
            bench.scheduler.terminate(victim)

    bench.thread(3, killer)
    bench.run()
    assert bench.log == ["holder", "waiter"]
    assert lock.owner is None


def test_is_every_lock_free_when_the_machine_is_closed(bench: Bench) -> None:
    lock = KernelMutex(bench.scheduler)
    never = Event(bench.scheduler, manual_reset=False, signalled=False)

    def code(thread: CodeThread) -> None:
        try:
            with lock:
                bench.scheduler.wait(thread, [never], for_system=True)
        except ThreadExit:
            bench.log.append(thread.id)
            raise

    for number in (1, 2):
        bench.thread(number, code)
    bench.thread(3, lambda _: bench.log.append("stop"), priority=1)
    bench.scheduler.run(lambda: "stop" in bench.log)
    bench.scheduler.drop_all()
    assert bench.log == ["stop", 1, 2]
    with lock:
        pass
