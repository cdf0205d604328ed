"""The lazy writer (CcLazyWriteScan), and the throttle of those who write faster than it (CcCanIWrite)."""

from collections.abc import Callable
from typing import Final

from ntmm.kernel.cc.logged import LoggedPages
from ntmm.kernel.cc.shared_map import SharedCacheMap, failure_of, runs
from ntmm.kernel.io.constants import FILE_ATTRIBUTE_TEMPORARY
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pageout.system_threads import SystemThreadPlan
from ntmm.kernel.ob import Event

FIRST_DELAY_100NS: Final = 30_000_000
"""3 s from the first dirty page to the first scan."""
SCAN_PERIOD_100NS: Final = 10_000_000
SHARE: Final = 8
"""Each scan writes this part of the dirty pages."""
SMALLEST_SCAN: Final = 64
"""Pages that a scan writes at least, if there are so many."""
PRIORITY: Final = 13
"""That of the system's critical worker threads."""

_SMALL_PAGES: Final = 19 * 256
_LARGE_PAGES: Final = 32 * 256
_PATIENCE_100NS: Final = 5_000_000
_ROUNDS: Final = 3
"""Waits of a writer without any page having been written, after which it writes itself."""


def dirty_threshold(ram_pages: int) -> int:
    """Dirty pages beyond which writers wait (CcDirtyPageThreshold): 1/8 of RAM, 1/4 from 19 MB, 3/8 from 32 MB."""
    if ram_pages <= _SMALL_PAGES:
        return ram_pages // 8
    return ram_pages // 4 if ram_pages < _LARGE_PAGES else ram_pages // 4 + ram_pages // 8


class LazyWriter:
    """`maps` answers all cached files in order; `cleaned` is told of one that may have become clean."""

    def __init__(
        self,
        mm: MemoryManager,
        scheduler: Scheduler,
        maps: Callable[[], list[SharedCacheMap]],
        cleaned: Callable[[SharedCacheMap], None],
    ) -> None:
        self._writer = mm.mapped_writer
        self._cache = mm.system_cache
        self._counts = mm.system_cache.counts
        self._scheduler = scheduler
        self._maps = maps
        self._cleaned = cleaned
        self.threshold = dirty_threshold(mm.pfn.frames)
        self.called = Event(scheduler, manual_reset=False, signalled=False)
        self.fell: Callable[[], None] = lambda: None
        """Slot: told that there are fewer dirty pages."""
        self._fell = Event(scheduler, manual_reset=True, signalled=False)
        self._is_waiting_for_first = False
        self._at_work = False
        self._last: SharedCacheMap | None = None

    # the books of dirty pages

    def note_dirty(self, shared: SharedCacheMap, first: int, end: int) -> None:
        """Pages [first, end) of a file were written to; the first dirty page of all starts the clock."""
        before = len(shared.dirty)
        shared.dirty.update(range(first, end))
        self._counts.dirty += len(shared.dirty) - before
        if not self._is_waiting_for_first and not self._at_work:
            self._is_waiting_for_first = True
            self._scheduler.call_at(self._scheduler.uptime_100ns() + FIRST_DELAY_100NS, self._begin)

    def _begin(self) -> None:
        self._is_waiting_for_first = False
        if self._counts.dirty:
            self.called.set()

    def forget(self, shared: SharedCacheMap, pages: set[int]) -> None:
        """Pages of a file need not be written by the lazy writer any more."""
        self._counts.dirty -= len(shared.dirty & pages)
        shared.dirty -= pages
        self._fell.set()
        self.fell()

    def write(self, shared: SharedCacheMap, pages: list[int]) -> OSError | None:
        """Writes dirty pages of a file, whose numbers are sorted; the disk's refusal if it refuses some. Waits."""
        refusal: OSError | None = None
        for first, end in runs(pages):
            run = set(range(first, end))
            self.forget(shared, run)
            refused = self._writer.flush(shared.area, first, end)
            if refused is not None:
                refusal = refused
                self.note_dirty(shared, first, end)
            else:
                LoggedPages.written(shared, first, end)
        return refusal

    # the thread

    def plan(self) -> SystemThreadPlan:
        """The thread that boot creates."""
        return SystemThreadPlan("CcLazyWriteScan", PRIORITY, self._run)

    def _run(self, thread: KernelThread) -> None:
        while True:
            self._scheduler.wait(thread, (self.called,))
            self._at_work = True
            while self._counts.dirty:
                self.scan()
                self._scheduler.wait(thread, (self.called,), timeout_100ns=SCAN_PERIOD_100NS)
            self._at_work = False

    def scan(self) -> None:
        """One scan: writes a share of all dirty pages, going on behind the file where the last scan ended."""
        left = max(SMALLEST_SCAN, self._counts.dirty // SHARE)
        if self._counts.dirty > self.threshold // 2:
            left = max(left, self._counts.dirty - self.threshold // 2)
        for shared in self._from_last():
            if left <= 0:
                break
            pages = [] if self._is_kept(shared) else sorted(shared.dirty)[:left]
            if pages:
                left -= len(pages)
                writes = self._writer.writes
                self._last = shared
                self._tell(shared, pages)
                self.write(shared, pages)
                self._counts.lazy_pages += len(pages)
                self._counts.lazy_writes += self._writer.writes - writes
            self._cleaned(shared)

    def _tell(self, shared: SharedCacheMap, pages: list[int]) -> None:
        for first, end in runs(pages):
            self._cache.tell("lazy write", shared.area, first, end - first)

    def _from_last(self) -> list[SharedCacheMap]:
        maps = self._maps()
        at = maps.index(self._last) if self._last in maps else 0
        return maps[at:] + maps[:at]

    def _is_kept(self, shared: SharedCacheMap) -> bool:
        """Temporary files stay in RAM while there is room for them."""
        if self._counts.dirty > self.threshold // 2 or not shared.open_count:
            return False
        try:
            return bool(shared.block.information().attributes & FILE_ATTRIBUTE_TEMPORARY)
        except IoFailure:  # another program of the host has removed the file
            return False

    # the throttle

    def has_room(self, shared: SharedCacheMap, pages: int) -> bool:
        """True if so many more dirty pages are bearable: for the machine, and for a file with a limit of its own."""
        if self._counts.dirty and self._counts.dirty + pages > self.threshold:
            return False
        return shared.dirty_limit is None or not shared.dirty or len(shared.dirty) + pages <= shared.dirty_limit

    def throttle(self, shared: SharedCacheMap, pages: int) -> None:
        """Waits until so many more dirty pages are bearable; fails where the disk refuses to take any."""
        rounds = 0
        while not self.has_room(shared, pages):
            before, thread = self._counts.dirty, self._scheduler.current
            if thread is not None and rounds < _ROUNDS:
                self.called.set()
                self._fell.reset()
                self._scheduler.wait(thread, (self._fell,), timeout_100ns=_PATIENCE_100NS, for_system=True)
                rounds = rounds + 1 if self._counts.dirty >= before else 0
            else:
                self._write_one(shared)

    def _write_one(self, shared: SharedCacheMap) -> None:
        """The writer does the lazy writer's work: its own file first."""
        target = shared if shared.dirty else next(other for other in self._maps() if other.dirty)
        refusal = self.write(target, sorted(target.dirty))
        if refusal is not None:
            raise failure_of(refusal)
