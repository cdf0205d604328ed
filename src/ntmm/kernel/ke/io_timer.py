"""The end of a modelled I/O: a timer while threads run, time that simply passes outside any thread."""

from collections.abc import Callable

from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler


def when_done(scheduler: Scheduler, clock: Clock, due_100ns: int, callback: Callable[[], None]) -> None:
    """Calls `callback` when virtual uptime has reached `due_100ns`; at once, with the clock put forward, if no thread
    runs that could do something else meanwhile (boot, the loader's first steps, tools).
    """
    if scheduler.current is None:
        clock.advance(max(0, due_100ns - clock.uptime_100ns()))
        callback()
    else:
        scheduler.call_at(due_100ns, callback)
