"""Timers on the virtual clock, in order of due time, then of creation (KTIMER and the system's timer queue)."""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Final

from ntmm.kernel.ke.clock import Clock

_CANCELLED_KEPT: Final = 64
"""Cancelled timers that may lie in the heap before it is cleared of them; more when most timers are alive."""


class Timer:
    """A callback that is due once at an absolute uptime."""

    __slots__ = ("_callback", "_queue", "due_100ns")

    def __init__(self, queue: "TimerQueue", due_100ns: int, callback: Callable[[], None]) -> None:
        self.due_100ns = due_100ns
        self._queue = queue
        self._callback: Callable[[], None] | None = callback

    @property
    def pending(self) -> bool:
        """False once it has run or was cancelled."""
        return self._callback is not None

    def cancel(self) -> None:
        """Its callback will not run (KeCancelTimer); nothing happens if it has run already."""
        if self._callback is not None:
            self._callback = None
            self._queue.note_cancelled()

    def expire(self) -> None:
        """Runs the callback; called by the queue."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class TimerQueue:
    """All pending timers; keeps the clock's alarm at the earliest due time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[int, int, Timer]] = []
        self._numbers = count()
        self._cancelled = 0

    def add(self, due_100ns: int, callback: Callable[[], None]) -> Timer:
        """A timer due at an absolute uptime in 100 ns units; one in the past is due at once."""
        timer = Timer(self, due_100ns, callback)
        heapq.heappush(self._heap, (due_100ns, next(self._numbers), timer))
        if self._heap[0][2] is timer:
            self._clock.set_alarm(due_100ns)
        return timer

    def expire(self) -> None:
        """Runs the callbacks of all timers that are due, those included that a callback adds; before them the tick."""
        self._clock.tick()
        while (due := self.next_due()) is not None and due <= self._clock.uptime_100ns():
            heapq.heappop(self._heap)[2].expire()
        self._clock.set_alarm(due)

    def next_due(self) -> int | None:
        """Uptime in 100 ns units at which the next timer is due; None without timers."""
        while self._heap and not self._heap[0][2].pending:
            heapq.heappop(self._heap)
            self._cancelled -= 1
        return self._heap[0][0] if self._heap else None

    def note_cancelled(self) -> None:
        """A timer in the heap was cancelled: it is dropped when it comes to the top, or when there are too many."""
        self._cancelled += 1
        if self._cancelled > max(_CANCELLED_KEPT, len(self._heap) // 2):
            self._heap = [entry for entry in self._heap if entry[2].pending]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def clear(self) -> None:
        """Forgets every timer; the machine is being closed."""
        self._heap.clear()
        self._cancelled = 0
        self._clock.set_alarm(None)
