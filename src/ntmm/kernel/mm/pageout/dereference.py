"""The dereference segment thread (MiDereferenceSegmentThread): paging files grow and shrink here."""

from typing import Final

from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.commit import CommitLedger
from ntmm.kernel.mm.pagefile import PagingFiles
from ntmm.kernel.ob import Event

GROWTH_PAGES: Final = 256
"""A paging file grows by at least 1 MB."""
KEPT_PAGES: Final = 4 * GROWTH_PAGES
"""What is left free when files shrink."""


class DereferenceSegment:
    """Threads that hit the commit limit queue here and wait; `grown` and `shrunk` count pages."""

    def __init__(self, files: PagingFiles, ledger: CommitLedger, scheduler: Scheduler) -> None:
        self._files = files
        self._ledger = ledger
        self._scheduler = scheduler
        self._requests: list[tuple[int, Event]] = []
        self.called = Event(scheduler, manual_reset=False, signalled=False)
        self.thread: object = None
        """The thread that serves the queue, once it runs."""
        self.grown = 0
        self.shrunk = 0
        self._waiting = 0
        """Threads that have asked and have not run since: what files grew by for them must not go again."""

    def extend(self, pages: int) -> bool:
        """Asks for a commit limit higher by `pages`; waits for the answer. Nothing grows if so much cannot be had."""
        if sum(file.maximum - file.size for file in self._files.files) < pages:
            return False
        current = self._scheduler.current
        if current is None or self.thread is None or current is self.thread:
            return self._grow(pages) >= pages
        before = self._ledger.limit
        done = Event(self._scheduler, manual_reset=True, signalled=False)
        self._requests.append((pages, done))
        self._waiting += 1
        self.called.set()
        try:
            self._scheduler.wait(current, (done,), for_system=True)
        finally:
            self._waiting -= 1
        return self._ledger.limit > before

    def serve(self) -> None:
        """Answers what is queued."""
        while self._requests:
            pages, done = self._requests.pop(0)
            self._grow(pages)
            done.set()

    def _grow(self, pages: int) -> int:
        added = self._files.grow(max(pages, GROWTH_PAGES))
        self._ledger.limit += added
        self.grown += added
        return added

    def shrink_unneeded(self) -> None:
        """Gives back what paging files have grown by and need neither for commitment nor for pages to be written,
        leaving room for the next growth.
        """
        if self._waiting:
            return
        for file in self._files.files:
            uncommitted = self._ledger.limit - self._ledger.committed
            spare = min(uncommitted, self._files.free_slots) - KEPT_PAGES
            if file.size > file.minimum and spare > 0:
                removed = file.shrink(spare)
                self._ledger.limit -= removed
                self.shrunk += removed
