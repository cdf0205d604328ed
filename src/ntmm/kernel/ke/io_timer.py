"""The end of a modelled I/O: a timer while other threads can use the time, time that simply passes where none can."""

from collections.abc import Callable

from ntmm.kernel.ke.scheduler import Scheduler


def when_done(scheduler: Scheduler, due_100ns: int, callback: Callable[[], None]) -> None:
    """Calls `callback` when virtual uptime has reached `due_100ns`, at once where nothing else could run before."""
    if scheduler.try_pass_time(due_100ns):
        callback()
    else:
        scheduler.call_at(due_100ns, callback)
