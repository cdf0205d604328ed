"""Priorities of threads: the base of their process's class and what each adds to it (PspComputeThreadPriority)."""

from typing import Final

from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import ThreadState
from ntmm.kernel.ps.process import Process
from ntmm.kernel.ps.thread import Thread

LOWEST_REAL_TIME: Final = 16
HIGHEST: Final = 31
SATURATED: Final = 15
"""As a relative priority (THREAD_PRIORITY_TIME_CRITICAL, and negative THREAD_PRIORITY_IDLE): an end of the range."""


def priority_of(base: int, relative: int) -> int:
    """The priority that a base (4 to 24) and a relative priority (-15 to 15) come to; it stays in the base's range."""
    low, high = (LOWEST_REAL_TIME, HIGHEST) if base >= LOWEST_REAL_TIME else (1, LOWEST_REAL_TIME - 1)
    if abs(relative) >= SATURATED:
        return high if relative > 0 else low
    return min(max(base + relative, low), high)


def set_relative_priority(scheduler: Scheduler, thread: Thread, relative: int) -> None:
    """Changes what a thread adds to its process's base."""
    thread.relative_priority = relative
    priority = priority_of(thread.process.base_priority, relative)
    if thread.state is ThreadState.INITIALIZED:
        thread.priority = priority
    else:
        scheduler.set_priority(thread, priority)


def set_base_priority(scheduler: Scheduler, process: Process, base: int) -> None:
    """Changes the base of a process, and with it the priority of all its threads."""
    process.base_priority = base
    for thread in process.threads:
        set_relative_priority(scheduler, thread, thread.relative_priority)
