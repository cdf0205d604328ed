"""Requests that go on after their call has returned, until they can be done (IRPs marked pending)."""

from collections import deque
from collections.abc import Callable
from typing import Final

from ntmm.nt.status import Status

MOST_PENDING: Final = 1024
"""Requests that may go on at once in one direction of a pipe; Windows has quotas of nonpaged pool."""


class Pending:
    """A request for `file`. `finish` is told once how it ended: status, what was read, and the count of bytes.

    It may block, so that whoever ends a request must have nothing half done then.
    """

    def __init__(
        self,
        file: object,
        finish: Callable[["Pending", Status, bytes, int], None],
        size: int = 0,
        by_message: bool = False,
    ) -> None:
        self.file, self._finish = file, finish
        self.size, self.by_message = size, by_message
        self._queue: deque[Pending] | None = None

    def wait_in(self, queue: deque["Pending"]) -> None:
        """Puts the request behind those that came before."""
        self._queue = queue
        queue.append(self)

    def end(self, status: Status, data: bytes = b"", count: int = 0) -> None:
        """Takes the request out of its queue and tells how it ended; not twice."""
        if self._queue is None:
            return
        self._queue.remove(self)
        self._queue = None
        self._finish(self, status, data, count)

    def cancel(self) -> None:
        """Ends the request with CANCELLED."""
        self.end(Status.CANCELLED)
