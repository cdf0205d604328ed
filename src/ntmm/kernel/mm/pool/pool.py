"""A kernel pool (ExAllocatePoolWithTag): first fit over free ranges of its address range, pages mapped as needed.

Pages of paged pool stand in the system working set and may be paged out while nothing in them names a page of RAM.
"""

from collections.abc import Callable

from sortedcontainers import SortedDict

from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.tables import PageTables
from ntmm.nt.memory import MM_READWRITE

_REGION_PAGES = 16


class PoolExhausted(Exception):
    """The pool has its maximum, or its address range, RAM or the commit limit is used up."""


class Pool:
    """A range [start, end) of kernel addresses. Sizes in bytes; every block carries a four-character tag.

    `downward` fills the range from its end, as nonpaged pool expansion does on x86. `maximum` is the most that the pool
    may have, 0 for all that its range has room for.
    """

    def __init__(
        self,
        tables: PageTables,
        start: int,
        end: int,
        use: PageUse,
        account: CommitAccount,
        downward: bool,
        maximum: int = 0,
    ) -> None:
        self._tables = tables
        self._page = tables.memory.architecture.page_size
        self._unit = 2 * tables.memory.architecture.pointer_size
        """Blocks begin at multiples of it (MEMORY_ALLOCATION_ALIGNMENT)."""
        self._use = use
        self._no_execute = tables.memory.paged_pool_no_execute if use is PageUse.PAGED_POOL else 0
        self._account = account
        self._downward = downward
        self._start, self._end = start, end
        self._grown = end if downward else start
        self._maximum = maximum
        self._free: SortedDict[int, int] = SortedDict()
        self._blocks: dict[int, tuple[int, str]] = {}
        self.pages = 0
        self.used = 0
        """Bytes of all blocks."""
        self.usage_bound: int | None = None
        """Bytes in use beyond which `much_used` is told."""
        self.much_used: Callable[[], object] = lambda: None
        """Slot: told of each block that is allocated beyond that bound; must not wait."""
        self.initial_range: tuple[int, int] | None = None
        """[start, end) of the pages that are not mapped one by one."""
        self.page_made: Callable[[int, int], None] = lambda frame, address: None
        """Slot: told of every page that is added (paged pool's go to the system working set)."""
        self.bring_in: Callable[[int], None] = lambda address: None
        """Slot: makes a page that was paged out valid again; may wait."""

    def word(self, address: int) -> int:
        """Index, among all PTE-sized words of RAM, of the word at an address of the pool; may wait for its page."""
        index = self._tables.find_word(address)
        while index < 0:
            self.bring_in(address)
            index = self._tables.find_word(address)
        return index

    def allocate(self, size: int, tag: str) -> int:
        """Address of a zeroed block of at least `size` bytes; raises PoolExhausted."""
        size = -(-size // self._unit) * self._unit
        while True:
            for address, room in self._free.items():
                if room >= size:
                    self._take(address, room, size)
                    self._blocks[address] = (size, tag)
                    self.used += size
                    if self.is_much_used:
                        self.much_used()
                    return int(address)
            self._grow(size)

    @property
    def maximum_pages(self) -> int:
        """The most that the pool can have."""
        start, end = self.initial_range or (0, 0)
        room = self._end - self._start + end - start
        return min(self._maximum or room, room) // self._page

    @property
    def is_much_used(self) -> bool:
        """True beyond the bound of `usage_bound`."""
        return self.usage_bound is not None and self.used > self.usage_bound

    def add_initial(self, start: int, pages: int) -> None:
        """Pages that large pages map elsewhere belong to the pool as well; blocks are taken from them first."""
        assert self.initial_range is None and not self._blocks
        length = pages * self._page
        self.initial_range = (start, start + length)
        self.pages += pages
        self._insert_free(start, length)

    def _take(self, address: int, room: int, size: int) -> None:
        del self._free[address]
        if room > size:
            self._free[address + size] = room - size

    def free(self, address: int) -> None:
        """Gives a block back; neighbours are joined and its bytes zeroed for the next owner."""
        size, _ = self._blocks.pop(address)
        self.used -= size
        self._zero(address, size)
        self._insert_free(address, size)

    def _insert_free(self, address: int, size: int) -> None:
        position = self._free.bisect_left(address)
        if position < len(self._free):
            after, after_size = self._free.peekitem(position)
            if address + size == after:
                del self._free[after]
                size += after_size
        if position > 0:
            before, before_size = self._free.peekitem(position - 1)
            if before + before_size == address:
                self._free[before] = before_size + size
                return
        self._free[address] = size

    def _grow(self, size: int) -> None:
        least = -(-size // self._page)
        pages = max(_REGION_PAGES, least)
        if self._maximum:
            pages = min(pages, self.maximum_pages - self.pages)
        if pages < least:
            raise PoolExhausted(f"{self._use.name} has its maximum of {self.maximum_pages} pages")
        length = pages * self._page
        if self._grown - length < self._start if self._downward else self._grown + length > self._end:
            raise PoolExhausted(f"no {length} bytes of address space left in {self._use.name}")
        if not self._tables.memory.pfn.ensure_pages(pages):
            raise PoolExhausted("no page of RAM is left")
        if not self._account.charge(pages):
            raise PoolExhausted("commit limit reached")
        address = self._grown - length if self._downward else self._grown
        self._grown = address if self._downward else address + length
        for offset in range(0, length, self._page):
            self._map_page(address + offset)
        self.pages += pages
        self._insert_free(address, length)

    def _map_page(self, address: int) -> None:
        memory = self._tables.memory
        index = self._tables.ensure(address, user=False)
        frame = memory.pfn.take_zeroed(self._use)
        memory.write(index, memory.table_entry(frame, user=False) | self._no_execute)
        memory.own(frame, index, memory.architecture.pte_address(address), memory.format.demand_zero(MM_READWRITE))
        self.page_made(frame, address)

    def _zero(self, address: int, size: int) -> None:
        ram = memoryview(self._tables.memory.entries).cast("B")
        while size:
            frame = self.word(address) >> self._tables.memory.entries_shift
            count = min(size, self._page - address % self._page)
            start = frame * self._page + address % self._page
            ram[start : start + count] = bytes(count)
            address, size = address + count, size - count

    @property
    def grown_range(self) -> tuple[int, int]:
        """[start, end) of the addresses that have pages."""
        return (self._grown, self._end) if self._downward else (self._start, self._grown)

    @property
    def mapped_ranges(self) -> list[tuple[int, int]]:
        """All [start, end) that have pages, in the order of addresses."""
        initial = [self.initial_range] if self.initial_range is not None else []
        return sorted([*initial, self.grown_range])

    def ranges(self) -> list[tuple[int, int, bool]]:
        """(address, size, is free) of every block and free range in address order."""
        free = [(address, size, True) for address, size in self._free.items()]
        return sorted(free + [(address, size, False) for address, (size, _) in self._blocks.items()])

    def usage(self) -> dict[str, tuple[int, int]]:
        """By tag: number of blocks and their bytes."""
        by_tag: dict[str, tuple[int, int]] = {}
        for size, tag in self._blocks.values():
            count, total = by_tag.get(tag, (0, 0))
            by_tag[tag] = (count + 1, total + size)
        return by_tag
