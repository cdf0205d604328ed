"""The page tables of one address space, in RAM: find an entry, make the tables above it, write it, delete tables.

An entry is named by its index among all PTE-sized words of RAM; the table that holds it is index // entries a page.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from ntmm.hw.arch import Architecture
from ntmm.hw.ram import Ram
from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.pfn import PageUse, PfnDatabase
from ntmm.kernel.mm.tables.formats import PROTOTYPE, TRANSITION, PteFormat

ABSENT: Final = -1
"""The answer of `find` where an upper table is missing."""


class TableMemory:
    """What all page tables of a machine share: RAM as PTE-sized words, the PFN database, and the TLB's slot."""

    def __init__(self, ram: Ram, architecture: Architecture, pfn: PfnDatabase, pte_format: PteFormat) -> None:
        self.architecture = architecture
        self.pfn = pfn
        self.format = pte_format
        self.entries = ram.u64 if architecture.pte_size == 8 else ram.u32
        self.entries_shift = architecture.page_shift - (architecture.pte_size.bit_length() - 1)
        self.mark_stale: Callable[[], None] = lambda: None
        """Slot: the CPU's TLB must be flushed before the next entry."""
        self.changed: Callable[[int, int, int], None] | None = None
        """Slot: told (index, before, after) of every entry while a recorder listens."""

    def table_entry(self, frame: int, user: bool) -> int:
        """The upper-level entry that points to a table (Windows: 0x67 for user, 0x63 for system tables)."""
        architecture = self.architecture
        bits = architecture.VALID | architecture.WRITE | architecture.ACCESSED | architecture.DIRTY
        return frame << architecture.page_shift | bits | (architecture.OWNER if user else 0)

    def write(self, index: int, new: int) -> None:
        """Writes any entry; keeps the counts of its table and flushes the TLB if the old one was valid."""
        old = self.entries[index]
        table = index >> self.entries_shift
        pfn = self.pfn
        if old != 0:
            pfn.used_entries[table] -= 1
            if _holds_page(old):
                pfn.share_count[table] -= 1
        if new != 0:
            pfn.used_entries[table] += 1
            if _holds_page(new):
                pfn.share_count[table] += 1
        self.entries[index] = new
        if self.changed is not None:
            self.changed(index, old, new)
        if old & 1:
            self.mark_stale()


def _holds_page(pte: int) -> bool:
    """True for a valid or transition entry: it names a frame."""
    return bool(pte & 1) or pte & (TRANSITION | PROTOTYPE) == TRANSITION


class PageTables:
    """The tables under one root. `owner_bit` is the U/S bit for entries that lead to user pages.

    Every table that it makes is charged to `account`.
    """

    def __init__(
        self,
        memory: TableMemory,
        root: int,
        account: CommitAccount,
    ) -> None:
        architecture = memory.architecture
        self.memory = memory
        self.root = root
        self.directory = root << architecture.page_shift
        self.peak_tables = 0
        self.made: Counter[int] = Counter()
        """Page tables made on demand, by level counted from the top (1 is below the root)."""
        self.table_made: Callable[[int], None] = lambda index: None
        """Slot: told of the entry that leads to a new table (system tables are shared by all spaces)."""
        self.tables = 0
        self._account = account
        self._shifts = architecture.shifts
        self._masks = tuple((1 << bits) - 1 for bits in architecture.index_bits)
        self._table_shift = architecture.shifts[-2]
        self._leaf_shift = architecture.shifts[-1]
        self._leaf_mask = self._masks[-1]
        self._address_mask = architecture.virtual_mask
        self._leaf_tables: dict[int, int] = {}

    def find(self, address: int) -> int:
        """Index of the PTE of a byte address, or ABSENT."""
        number = (address & self._address_mask) >> self._table_shift
        base = self._leaf_tables.get(number)
        if base is None:
            base = self._walk(address)
            if base == ABSENT:
                return ABSENT
            self._leaf_tables[number] = base
        return base + (address >> self._leaf_shift & self._leaf_mask)

    def find_word(self, address: int) -> int:
        """Index of the PTE-sized word that lies *at* a mapped address: a prototype PTE in paged pool."""
        memory = self.memory
        page = memory.entries[self.find(address)]
        assert page & 1, f"no page holds {address:#x}"
        offset = (address & memory.architecture.page_mask) // memory.architecture.pte_size
        return (memory.format.frame(page) << memory.entries_shift) + offset

    def _walk(self, address: int) -> int:
        memory = self.memory
        base = self.root << memory.entries_shift
        for shift, mask in zip(self._shifts[:-1], self._masks[:-1], strict=True):
            entry = memory.entries[base + (address >> shift & mask)]
            if not entry & 1:
                return ABSENT
            base = memory.format.frame(entry) << memory.entries_shift
        return base

    def ensure(self, address: int, user: bool) -> int:
        """Index of the PTE of an address, with missing tables made of zeroed pages."""
        index = self.find(address)
        if index != ABSENT:
            return index
        memory = self.memory
        base = self.root << memory.entries_shift
        for level, (shift, mask) in enumerate(zip(self._shifts[:-1], self._masks[:-1], strict=True), start=1):
            index = base + (address >> shift & mask)
            entry = memory.entries[index]
            if not entry & 1:
                self._account.charge_required(1)
                entry = self._make_table(index, level, user)
            base = memory.format.frame(entry) << memory.entries_shift
        self._leaf_tables[(address & self._address_mask) >> self._table_shift] = base
        return base + (address >> self._leaf_shift & self._leaf_mask)

    def missing_tables(self, start: int, end: int) -> int:
        """At most how many tables `ensure` would have to make for all of [start, end)."""
        span, missing = 1 << self._table_shift, 0
        for address in range(start & -span, end, span):
            missing += self.find(address) == ABSENT
        upper_levels = len(self._shifts) - 2
        return missing + (missing // (self._leaf_mask + 1) + 2) * upper_levels if missing else 0

    def _make_table(self, index: int, level: int, user: bool) -> int:
        memory = self.memory
        frame = memory.pfn.take_zeroed(PageUse.PAGE_TABLE)
        entry = memory.table_entry(frame, user)
        memory.write(index, entry)
        self.made[level] += 1
        self.tables += 1
        self.peak_tables = max(self.peak_tables, self.tables)
        self.own_table(frame, index)
        self.table_made(index)
        return entry

    def own_table(self, frame: int, parent_index: int) -> None:
        """Names the entry that maps a table in the table's own PFN entry."""
        pfn = self.memory.pfn
        pfn.pte_frame[frame] = parent_index >> self.memory.entries_shift
        pfn.pte_address[frame] = parent_index * self.memory.architecture.pte_size % pfn.page_size
        pfn.original_pte[frame] = 0

    def drop_empty_tables(self, start: int, end: int) -> None:
        """Frees the tables below the root that map [start, end) and have no entry in use left."""
        span = 1 << self._table_shift
        address = start & -span
        while address < end:
            if self.find(address) != ABSENT:
                self._drop_if_empty(address, len(self._shifts) - 1)
                address += span
            else:
                address = self.skip_absent(address)

    def skip_absent(self, address: int) -> int:
        """The first address behind the largest hole at `address`: a missing upper table is passed over whole."""
        memory = self.memory
        base = self.root << memory.entries_shift
        for shift, mask in zip(self._shifts[:-1], self._masks[:-1], strict=True):
            entry = memory.entries[base + (address >> shift & mask)]
            if not entry & 1:
                return ((address >> shift) + 1) << shift
            base = memory.format.frame(entry) << memory.entries_shift
        return address + (1 << self._table_shift)

    def _drop_if_empty(self, address: int, depth: int) -> None:
        """Frees the table `depth` levels below the root on the way to `address`, then empty ones above it."""
        memory, pfn = self.memory, self.memory.pfn
        while depth >= self._lowest_removable:
            index = self._entry_above(address, depth)
            frame = memory.format.frame(memory.entries[index])
            if pfn.used_entries[frame]:
                return
            memory.write(index, 0)
            self._leaf_tables.pop((address & self._address_mask) >> self._table_shift, None)
            pfn.free(frame)
            self.tables -= 1
            self._account.give_back(1)
            depth -= 1

    @property
    def _lowest_removable(self) -> int:
        """PAE's four page directories belong to the root and stay as long as it does."""
        return 2 if self.memory.architecture.name == "pae" else 1

    def _entry_above(self, address: int, depth: int) -> int:
        """Index of the entry that points to the table `depth` levels below the root."""
        memory = self.memory
        base = self.root << memory.entries_shift
        for shift, mask in list(zip(self._shifts, self._masks, strict=True))[: depth - 1]:
            base = memory.format.frame(memory.entries[base + (address >> shift & mask)]) << memory.entries_shift
        return base + (address >> self._shifts[depth - 1] & self._masks[depth - 1])

    def existing(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """(address, index) of every PTE of [start, end) whose page table exists, holes skipped whole."""
        page = self.memory.architecture.page_size
        span = 1 << self._table_shift
        address = start
        while address < end:
            index = self.find(address)
            if index == ABSENT:
                address = self.skip_absent(address)
                continue
            stop = min(end, (address & -span) + span)
            while address < stop:
                yield address, index
                address += page
                index += 1
