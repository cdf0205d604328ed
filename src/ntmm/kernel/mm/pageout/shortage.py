"""A thread that needs a page where there is none waits until one is made (MiEnsureAvailablePageOrWait)."""

from collections.abc import Callable
from typing import Final

from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.pageout.levels import Levels
from ntmm.kernel.mm.pageout.mapped_writer import MappedPageWriter
from ntmm.kernel.mm.pageout.modified_writer import ModifiedPageWriter
from ntmm.kernel.mm.pageout.working_set_manager import WorkingSetManager
from ntmm.kernel.mm.pfn import PfnDatabase
from ntmm.kernel.mm.pfn.database import RESERVE_PAGES
from ntmm.kernel.ob import Event

_PATIENCE_100NS: Final = 10_000_000
"""A thread looks again each second."""
_ROUNDS: Final = 7
"""Looks without any page having been made after which memory counts as exhausted."""


class Shortage:
    """`waits` counts threads that had to wait."""

    def __init__(
        self,
        pfn: PfnDatabase,
        levels: Levels,
        writer: ModifiedPageWriter,
        mapped_writer: MappedPageWriter,
        manager: WorkingSetManager,
        scheduler: Scheduler,
        call_manager: Callable[[], None],
    ) -> None:
        self._pfn = pfn
        self._levels = levels
        self._writer = writer
        self._mapped_writer = mapped_writer
        self._manager = manager
        self._scheduler = scheduler
        self._call_manager = call_manager
        self._available = Event(scheduler, manual_reset=True, signalled=False)
        pfn.signals.page_available = self._page_available
        self.waits = 0

    def wait_for_pages(self, pages: int) -> bool:
        """Waits until `pages` can be taken beside the reserve; False if all that can be done has not made them."""
        self.waits += 1
        if self._scheduler.current is None:
            return self.relieve(pages)
        rounds, made = 0, self._pfn.pages_made
        while self._pfn.available < pages + RESERVE_PAGES:
            if rounds == _ROUNDS:
                return False
            self._wait_once()
            rounds = rounds + 1 if self._pfn.pages_made == made else 0  # others may have been quicker
            made = self._pfn.pages_made
        return True

    def _page_available(self) -> None:
        if self._pfn.available > RESERVE_PAGES:
            self._available.set()

    def _wait_once(self) -> None:
        thread, signals = self._scheduler.current, self._pfn.signals
        assert thread is not None
        self._call_manager()
        self._writer.called.set()
        self._mapped_writer.called.set()
        self._available.reset()
        signals.waiters += 1
        try:
            self._scheduler.wait(thread, (self._available,), timeout_100ns=_PATIENCE_100NS, for_system=True)
        finally:
            signals.waiters -= 1

    def relieve(self, pages: int) -> bool:
        """Outside any thread: does the writers' work at once, and trims until there are so many pages."""
        wanted = pages + RESERVE_PAGES
        for round_number in range(3):
            self._mapped_writer.write_queued()
            self._writer.write_while(lambda: self._pfn.available < wanted + self._levels.minimum)
            if self._pfn.available >= wanted:
                return True
            self._manager.trim(wanted + self._levels.minimum - self._pfn.available, below_minimum=round_number > 0)
        self._writer.write_while(lambda: self._pfn.available < wanted)
        return self._pfn.available >= wanted
