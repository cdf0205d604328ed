"""Events, semaphores and mutants."""

import pytest

from ntmm.kernel.ob import Event, Mutant, Semaphore
from ntmm.nt.status import Status
from tests.kernel.ke.kernel_threads import Bench, CodeThread


@pytest.mark.parametrize(("manual_reset", "woken"), [(True, 3), (False, 1)])
def test_how_many_waiters_does_an_event_wake(bench: Bench, manual_reset: bool, woken: int) -> None:
    event = Event(bench.scheduler, manual_reset, signalled=False)
    for number in (1, 2, 3):
        bench.waiter(number, event, timeout=1000)
    bench.thread(4, lambda _: bench.log.append(event.set()))
    bench.run()
    assert [row for row in bench.log if isinstance(row, tuple) and row[1] == 0] == [
        (number, 0, 0) for number in range(1, woken + 1)
    ]
    assert event.signal_state is manual_reset
    assert (event.set(), event.set(), event.reset(), event.reset()) == (manual_reset, True, True, False)


def test_how_many_waits_does_a_semaphore_let_through(bench: Bench) -> None:
    semaphore = Semaphore(bench.scheduler, 1, 3)
    for number in (1, 2, 3, 4):
        bench.waiter(number, semaphore, timeout=1000)
    bench.thread(5, lambda _: bench.log.append(semaphore.release(2)))
    bench.run()
    assert bench.log == [(1, 0, 0), 0, (2, 0, 0), (3, 0, 0), (4, Status.TIMEOUT, 1000)]
    assert semaphore.count == 0


def test_is_a_semaphore_kept_within_its_maximum(bench: Bench) -> None:
    semaphore = Semaphore(bench.scheduler, 1, 3)
    assert [semaphore.release(amount) for amount in (3, 0, -1, 2, 1)] == [None, None, None, 1, None]
    assert semaphore.count == 3


def test_may_the_owner_of_a_mutant_take_it_again(bench: Bench) -> None:
    mutant = Mutant(bench.scheduler, None)

    def owner(thread: CodeThread) -> None:
        taken = [bench.scheduler.wait(thread, [mutant]) for _ in range(2)]
        bench.log.append((taken, mutant.recursion))
        bench.scheduler.yield_now()
        bench.log.append(mutant.release(thread))
        bench.scheduler.yield_now()
        bench.log.append(mutant.release(thread))
        bench.log.append((mutant.release(thread), mutant.owner is bench.threads[2], mutant.recursion))

    bench.thread(1, owner)
    bench.waiter(2, mutant)
    bench.run()
    assert bench.log == [([0, 0], 2), True, True, (False, True, 1), (2, 0, 0)]


def test_is_the_next_owner_told_that_a_mutant_was_abandoned(bench: Bench) -> None:
    mutant = Mutant(bench.scheduler, None)
    event = Event(bench.scheduler, manual_reset=True, signalled=False)

    def owner(thread: CodeThread) -> None:
        bench.scheduler.wait(thread, [mutant])
        bench.scheduler.yield_now()
        mutant.abandon(thread)

    bench.thread(1, owner)
    bench.waiter(2, event, mutant)
    bench.waiter(3, mutant, timeout=1000)
    bench.run()
    assert bench.log == [(2, Status.ABANDONED_WAIT_0 + 1, 0), (3, Status.TIMEOUT, 1000)]
    assert (mutant.owner, mutant.recursion, mutant.abandoned) == (bench.threads[2], 1, False)


def test_is_a_wait_for_all_told_of_an_abandoned_mutant(bench: Bench) -> None:
    owner = bench.thread(1, lambda _: None)
    mutant = Mutant(bench.scheduler, owner)
    mutant.abandon(bench.thread(3, lambda _: None))
    assert mutant.owner is owner
    mutant.abandon(owner)
    bench.waiter(2, Event(bench.scheduler, False, True), mutant, wait_all=True)
    bench.run()
    assert bench.log == [(2, Status.ABANDONED_WAIT_0, 0)]
