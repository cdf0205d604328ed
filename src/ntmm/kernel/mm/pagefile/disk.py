"""The disk that all paging goes to, as a model of time: one transfer after another, a seek where it does not go on."""

from typing import Final

from ntmm.kernel.ke.clock import Clock

POSITION_100NS: Final = 80_000
"""Seek and half a turn of a disk of the time: 8 ms."""

PAGE_100NS: Final = 2_000
"""Transfer of one page of 4 KB: 0.2 ms, 20 MB/s."""


class Disk:
    """One disk; transfers queue. `accesses` counts I/Os, `seeks` those that did not follow on the one before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._busy_until = 0
        self._head: tuple[str, int] = ("", 0)
        self.accesses = 0
        self.seeks = 0

    def transfer(self, file: str, page: int, pages: int) -> int:
        """Queues a transfer of `pages` from page `page` of a file; the uptime (100 ns) at which it will be over."""
        start = max(self._clock.uptime_100ns(), self._busy_until)
        duration = pages * PAGE_100NS
        if self._head != (file, page):
            duration += POSITION_100NS
            self.seeks += 1
        self._head = (file, page + pages)
        self._busy_until = start + duration
        self.accesses += 1
        return self._busy_until
