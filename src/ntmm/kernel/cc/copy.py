"""Bytes between a caller and the frames behind views; runs of adjacent frames are copied at once.

No place in RAM is kept over a fault, which may wait: pages are copied as far as they are valid, then the next one is
brought in.
"""

from ntmm.kernel.cc.shared_map import SharedCacheMap
from ntmm.kernel.cc.vacbs import Vacbs
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG
from ntmm.kernel.mm.system_cache import VIEW_BYTES, VIEW_SHIFT, CacheView, Fill
from ntmm.nt.status import Status


class Copier:
    """Offsets and sizes in bytes."""

    def __init__(self, mm: MemoryManager, vacbs: Vacbs) -> None:
        self._cache = mm.system_cache
        self._vacbs = vacbs
        self._bytes = mm.ram.bytes
        self._entries = mm.table_memory.entries
        self._flags = mm.pfn.flags
        self._page = mm.architecture.page_size
        self._shift = mm.architecture.page_shift
        self._frame_mask = mm.table_memory.format.frame_mask
        self._accessed = mm.architecture.ACCESSED

    def read(self, shared: SharedCacheMap, offset: int, size: int) -> bytes:
        """`size` bytes, all of which lie in the file."""
        parts: list[bytes] = []
        while size:
            start = offset % VIEW_BYTES
            end = min(VIEW_BYTES, start + size)
            view = self._vacbs.acquire(shared.area, offset >> VIEW_SHIFT)
            try:
                self._read_view(view, start, end, parts)
            finally:
                self._vacbs.release(view)
            offset, size = offset + end - start, size - (end - start)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _read_view(self, view: CacheView, start: int, end: int, parts: list[bytes]) -> None:
        while True:
            for first, last in self._valid_runs(view, start, end, 0):
                parts.append(self._bytes[first:last].tobytes())
                start += last - first
            if start == end:
                return
            pages_left = (end - 1 >> self._shift) - (start >> self._shift) + 1
            self.bring_in(view, start >> self._shift, pages_left, Fill.READ)

    def write(self, shared: SharedCacheMap, offset: int, data: memoryview, old_size: int) -> None:
        """Puts bytes that lie within one view into its pages; the file has room for them and had `old_size` before."""
        start, base = offset % VIEW_BYTES, offset & -VIEW_BYTES
        end, done, page = start + len(data), 0, self._page
        view = self._vacbs.acquire(shared.area, offset >> VIEW_SHIFT)
        try:
            while True:
                for first, last in self._valid_runs(view, start + done, end, MODIFIED_FLAG):
                    self._bytes[first:last] = data[done : done + last - first]
                    done += last - first
                if done == len(data):
                    return
                number = start + done >> self._shift
                fill = self._fill(base + number * page, offset, base + end, shared, old_size)
                wanted = end // page - number if fill is Fill.OVERWRITE else 1
                self.bring_in(view, number, wanted, fill)
        finally:
            self._vacbs.release(view)

    def _fill(self, page_start: int, offset: int, end: int, shared: SharedCacheMap, old_size: int) -> Fill:
        """What a page needs before bytes [offset, end) of the file are put into it."""
        if page_start >= offset and page_start + self._page <= end:
            return Fill.OVERWRITE
        if page_start >= old_size or (page_start >= offset and end >= shared.area.size):
            return Fill.ZERO
        return Fill.READ

    def _valid_runs(self, view: CacheView, start: int, end: int, mark: int) -> list[tuple[int, int]]:
        """Ranges of RAM behind bytes [start, end) of a view, as far as its pages are valid.

        They count as used; `mark` is set in the flags of their frames.
        """
        page, entries, flags, mask, accessed = self._page, self._entries, self._flags, self._frame_mask, self._accessed
        if start == end:
            return []
        index = view.index + (start >> self._shift)
        runs: list[tuple[int, int]] = []
        run_start = run_end = -1
        pages = 0
        for pte in entries[index : view.index + (end - 1 >> self._shift) + 1].tolist():
            if not pte & 1:
                break
            place = pte & mask
            if not pte & accessed:
                entries[index + pages] = pte | accessed
            if mark:
                flags[place >> self._shift] |= mark
            if place != run_end:
                if run_end >= 0:
                    runs.append((run_start, run_end))
                run_start = place
            run_end = place + page
            pages += 1
        if not pages:
            return runs
        runs.append((run_start, run_end))
        first, last = runs[0]
        runs[0] = (first + start % page, last)
        past = (start & -page) + pages * page - end
        if past > 0:
            runs[-1] = (runs[-1][0], runs[-1][1] - past)
        return runs

    def bring_in(self, view: CacheView, number: int, wanted: int, fill: Fill) -> None:
        """Makes a page of a view valid, and others that are wanted where that is easy; fails as its request does."""
        try:
            self._cache.bring_in(view, number, wanted, fill)
        except GuestFault as fault:
            is_memory = fault.status == Status.NO_MEMORY
            raise IoFailure(Status.INSUFFICIENT_RESOURCES if is_memory else Status.IO_DEVICE_ERROR) from fault
