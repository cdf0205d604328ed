"""Pages that stay where they are for code of the kernel: CcMapData, CcPinRead (BCBs) and CcMdlRead (MDLs).

A reference on each frame keeps it; the working set manager may take its PTE away meanwhile, which changes nothing.
"""

from dataclasses import dataclass, field

from ntmm.kernel.cc.copy import Copier
from ntmm.kernel.cc.shared_map import SharedCacheMap
from ntmm.kernel.cc.vacbs import Vacbs
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.system_cache import VIEW_BYTES, VIEW_SHIFT, CacheView, Fill


@dataclass(eq=False)
class Pinned:
    """A range of a file whose pages are held: `size` bytes from `offset` on, in `frames` one after another.

    `views` are those that a BCB keeps mapped; an MDL has none.
    """

    shared: SharedCacheMap
    offset: int
    size: int
    may_write: bool
    frames: list[int] = field(default_factory=list)
    views: list[CacheView] = field(default_factory=list)


class Pinning:
    """Makes and ends pins."""

    def __init__(self, mm: MemoryManager, vacbs: Vacbs, copier: Copier) -> None:
        self._entries = mm.table_memory.entries
        self._format = mm.table_memory.format
        self._pfn = mm.pfn
        self._bytes = mm.ram.bytes
        self._page = mm.architecture.page_size
        self._vacbs = vacbs
        self._copier = copier

    def pin(
        self,
        shared: SharedCacheMap,
        offset: int,
        size: int,
        may_write: bool,
        keeps_views: bool,
        is_overwritten: bool = False,
    ) -> Pinned:
        """Holds the pages of a range that lies in the file; may wait, and fails as a read does.

        Of a range that is to be overwritten, pages that lie in it as a whole are not read: they are zero if they were
        not in RAM.
        """
        pinned = Pinned(shared, offset, size, may_write)
        try:
            for number in range(offset >> VIEW_SHIFT, (offset + size - 1 >> VIEW_SHIFT) + 1):
                view = self._vacbs.acquire(shared.area, number)
                pinned.views.append(view)
                self._hold_pages(pinned, view, number * VIEW_BYTES, is_overwritten)
        except BaseException:
            self.unpin(pinned)
            raise
        if not keeps_views:
            self._release_views(pinned)
        return pinned

    def _hold_pages(self, pinned: Pinned, view: CacheView, base: int, is_overwritten: bool) -> None:
        first = max(pinned.offset, base) - base
        end = min(pinned.offset + pinned.size, base + VIEW_BYTES) - base
        for number in range(first // self._page, (end - 1) // self._page + 1):
            left = (end - 1) // self._page + 1 - number
            is_whole = first <= number * self._page and (number + 1) * self._page <= end
            fill = Fill.ZERO if is_overwritten and is_whole else Fill.READ
            while not self._entries[view.index + number] & 1:
                self._copier.bring_in(view, number, 1 if is_overwritten else left, fill)
            frame = self._format.frame(self._entries[view.index + number])
            self._pfn.reference(frame)
            pinned.frames.append(frame)

    def unpin(self, pinned: Pinned) -> None:
        """Lets the pages go."""
        for frame in pinned.frames:
            self._pfn.dereference(frame)
        pinned.frames.clear()
        self._release_views(pinned)

    def _release_views(self, pinned: Pinned) -> None:
        for view in pinned.views:
            self._vacbs.release(view)
        pinned.views.clear()

    def parts(self, pinned: Pinned) -> list[memoryview]:
        """The bytes of the range in RAM, one part for each page; not to be kept once the pin has ended."""
        found, at, end = [], pinned.offset, pinned.offset + pinned.size
        for frame in pinned.frames:
            size = min(end - at, self._page - at % self._page)
            start = frame * self._page + at % self._page
            part = self._bytes[start : start + size]
            found.append(part if pinned.may_write else part.toreadonly())
            at += size
        return found
