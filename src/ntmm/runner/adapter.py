"""What the machine may not have yet: statistics of its memory, and timers. Goes when both are there.

`mm.statistics()` and `scheduler.call_at(due, callback)` are then called directly.
"""

from collections.abc import Callable
from typing import Any

from ntmm.runner.errors import UserError


def statistics_of(mm: Any) -> Any:
    """`mm.statistics()`, or None where the memory manager keeps none."""
    ask = getattr(mm, "statistics", None)
    return None if ask is None else ask()


def call_at(scheduler: Any, due_100ns: int, callback: Callable[[], None]) -> None:
    """`scheduler.call_at`; raises UserError where the scheduler has no timers."""
    timers = getattr(scheduler, "call_at", None)
    if timers is None:
        raise UserError("this machine cannot record a time line: its scheduler has no timers")
    timers(due_100ns, callback)
