"""All control areas of a machine: found again by their file, given prototype PTEs, and deleted when nobody needs them.

The image and the data of a file are two control areas. One that is no longer used keeps its pages on the standby list,
so that the next open of the file finds them in RAM; the oldest unused ones are deleted when there are too many.
"""

from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.pool import Pool, PoolExhausted
from ntmm.kernel.mm.section.control_area import AreaKind, Backing, ControlArea, Subsection, WritableBacking
from ntmm.kernel.mm.section.image import create_image_control_area, free_blocks
from ntmm.kernel.mm.tables import PageTables
from ntmm.nt.memory import MM_EXECUTE_READWRITE
from ntmm.pe.headers import PeHeaders

SUBSECTION_PAGES: Final = 1024
"""A data file's prototype PTEs are made for 4 MB at a time."""

UNUSED_AREAS: Final = 64
"""Control areas of files that nobody uses, kept for the sake of their pages."""

_SUBSECTION_BYTES: Final = 0x20

_Made = TypeVar("_Made")


class Sections:
    """Raises PoolExhausted wherever prototype PTEs or subsections find no pool."""

    def __init__(self, tables: PageTables, paged_pool: Pool, nonpaged_pool: Pool) -> None:
        self._tables = tables
        self._memory = tables.memory
        self._paged_pool = paged_pool
        self._nonpaged_pool = nonpaged_pool
        self._page = tables.memory.architecture.page_size
        self._pte_size = tables.memory.architecture.pte_size
        self._next_index = 0
        self._images: dict[tuple[str, int], ControlArea] = {}
        self._areas: dict[ControlArea, None] = {}
        self._unused: dict[ControlArea, None] = {}
        self._by_address: dict[int, Subsection] = {}
        self.write_back: Callable[[ControlArea], bool] = lambda area: True
        """Slot: writes the dirty pages of a data file; may wait; False if the disk refuses."""

    def areas(self) -> list[ControlArea]:
        """Every control area, by index."""
        return list(self._areas)

    @property
    def unused(self) -> int:
        """Control areas that nobody uses."""
        return len(self._unused)

    def subsection_at(self, address: int) -> Subsection:
        """The subsection that a subsection PTE names."""
        return self._by_address[address]

    def place_of(self, frame: int) -> tuple[Subsection, int]:
        """(subsection, page of the segment) of a page in RAM that belongs to a data file."""
        pfn = self._memory.pfn
        subsection = self._by_address[self._memory.format.pointers.subsection_address(pfn.original_pte[frame])]
        page = subsection.first_page + (pfn.pte_address[frame] - subsection.first_prototype) // self._pte_size
        return subsection, page

    # creation

    def image(self, backing: Backing, headers: PeHeaders) -> ControlArea:
        """The control area of an image file; the same file has one."""
        key = (backing.name.lower(), backing.size)
        area = self._images.get(key)
        if area is None:
            pools = self._paged_pool, self._nonpaged_pool
            made = self._with_room(lambda: create_image_control_area(0, backing, headers, self._tables, *pools))
            area = self._images.get(key)
            if area is None:
                self._images[key] = area = made
                self._register(area)
            else:  # another thread was quicker while this one waited
                self._fill(made.first_prototype, made.total_pages, 0)
                free_blocks(made, *pools)
        self.reuse(area)
        return area

    def _with_room(self, make: Callable[[], _Made]) -> _Made:
        """What `make` answers; unused areas go, the oldest first, while the pools have no room for it. May wait."""
        while True:
            try:
                return make()
            except PoolExhausted:
                if not self._unused or not self.trim_unused(len(self._unused) - 1):
                    raise

    def data_file(self, backing: WritableBacking, name: str) -> ControlArea:
        """A new control area of a data file; its prototype PTEs are made by `ensure_prototypes`."""
        size = backing.size
        pages = -(-size // self._page)
        area = ControlArea(self._next_index, AreaKind.FILE, name, backing, self._page, self._pte_size, pages, size=size)
        self._register(area)
        return area

    def paging_file(self, size: int, protection: int, account: CommitAccount, committed: bool) -> ControlArea:
        """A control area of memory that only the paging file backs; what it commits is charged to `account` already."""
        pages = -(-size // self._page)
        prototypes = self._with_room(lambda: self._paged_pool.allocate(pages * self._pte_size, "MmSt"))
        index = self._next_index
        area = ControlArea(
            index, AreaKind.PAGING_FILE, f"paging file section {index}", None, self._page, self._pte_size, pages
        )
        area.first_prototype, area.size, area.account = prototypes, pages * self._page, account
        area.subsections.append(Subsection(area, 0, 0, pages, protection, 0, 0, prototypes))
        if committed:
            self.commit_prototypes(area, 0, pages)
        self._register(area)
        return area

    def commit_prototypes(self, area: ControlArea, first: int, pages: int) -> int:
        """Pages of a section of the paging file become committed; answers how many were not. May wait."""
        value, done = self._memory.format.demand_zero(area.subsections[0].protection), 0
        for page in range(first, first + pages):
            index = self._paged_pool.word(area.prototype_of(page))
            if not self._memory.entries[index]:
                self._memory.write(index, value)
                done += 1
        return done

    def is_committed(self, area: ControlArea, page: int) -> bool:
        """False for a page of a section of the paging file that is only reserved."""
        if area.kind is not AreaKind.PAGING_FILE:
            return True
        return bool(self._memory.entries[self._paged_pool.word(area.prototype_of(page))])

    def count_uncommitted(self, area: ControlArea, first: int, pages: int) -> int:
        """How many of the pages are only reserved."""
        words = (self._paged_pool.word(area.prototype_of(page)) for page in range(first, first + pages))
        return sum(1 for index in words if not self._memory.entries[index])

    def _register(self, area: ControlArea) -> None:
        area.index = self._next_index
        self._next_index += 1
        self._areas[area] = None

    def ensure_prototypes(self, area: ControlArea, first: int, pages: int) -> None:
        """Makes the prototype PTEs of pages of a data file that have none yet (MiAddViewsForSection); may wait."""
        for number in range(first // SUBSECTION_PAGES, (first + pages - 1) // SUBSECTION_PAGES + 1):
            if area.subsection_of(number * SUBSECTION_PAGES) is None:
                self._add_subsection(area, number)

    def _add_subsection(self, area: ControlArea, number: int) -> None:
        first = number * SUBSECTION_PAGES
        address, prototypes = self._with_room(self._allocate_subsection)
        size = SUBSECTION_PAGES * self._page
        protection = MM_EXECUTE_READWRITE
        subsection = Subsection(area, address, first, SUBSECTION_PAGES, protection, number * size, size, prototypes)
        self._fill(prototypes, SUBSECTION_PAGES, self._memory.format.pointers.subsection(address, protection))
        if area.subsection_of(first) is not None:  # another thread was quicker while this one waited
            self._fill(prototypes, SUBSECTION_PAGES, 0)
            self._nonpaged_pool.free(address)
            self._paged_pool.free(prototypes)
            return
        self._by_address[address] = subsection
        area.subsections.append(subsection)
        area.subsections.sort(key=lambda item: item.first_page)

    def _allocate_subsection(self) -> tuple[int, int]:
        """A place for a subsection and for its prototype PTEs."""
        address = self._nonpaged_pool.allocate(_SUBSECTION_BYTES, "MmCi")
        try:
            return address, self._paged_pool.allocate(SUBSECTION_PAGES * self._pte_size, "MmSt")
        except PoolExhausted:
            self._nonpaged_pool.free(address)
            raise

    def _fill(self, prototypes: int, pages: int, pte: int) -> None:
        for page in range(pages):
            self._memory.write(self._paged_pool.word(prototypes + page * self._pte_size), pte)

    def grow(self, area: ControlArea, size: int) -> None:
        """The file of a control area has another size; pages past a smaller one were purged before."""
        area.size = size
        area.total_pages = -(-size // self._page)

    # the end

    def release(self, area: ControlArea) -> None:
        """A section, a view or the cache no longer needs an area: nobody may, and then it is kept or deleted."""
        if area.is_used:
            return
        if area.kind is AreaKind.PAGING_FILE:
            self.delete(area)
        else:
            self._unused[area] = None

    def reuse(self, area: ControlArea) -> None:
        """An unused area is wanted again."""
        self._unused.pop(area, None)

    def flush_image(self, name: str) -> bool:
        """A file is about to be changed or deleted: its image leaves RAM. False while a program has it mapped
        (MmFlushImageSection).
        """
        for area in self._images_of(name):
            if area.is_used:
                return False
            self.delete(area)
        return True

    def rename_image(self, name: str, new_name: str) -> None:
        """A file has another name: its image is found by that one from now on."""
        for area in self._images_of(name):
            key = next(key for key, image in self._images.items() if image is area)
            del self._images[key]
            self._images[new_name.lower(), key[1]] = area

    def _images_of(self, name: str) -> list[ControlArea]:
        return [area for (known, _), area in self._images.items() if known == name.lower()]

    def trim_unused(self, keep: int = UNUSED_AREAS) -> int:
        """Deletes the oldest unused areas down to a number, and until paged pool is no longer much used; answers how
        many (MiDereferenceSegmentThread's work).
        """
        deleted = 0
        while len(self._unused) > (0 if self._paged_pool.is_much_used else keep):
            area = next(iter(self._unused))
            if area.kind is AreaKind.FILE:
                area.write_failed = not self.write_back(area)
            if not area.is_used:  # nobody opened the file while this waited
                self.delete(area)
                deleted += 1
        return deleted

    def purge(self, area: ControlArea, first: int, end: int, keep: int = 0) -> bool:
        """Takes pages [first, end) out of RAM without writing them; False if one is mapped, or has a flag of `keep`."""
        complete, flags = True, self._memory.pfn.flags
        for page, index in self._existing(area, first, end):
            pte = self._memory.entries[index]
            if pte & 1 or (self._memory.format.is_transition(pte) and flags[self._memory.format.frame(pte)] & keep):
                complete = False
            elif self._memory.format.is_transition(pte):
                self._drop(area, page, index, pte)
        return complete

    def _existing(self, area: ControlArea, first: int, end: int) -> Iterator[tuple[int, int]]:
        """(page, index of the prototype PTE) of all pages with prototype PTEs."""
        for subsection in list(area.subsections):
            start = max(first, subsection.first_page)
            for page in range(start, min(end, subsection.first_page + subsection.pages)):
                yield page, self._paged_pool.word(area.prototype_of(page))

    def _drop(self, area: ControlArea, page: int, index: int, pte: int) -> None:
        """The page leaves RAM; its prototype PTE is what it was before the page came."""
        frame = self._memory.format.frame(pte)
        subsection = area.subsection_of(page)
        assert subsection is not None
        original = self._memory.format.pointers.subsection(subsection.address, subsection.protection)
        self._memory.write(index, original if subsection.address else 0)
        self._memory.pfn.free(frame)

    def delete(self, area: ControlArea) -> None:
        """Gives everything back that an unused area holds: pages, slots, prototype PTEs, charge (MiSegmentDelete)."""
        assert not area.is_used, f"{area.name} is deleted while it is used"
        memory = self._memory
        for subsection in area.subsections:
            for page in range(subsection.first_page, subsection.first_page + subsection.pages):
                index = self._paged_pool.word(area.prototype_of(page))
                pte = memory.entries[index]
                assert not pte & 1, f"page {page:#x} of {area.name} is mapped by nobody and valid"
                memory.write(index, 0)
                if memory.format.is_transition(pte):
                    memory.pfn.free(memory.format.frame(pte))
                else:
                    memory.pfn.release_slot(pte)
            if subsection.address:
                self._by_address.pop(subsection.address, None)
                self._nonpaged_pool.free(subsection.address)
        for start in {area.first_prototype} if area.first_prototype else {s.first_prototype for s in area.subsections}:
            self._paged_pool.free(start)
        area.subsections.clear()
        area.last_found = None
        if area.account is not None:
            area.account.close()
        if area.backing is not None:
            area.backing.close()
        if area.kind is AreaKind.IMAGE:
            self._images = {key: image for key, image in self._images.items() if image is not area}
        self._unused.pop(area, None)
        del self._areas[area]
