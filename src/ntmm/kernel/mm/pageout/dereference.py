"""The dereference segment thread (MiDereferenceSegmentThread): paging files grow and shrink here."""

from typing import Final

from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.commit import CommitLedger
from ntmm.kernel.mm.pagefile import PagingFiles
from ntmm.kernel.ob import Event

GROWTH_PAGES: Final = 256
"""A paging file grows by at least 1 MB."""


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

    def extend(self, pages: int) -> bool:
        """Asks for a commit limit higher by `pages`; waits for the answer."""
        if not any(file.size < file.maximum for file in self._files.files):
            return False
        current = self._scheduler.current
        before = self._ledger.limit
        if current is None or self.thread is None or current is self.thread:
            self._grow(pages)
        else:
            done = Event(self._scheduler, manual_reset=True, signalled=False)
            self._requests.append((pages, done))
            self.called.set()
            self._scheduler.wait(current, (done,), for_system=True)
        return self._ledger.limit > before

    def serve(self) -> None:
        """Answers what is queued."""
        while self._requests:
            pages, done = self._requests.pop(0)
            self._grow(pages)
            done.set()

    def _grow(self, pages: int) -> None:
        added = self._files.grow(max(pages, GROWTH_PAGES))
        self._ledger.limit += added
        self.grown += added

    def shrink_unneeded(self) -> None:
        """Gives back what paging files have grown by and no longer need, leaving room for the next growth."""
        for file in self._files.files:
            spare = self._ledger.limit - self._ledger.committed - 4 * GROWTH_PAGES
            if file.size > file.minimum and spare > 0:
                removed = file.shrink(spare)
                self._ledger.limit -= removed
                self.shrunk += removed
