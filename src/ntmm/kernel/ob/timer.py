"""Timers that threads can wait for (KTIMER behind ExTimerObjectType): once or with a period."""

from typing import NamedTuple

from ntmm.kernel.ke.apc import UserApc
from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.ke.timers import Timer
from ntmm.kernel.ob.objects import KernelObject
from ntmm.kernel.se.access import EVENT_MAPPING


class TimerRoutine(NamedTuple):
    """What a thread is to call when a timer becomes due: routine(context, low and high half of the time)."""

    thread: KernelThread
    address: int
    context: int


class WaitableTimer(KernelObject, DispatcherObject):
    """Signalled when its time has come: until it is set again (`manual_reset`), or for one waiter.

    A routine is called by a user APC of the thread that has set the timer, one at a time; it stops with that thread.
    """

    type_name = "Timer"
    mapping = EVENT_MAPPING

    def __init__(self, scheduler: Scheduler, manual_reset: bool) -> None:
        super().__init__()
        self._scheduler = scheduler
        self.manual_reset = manual_reset
        self.signal_state = False
        self._timer: Timer | None = None
        self._period_100ns = 0
        self._routine: TimerRoutine | None = None
        self._queued: UserApc | None = None

    @property
    def signals_by_itself(self) -> bool:
        return self._timer is not None

    @property
    def due_100ns(self) -> int | None:
        """Uptime at which it is due next; None if it is not set."""
        return self._timer.due_100ns if self._timer else None

    def is_signalled(self, thread: KernelThread) -> bool:
        return self.signal_state

    def satisfy(self, thread: KernelThread) -> bool:
        if not self.manual_reset:
            self.signal_state = False
        return False

    def set(self, due_100ns: int, period_100ns: int, routine: TimerRoutine | None = None) -> bool:
        """Due at an uptime, then with a period unless that is 0; no longer signalled. Answers whether it was set."""
        was_set = self._stop()
        self.signal_state = False
        self._period_100ns, self._routine = period_100ns, routine
        self._timer = self._scheduler.call_at(due_100ns, self._expire)
        self._scheduler.timing_changed(self)
        return was_set

    def cancel(self) -> bool:
        """It will not become due; its signal stays as it is. Answers whether it was set."""
        was_set = self._stop()
        self._scheduler.timing_changed(self)
        return was_set

    def close(self) -> None:
        self.cancel()

    def _stop(self) -> bool:
        self._take_call_back()
        self._routine = None
        timer, self._timer = self._timer, None
        if timer is None:
            return False
        timer.cancel()
        return True

    def _take_call_back(self) -> None:
        """A call that its thread has not made yet is not made any more."""
        if self._routine is not None and self._queued is not None:
            calls = self._routine.thread.user_apcs
            kept = [call for call in calls if call is not self._queued]
            calls.clear()
            calls.extend(kept)
        self._queued = None

    def _call_routine(self) -> None:
        """Queues the call, unless the last one still waits."""
        routine = self._routine
        if routine is None or any(call is self._queued for call in routine.thread.user_apcs):
            return
        now = self._scheduler.now_100ns()
        self._queued = UserApc(routine.address, routine.context, now & 0xFFFFFFFF, now >> 32)
        if not self._scheduler.queue_user_apc(routine.thread, self._queued):
            self.cancel()  # its thread is gone

    def _expire(self) -> None:
        assert self._timer is not None
        due = self._timer.due_100ns
        self._timer = self._scheduler.call_at(due + self._period_100ns, self._expire) if self._period_100ns else None
        self._scheduler.timing_changed(self)
        self.signal_state = True
        self._scheduler.signalled(self)
        self._call_routine()
