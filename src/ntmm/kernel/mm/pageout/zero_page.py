"""The zero page thread (MmZeroPageThread): turns free pages into zeroed ones when nothing else runs."""

from typing import Final

from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.pfn import PfnDatabase
from ntmm.kernel.ob import Event

ZEROING_100NS: Final = 20
"""Modelled time to zero a page: 2 microseconds."""


class ZeroPages:
    """Woken when the free list has reached eight pages."""

    def __init__(self, pfn: PfnDatabase, scheduler: Scheduler, clock: Clock) -> None:
        self._pfn = pfn
        self._scheduler = scheduler
        self._clock = clock
        self.called = Event(scheduler, manual_reset=False, signalled=False)
        self.zeroed = 0

    def zero_all(self) -> None:
        """Zeroes free pages until none is left, giving way after each."""
        while self._pfn.zero_one():
            self.zeroed += 1
            self._clock.advance(ZEROING_100NS)
            if self._scheduler.current is not None:
                self._scheduler.yield_now()
