"""Mapping, unmapping and faults of the system cache (MmMapViewInSystemCache, MmUnmapViewInSystemCache)."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from ntmm.kernel.mm.fault import FaultHandler, FaultOutcome, Resolution, outcome
from ntmm.kernel.mm.fault.prototype import READ_CLUSTER, make_prototype_valid, prefetch, set_prototype_valid
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG, PROTOTYPE_FLAG, READ_FLAG
from ntmm.kernel.mm.section import ControlArea, Sections
from ntmm.kernel.mm.system_cache.view import VIEW_BYTES, VIEW_SHIFT, CacheView
from ntmm.kernel.mm.tables import drop_prototype_share
from ntmm.nt.memory import MM_READWRITE


class Fill(Enum):
    """What a page that is not in RAM begins with."""

    READ = auto()
    """What the file holds."""
    ZERO = auto()
    """Zeroes, for the file has nothing there yet."""
    OVERWRITE = auto()
    """Anything: the caller overwrites the whole page before anybody else can run."""


class CacheFull(Exception):
    """Every view of the region is in use, or RAM has no room for its page tables."""


@dataclass(slots=True)
class CacheCounts:
    """Figures since boot, which the cache manager keeps; in pages but for hits, misses and writes.

    A request (to read, map, pin, or read by MDL) is a hit if it needed no disk. `lazy_pages` were written by the lazy
    writer in `lazy_writes` transfers, `flushed_pages` in `flushes` at once, for a flush or a write-through file. Of the
    `faults`, `transitions` found their page on a list, and `read_ios` transfers brought `pages_read` pages.
    """

    hits: int = 0
    misses: int = 0
    maps: int = 0
    map_misses: int = 0
    pins: int = 0
    pin_misses: int = 0
    mdl_reads: int = 0
    mdl_misses: int = 0
    faults: int = 0
    transitions: int = 0
    read_ios: int = 0
    pages_read: int = 0
    read_ahead: int = 0
    read_ahead_ios: int = 0
    lazy_writes: int = 0
    lazy_pages: int = 0
    flushes: int = 0
    flushed_pages: int = 0
    dirty: int = 0
    """Pages that the cache manager knows to be dirty now."""


class SystemCache:
    """The region of one machine, `size` bytes: [start, end) of the first of `regions`, then the next."""

    def __init__(self, faults: FaultHandler, sections: Sections, regions: Sequence[tuple[int, int]], size: int) -> None:
        self.regions = tuple(regions)
        self.size = size
        self.counts = CacheCounts()
        self.shrink: Callable[[], bool] = lambda: False
        """Slot: unmaps the view that was not used for longest; False if all are in use."""
        self.told: Callable[[str, str, int, int], None] | None = None
        """Slot: told (what was done, file, page, pages) of every view, read ahead, write and purge while a recorder
        listens."""
        self._faults = faults
        self._sections = sections
        self._tables = faults.system_tables
        self._memory = faults.table_memory
        self._pfn = faults.pfn
        self._page_shift = faults.page_shift
        self._bits = faults.format.kernel_bits[MM_READWRITE]
        self._free: deque[int] = deque()
        self._made = 0
        self._views: dict[ControlArea, dict[int, CacheView]] = {}
        self._pages_per_view: Final = VIEW_BYTES >> self._page_shift

    # views

    @property
    def total_views(self) -> int:
        """How many views the region has room for."""
        return self.size >> VIEW_SHIFT

    def address_of(self, slot: int) -> int:
        """Where the view with a place of its own lies."""
        offset = slot * VIEW_BYTES
        for start, end in self.regions:
            if offset < end - start:
                return start + offset
            offset -= end - start
        raise AssertionError(f"slot {slot} lies outside the system cache")

    def views(self) -> Iterator[CacheView]:
        """Every view that is mapped."""
        for of_area in self._views.values():
            yield from of_area.values()

    def views_of(self, area: ControlArea) -> list[CacheView]:
        """The views of one file."""
        return list(self._views.get(area, {}).values())

    def view_at(self, address: int) -> CacheView | None:
        """The view that an address lies in."""
        return next((view for view in self.views() if view.address <= address < view.address + VIEW_BYTES), None)

    def page_number(self, view: CacheView, address: int) -> int:
        """Which page of a view an address lies in."""
        return address - view.address >> self._page_shift

    def find(self, area: ControlArea, number: int) -> CacheView | None:
        """The view of the file's 256 KB with a number, if it is mapped."""
        of_area = self._views.get(area)
        return None if of_area is None else of_area.get(number)

    def map(self, area: ControlArea, number: int) -> CacheView | None:
        """The view of a number, mapped without any page yet if it was not; None if the region is full. May wait.

        Raises PoolExhausted where the file's prototype PTEs find no pool, CacheFull where RAM has no room for the page
        tables.
        """
        first = number * self._pages_per_view
        self._sections.ensure_prototypes(area, first, self._pages_per_view)
        slot = self._take_slot()
        if slot is None:
            return self.find(area, number)
        found = self.find(area, number)
        if found is not None:  # another thread was quicker while this one waited for page tables
            self._free.append(slot)
            return found
        address = self.address_of(slot)
        view = CacheView(slot, address, self._tables.find(address), area, first)
        self._views.setdefault(area, {})[number] = view
        self.tell("map", area, first, self._pages_per_view)
        return view

    def _take_slot(self) -> int | None:
        if self._free:
            return self._free.popleft()
        if self._made == self.total_views:
            return None
        slot, self._made = self._made, self._made + 1
        address = self.address_of(slot)
        missing = self._tables.missing_tables(address, address + VIEW_BYTES)
        if missing and not self._pfn.ensure_pages(missing):
            self._free.append(slot)
            raise CacheFull
        self._tables.ensure(address, user=False)
        return slot

    def unmap(self, view: CacheView) -> None:
        """Takes a view away that nobody uses; its pages stay in RAM, on the standby and modified lists."""
        assert not view.active, f"the view at {view.address:#x} is unmapped while it is used"
        self._clear(view, 0, self._pages_per_view)
        of_area = self._views[view.area]
        del of_area[view.number]
        if not of_area:
            del self._views[view.area]
        self._free.append(view.slot)
        self.tell("unmap", view.area, view.first_page, self._pages_per_view)

    def tell(self, action: str, area: ControlArea, first: int, pages: int) -> None:
        """What was done with pages of a file, for who listens."""
        if self.told is not None:
            self.told(action, area.name, first, pages)

    def unmap_area(self, area: ControlArea) -> None:
        """Takes all views of a file away."""
        for view in self.views_of(area):
            self.unmap(view)

    def forget_pages(self, area: ControlArea, first: int, end: int) -> None:
        """Pages [first, end) of a file are no longer valid in the cache; its views stay."""
        for view in self.views_of(area):
            start, stop = max(first, view.first_page), min(end, view.first_page + self._pages_per_view)
            if start < stop:
                self._clear(view, start - view.first_page, stop - view.first_page)

    def _clear(self, view: CacheView, first: int, end: int) -> None:
        """Empties PTEs of a view; the pages leave the system working set."""
        memory, working_set = self._memory, self._faults.system_working_set
        vpn = view.address >> self._page_shift
        entries = memory.entries[view.index + first : view.index + end].tolist()
        for number, pte in enumerate(entries, first):
            if not pte:
                continue
            if pte & 1:
                working_set.remove_shared(vpn + number)
            memory.write(view.index + number, 0)
            if pte & 1:
                drop_prototype_share(memory, memory.format.frame(pte))

    # pages

    def bring_in(self, view: CacheView, number: int, wanted: int = 1, fill: Fill = Fill.READ) -> None:
        """Makes page `number` of a view valid, and of the `wanted` pages from it on those that need no other read.

        A read brings up to 64 KB of them. May wait. Raises GuestFault with IN_PAGE_ERROR where the disk refuses,
        NO_MEMORY where RAM is full.
        """
        self._faults.bring_in(lambda: self._look(view, number, wanted, fill), view.address)

    def _look(self, view: CacheView, number: int, wanted: int, fill: Fill) -> FaultOutcome:
        faults, memory = self._faults, self._memory
        if memory.entries[view.index + number] & 1:
            return outcome.SPURIOUS
        if self._pfn.is_short():
            return outcome.OUT_OF_MEMORY
        area, page = view.area, view.first_page + number
        prototype = area.prototype_of(page)
        place = self._tables.find_word(prototype)
        while place < 0:
            result = faults.system_page(prototype)
            if result.resolution is not Resolution.RESOLVED:
                return result
            place = self._tables.find_word(prototype)
        if fill is not Fill.READ and memory.format.is_prototype(memory.entries[place]):
            result = self._make_new(place, prototype, fill)
        else:
            pages = faults.in_page.pages
            result = make_prototype_valid(faults, place, area, page, min(READ_CLUSTER, wanted))
            if result.resolution is not Resolution.RESOLVED:
                self.counts.read_ios += result.own_read
                self.counts.pages_read += faults.in_page.pages - pages
                return result
            self.counts.transitions += result is outcome.TRANSITION
        self._map_page(view, number, place)
        if wanted > 1:
            self._go_on(view, number, place, prototype, wanted, fill)
        return result

    def _go_on(self, view: CacheView, number: int, place: int, prototype: int, wanted: int, fill: Fill) -> None:
        """Maps the pages behind one as long as that needs neither a wait nor the place of another page."""
        memory, pfn, working_set = self._memory, self._pfn, self._faults.system_working_set
        entries, pte_format, size = memory.entries, memory.format, memory.architecture.pte_size
        end_of_words = (place >> memory.entries_shift) + 1 << memory.entries_shift
        for offset in range(1, min(wanted, end_of_words - place)):
            pte = entries[place + offset]
            if working_set.count >= working_set.quota or entries[view.index + number + offset] & 1:
                return
            if pte & 1:
                pfn.add_share(pte_format.frame(pte))
            elif pte_format.is_prototype(pte):
                if fill is not Fill.OVERWRITE or pfn.is_short():
                    return
                self._make_new(place + offset, prototype + offset * size, fill)
            else:
                frame = pte_format.frame(pte)
                if pfn.flags[frame] & READ_FLAG:
                    return
                pfn.reactivate(frame)
                set_prototype_valid(self._faults, place + offset, frame, pte_format.protection(pte))
                self.counts.transitions += 1
            self._map_page(view, number + offset, place + offset)

    def _map_page(self, view: CacheView, number: int, place: int) -> None:
        """The page of a valid prototype PTE becomes valid in a view too."""
        memory = self._memory
        memory.write(view.index + number, memory.entries[place] & memory.format.frame_mask | self._bits)
        self._faults.system_working_set.insert_shared((view.address >> self._page_shift) + number, MM_READWRITE)
        self.counts.faults += 1
        self._faults.system_faults += 1

    def _make_new(self, place: int, prototype: int, fill: Fill) -> FaultOutcome:
        """A page that need not be read: it is newer than the file from the start."""
        pfn, memory = self._pfn, self._memory
        original = memory.entries[place]
        frame = (pfn.take_any if fill is Fill.OVERWRITE else pfn.take_zeroed)(PageUse.MAPPED_FILE)
        pfn.flags[frame] = PROTOTYPE_FLAG | MODIFIED_FLAG
        memory.own(frame, place, prototype, original)
        set_prototype_valid(self._faults, place, frame, memory.format.protection(original))
        return outcome.DEMAND_ZERO

    def prefetch(self, area: ControlArea, first: int, count: int) -> int:
        """Begins to read pages of a file that are not in RAM; answers how many."""
        reads = self._faults.in_page.reads
        begun = prefetch(self._faults, self._tables, area, first, count)
        self.counts.read_ahead += begun
        self.counts.read_ahead_ios += self._faults.in_page.reads - reads
        if begun:
            self.tell("read ahead", area, first, begun)
        return begun
