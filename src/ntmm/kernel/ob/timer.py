"""Timers that threads can wait for (KTIMER behind ExTimerObjectType): once or with a period."""

from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.ke.timers import Timer
from ntmm.kernel.ob.objects import KernelObject
from ntmm.kernel.se.access import EVENT_MAPPING


class WaitableTimer(KernelObject, DispatcherObject):
    """Signalled when its time has come: until it is set again (`manual_reset`), or for one waiter."""

    type_name = "Timer"
    mapping = EVENT_MAPPING

    def __init__(self, scheduler: Scheduler, manual_reset: bool) -> None:
        super().__init__()
        self._scheduler = scheduler
        self.manual_reset = manual_reset
        self.signal_state = False
        self._timer: Timer | None = None
        self._period_100ns = 0

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

    def set(self, due_100ns: int, period_100ns: int) -> bool:
        """Due at an uptime, then with a period unless that is 0; no longer signalled. Answers whether it was set."""
        was_set = self._stop()
        self.signal_state = False
        self._period_100ns = period_100ns
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
        timer, self._timer = self._timer, None
        if timer is None:
            return False
        timer.cancel()
        return True

    def _expire(self) -> None:
        assert self._timer is not None
        due = self._timer.due_100ns
        self._timer = self._scheduler.call_at(due + self._period_100ns, self._expire) if self._period_100ns else None
        self._scheduler.timing_changed(self)
        self.signal_state = True
        self._scheduler.signalled(self)
