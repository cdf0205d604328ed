"""The dispatcher: waits and timeouts, suspending and ending threads, over `switching` (KeWaitForMultipleObjects).

When all threads wait, time jumps to the next timer. When no thread of a program could ever go on, the program is
deadlocked, which is reported and never hangs, whatever timers the system's own threads have.
"""

from collections.abc import Sequence
from typing import Final

from greenlet import getcurrent

from ntmm.kernel.ke.apc import UserApc
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.switching import Deadlock, Switching
from ntmm.kernel.ke.thread import KernelThread, ThreadExit, ThreadState
from ntmm.nt.status import Status

__all__ = ["MAXIMUM_WAIT_OBJECTS", "Deadlock", "Scheduler"]

MAXIMUM_WAIT_OBJECTS: Final = 64
MOST_USER_APCS: Final = 1 << 16
"""User APCs that may wait for one thread: 3 MB of nonpaged pool, where Windows would run out of it."""


class Scheduler(Switching):
    """One processor's ready queues and wait lists."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._waiting: dict[KernelThread, None] = {}

    @property
    def waiting_threads(self) -> tuple[KernelThread, ...]:
        """The threads that wait, in order of the beginning of their waits."""
        return tuple(self._waiting)

    def wait(
        self,
        thread: KernelThread,
        objects: Sequence[DispatcherObject],
        wait_all: bool = False,
        timeout_100ns: int | None = None,
        user_mode: bool = False,
        for_system: bool = False,
        alertable: bool = False,
    ) -> int:
        """Waits for one or all of `objects`; answers WAIT_0 + index, ABANDONED_WAIT_0 + index or TIMEOUT.

        `alertable`: a user APC or an alert ends it, with USER_APC or ALERTED.

        `timeout_100ns` is relative; None waits without end and 0 only looks. With no objects it is a delay.
        `user_mode`: the program asked for the wait, so its kernel stack may be taken meanwhile.
        `for_system`: the system itself ends it (paging I/O, free pages, a lock). Neither ending nor suspending the
        thread cuts such a wait short: that comes when the thread is about to leave the kernel.
        """
        assert len(objects) <= MAXIMUM_WAIT_OBJECTS
        assert thread is self.current, "a wait outside its thread"
        thread.waits_for, thread.wait_all = tuple(objects), wait_all
        status = self._try_satisfy(thread)
        if status is not None:
            return status
        if alertable and (status := self.test_alert(thread)):
            return status
        if timeout_100ns == 0:
            return Status.TIMEOUT
        thread.wait_user_mode, thread.waits_for_system, thread.alertable = user_mode, for_system, alertable
        self._begin_wait(thread, timeout_100ns)
        self._switch_away()
        if thread.must_exit and not for_system:
            raise ThreadExit
        return thread.wait_status

    def _begin_wait(self, thread: KernelThread, timeout_100ns: int | None) -> None:
        thread.wait_start_100ns = self._clock.uptime_100ns()
        if timeout_100ns is not None:
            due = thread.wait_start_100ns + timeout_100ns
            thread.wait_timer = self.call_at(due, lambda: self._wake(thread, Status.TIMEOUT))
        for target in thread.waits_for:
            target.waiters.append(thread)
        thread.state = ThreadState.WAITING
        self._waiting[thread] = None
        thread.wait_ends_by_itself = self._ends_by_itself(thread)
        self._compete(thread, thread.wait_ends_by_itself)

    @staticmethod
    def _ends_by_itself(thread: KernelThread) -> bool:
        if thread.wait_timer is not None or thread.waits_for_system:
            return True
        return any(target.signals_by_itself for target in thread.waits_for)

    def timing_changed(self, target: DispatcherObject) -> None:
        """Called when `signals_by_itself` of an object may have changed, and with it how its waiters' waits end."""
        for thread in target.waiters:
            ends = self._ends_by_itself(thread)
            self._compete(thread, ends - thread.wait_ends_by_itself)
            thread.wait_ends_by_itself = ends

    def _try_satisfy(self, thread: KernelThread) -> int | None:
        targets = thread.waits_for
        if thread.wait_all:
            if not targets or not all(target.is_signalled(thread) for target in targets):
                return None
            abandoned = [target.satisfy(thread) for target in targets]
            return Status.ABANDONED_WAIT_0 if any(abandoned) else Status.SUCCESS
        for index, target in enumerate(targets):
            if target.is_signalled(thread):
                return (Status.ABANDONED_WAIT_0 if target.satisfy(thread) else 0) + index
        return None

    def signalled(self, target: DispatcherObject) -> None:
        """Called when an object became signalled: satisfies waits in order of arrival (KiWaitTest)."""
        for thread in target.wake_order():
            status = self._try_satisfy(thread)
            if status is not None:
                self._wake(thread, status)

    def _wake(self, thread: KernelThread, status: int) -> None:
        self._end_wait(thread)
        thread.wait_status = status
        self._make_runnable(thread)

    def _end_wait(self, thread: KernelThread) -> None:
        """Takes a thread out of all lists of waiters."""
        del self._waiting[thread]
        self._compete(thread, -thread.wait_ends_by_itself)
        for target in thread.waits_for:
            if thread in target.waiters:
                target.waiters.remove(thread)
        if thread.wait_timer is not None:
            thread.wait_timer.cancel()
        thread.wait_timer, thread.waits_for, thread.wait_user_mode, thread.alertable = None, (), False, False

    # user APCs and alerts

    def test_alert(self, thread: KernelThread) -> Status:
        """What would end an alertable wait now: ALERTED, USER_APC, or SUCCESS for nothing (KeTestAlertThread)."""
        if thread.alerted:
            thread.alerted = False
            return Status.ALERTED
        if not thread.user_apcs:
            return Status.SUCCESS
        thread.user_apc_pending = thread.apc_pending = True
        return Status.USER_APC

    def queue_user_apc(self, thread: KernelThread, apc: UserApc) -> bool:
        """Has a thread call a routine at its next alertable wait, or now if it is in one (KeInsertQueueApc).

        False if the thread is about to end, or has too many to call already.
        """
        if thread.must_exit or thread.state is ThreadState.TERMINATED or len(thread.user_apcs) >= MOST_USER_APCS:
            return False
        thread.user_apcs.append(apc)
        self._alert(thread)
        return True

    def alert(self, thread: KernelThread) -> None:
        """Ends a thread's alertable wait, or its next one (KeAlertThread)."""
        thread.alerted = True
        self._alert(thread)

    def _alert(self, thread: KernelThread) -> None:
        if thread.state is ThreadState.WAITING and thread.alertable:
            self._wake(thread, self.test_alert(thread))

    def suspend(self, thread: KernelThread) -> int:
        """Raises the suspend count and answers the old one; a running thread stops at once.

        A ready thread stops before it enters user mode again, one that waits when its wait is over.
        """
        old = thread.suspend_count
        thread.suspend_count += 1
        thread.apc_pending = True
        if thread is self.current:
            self.deliver(thread)
        return old

    def resume(self, thread: KernelThread) -> int:
        """Lowers the suspend count and answers the old one; at zero the thread is runnable again."""
        old = thread.suspend_count
        if old:
            thread.suspend_count -= 1
        if old == 1 and thread.state is ThreadState.SUSPENDED:
            self._make_runnable(thread)
        return old

    def terminate(self, thread: KernelThread) -> None:
        """Ends a thread: its kernel code is unwound by ThreadExit when it next runs.

        A wait for the system is not cut short. A thread whose kernel stack is out has it brought in first.
        """
        if thread.state is ThreadState.TERMINATED:
            return
        if thread is self.current:
            raise ThreadExit
        thread.must_exit = thread.apc_pending = True
        thread.suspend_count = 0
        if thread.state is ThreadState.WAITING and not thread.waits_for_system:
            self._wake(thread, Status.ALERTED)
        elif thread.state is ThreadState.SUSPENDED:
            self._make_runnable(thread)

    def drop_all(self) -> None:
        """Unwinds every thread that is still alive, wherever its stack is; the machine is being closed."""
        self._dropping = True
        for thread in self.waiting_threads:
            self._end_wait(thread)  # first, so that nothing is handed to a thread that will not take it
        for thread in self.threads:
            thread.must_exit = True
            if thread.greenlet is not None and not thread.greenlet.dead and thread.greenlet:
                self.current = thread
                thread.greenlet.parent = getcurrent()
                thread.greenlet.throw(ThreadExit)
        self._clear()

    def _clear(self) -> None:
        self.current = None
        self._alive.clear()
        self._ready.clear()
        self._timers.clear()
        self.ready_count = self.competitors = self.attention = self._programs_alive = 0
        self.turn_pending = self._dropping = False
