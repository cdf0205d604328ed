"""Which waits end for a user APC or an alert, and which do not?"""

import pytest

from ntmm.kernel.ke.apc import UserApc
from ntmm.kernel.ke.scheduler import MOST_USER_APCS
from ntmm.kernel.ob import Event
from ntmm.nt.status import Status
from tests.kernel.ke.kernel_threads import MS, Bench, CodeThread

APC = UserApc(0x1000, 1, 2, 3)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def wait(bench: Bench, thread: CodeThread, alertable: bool = True, timeout: int | None = 50 * MS) -> None:
    status = bench.scheduler.wait(thread, (), timeout_100ns=timeout, alertable=alertable)
    bench.log.append((status, len(thread.user_apcs), thread.user_apc_pending))


def test_does_an_apc_end_an_alertable_wait_at_once(bench: Bench) -> None:
    target = bench.thread(1, lambda thread: wait(bench, thread, timeout=None))
    bench.thread(2, lambda thread: bench.log.append(bench.scheduler.queue_user_apc(target, APC)))
    bench.scheduler.run(lambda: False)
    assert bench.log == [True, (Status.USER_APC, 1, True)]


def test_does_a_wait_that_is_not_alertable_go_on(bench: Bench) -> None:
    target = bench.thread(1, lambda thread: wait(bench, thread, alertable=False))
    bench.thread(2, lambda thread: bench.log.append(bench.scheduler.queue_user_apc(target, APC)))
    bench.scheduler.run(lambda: False)
    assert bench.log == [True, (Status.TIMEOUT, 1, False)]


def test_is_a_signal_taken_before_an_apc(bench: Bench) -> None:
    event = Event(bench.scheduler, manual_reset=False, signalled=True)

    def code(thread: CodeThread) -> None:
        bench.scheduler.queue_user_apc(thread, APC)
        for _ in range(2):
            bench.log.append(bench.scheduler.wait(thread, (event,), timeout_100ns=0, alertable=True))

    bench.thread(1, code)
    bench.scheduler.run(lambda: False)
    assert bench.log == [Status.SUCCESS, Status.USER_APC]


def test_does_an_alert_end_one_wait_and_come_before_apcs(bench: Bench) -> None:
    def code(thread: CodeThread) -> None:
        bench.scheduler.queue_user_apc(thread, APC)
        bench.scheduler.alert(thread)
        for _ in range(2):
            wait(bench, thread)

    bench.thread(1, code)
    bench.scheduler.run(lambda: False)
    assert bench.log == [(Status.ALERTED, 1, False), (Status.USER_APC, 1, True)]


def test_does_an_ended_thread_take_none_and_a_living_one_no_end_of_them(bench: Bench) -> None:
    ended = bench.thread(1, lambda thread: None)
    living = bench.thread(2, lambda thread: wait(bench, thread, alertable=False))

    def code(thread: CodeThread) -> None:
        bench.log.append(bench.scheduler.queue_user_apc(ended, APC))
        taken = 0
        while bench.scheduler.queue_user_apc(living, APC):
            taken += 1
        bench.log.append(taken)

    bench.thread(3, code)
    bench.scheduler.run(lambda: False)
    assert bench.log == [False, MOST_USER_APCS, (Status.TIMEOUT, MOST_USER_APCS, False)]
