"""The page tables of one address space, in RAM: find an entry, make the tables above it, write it, delete tables.

An entry is named by its index among all PTE-sized words of RAM; the table that holds it is index // entries a page.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from ntmm.hw.arch import LARGE
from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG
from ntmm.kernel.mm.tables.table_memory import TableMemory
from ntmm.nt.memory import MM_READWRITE

ABSENT: Final = -1
"""The answer of `find` where an upper table is missing, or a large page needs none."""

PAGED_OUT: Final = -2
"""The answer of `find` where an upper table is not in RAM, or on a page list."""


def _unfilled(address: int) -> None:
    raise AssertionError(f"nothing brings in the page table of {address:#x}")


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
        self.table_made: Callable[[int, int], None] = lambda index, frame: None
        """Slot: told of the entry that leads to a new table and of the table's frame (system tables are shared by all
        spaces, those of user space stand in the working set).
        """
        self.table_dropped: Callable[[int], None] = lambda frame: None
        """Slot: told of a table that is about to be freed."""
        self.bring_in: Callable[[int], None] = _unfilled
        """Slot: makes the tables on the way to an address valid; may wait."""
        self.dirty_bit_lost: Callable[[int], None] | None = None
        """Slot, where writes are watched: told of each private page that goes with its Dirty bit set."""
        self.tables = 0
        self._account = account
        self._shifts = architecture.shifts
        self._masks = tuple((1 << bits) - 1 for bits in architecture.index_bits)
        self._table_shift = architecture.shifts[-2]
        self._leaf_shift = architecture.shifts[-1]
        self._leaf_mask = self._masks[-1]
        self._address_mask = architecture.virtual_mask
        self._leaf_tables: dict[int, int] = {}

    @property
    def leaf_bits(self) -> int:
        """log2 of the PTEs in a page table."""
        return self._leaf_mask.bit_length()

    def find(self, address: int) -> int:
        """Index of the PTE of a byte address, ABSENT or PAGED_OUT."""
        number = (address & self._address_mask) >> self._table_shift
        base = self._leaf_tables.get(number)
        if base is None:
            base = self._walk(address)
            if base < 0:
                return base
            self._leaf_tables[number] = base
        return base + (address >> self._leaf_shift & self._leaf_mask)

    def find_resident(self, address: int) -> int:
        """As `find`, but tables that are not in RAM are brought in first, which may wait: never PAGED_OUT."""
        index = self.find(address)
        while index == PAGED_OUT:
            self.bring_in(address)
            index = self.find(address)
        return index

    def bring_in_range(self, start: int, end: int) -> None:
        """Brings in all tables of [start, end) that are paged out, before anything is changed; may wait, and raises
        GuestFault if one cannot be read.
        """
        span, address = 1 << self._table_shift, start
        while address < end:
            is_hole = self.find_resident(address) == ABSENT
            address = self.skip_absent(address) if is_hole else (address & -span) + span

    def first_invalid(self, address: int) -> tuple[int, int, int]:
        """(index of the entry, level of its table, index of the entry above that table's) of the uppermost entry on
        the way to an address that is not valid; level -1 if all are valid.
        """
        memory = self.memory
        base = self.root << memory.entries_shift
        for level, (shift, mask) in enumerate(zip(self._shifts[:-1], self._masks[:-1], strict=True)):
            index = base + (address >> shift & mask)
            entry = memory.entries[index]
            if not entry & 1:
                return index, level, base
            base = memory.format.frame(entry) << memory.entries_shift
        return ABSENT, -1, base

    def path(self, address: int) -> list[int]:
        """The frames of the tables below the root on the way to an address; all of them must be valid."""
        memory, frames = self.memory, []
        base = self.root << memory.entries_shift
        for shift, mask in zip(self._shifts[:-1], self._masks[:-1], strict=True):
            entry = memory.entries[base + (address >> shift & mask)]
            assert entry & 1
            frames.append(memory.format.frame(entry))
            base = frames[-1] << memory.entries_shift
        return frames

    def user_tables(self) -> list[int]:
        """The frames of all valid tables below the root that lead to user pages."""
        memory, owner = self.memory, self.memory.architecture.OWNER
        depth = len(self._shifts) - 1
        if memory.architecture.name == "pae":
            bases = [memory.format.frame(memory.entries[(self.root << memory.entries_shift) + n]) for n in range(4)]
            depth -= 1
        else:
            bases = [self.root]
        found: list[int] = []
        for _ in range(depth):
            below = []
            for base in bases:
                start = base << memory.entries_shift
                words = memory.entries[start : start + (1 << memory.entries_shift)].tolist()
                below += [memory.format.frame(entry) for entry in words if entry & (LARGE | 1) == 1 and entry & owner]
            found += below
            bases = below
        return found

    def forget_table(self, frame: int) -> None:
        """A table leaves RAM or its place: no PTE may be found through it without a new walk."""
        base = frame << self.memory.entries_shift
        self._leaf_tables = {number: at for number, at in self._leaf_tables.items() if at != base}

    def move_root(self, root: int) -> None:
        """The root lies in another frame from now on (the process was out-swapped meanwhile)."""
        self.root = root
        self.directory = root << self.memory.architecture.page_shift
        self._leaf_tables.clear()

    def find_word(self, address: int) -> int:
        """Index of the PTE-sized word that lies *at* a mapped address: a prototype PTE in paged pool.

        ABSENT if the page is not in RAM now.
        """
        memory, architecture = self.memory, self.memory.architecture
        index = self.find(address)
        if index < 0:
            return self._find_large_word(address)
        page = memory.entries[index]
        if not page & 1:
            return ABSENT
        offset = (address & architecture.page_mask) // architecture.pte_size
        return (memory.format.frame(page) << memory.entries_shift) + offset

    def _find_large_word(self, address: int) -> int:
        """As `find_word`, where a large page may map the address."""
        architecture = self.memory.architecture
        index = self.directory_index(address)
        entry = self.memory.entries[index] if index >= 0 else 0
        if entry & (LARGE | 1) != LARGE | 1:
            return ABSENT
        offset = address & architecture.large_page_size - 1
        return ((entry & architecture.large_frame_mask) + offset) // architecture.pte_size

    def _walk(self, address: int) -> int:
        memory = self.memory
        base = self.root << memory.entries_shift
        for shift, mask in zip(self._shifts[:-1], self._masks[:-1], strict=True):
            entry = memory.entries[base + (address >> shift & mask)]
            if not entry & 1:
                return PAGED_OUT if entry else ABSENT
            if entry & LARGE:
                return ABSENT
            base = memory.format.frame(entry) << memory.entries_shift
        return base

    def ensure(self, address: int, user: bool) -> int:
        """Index of the PTE of an address, with missing tables made of zeroed pages; may wait for paged-out ones."""
        index = self.find_resident(address)
        if index != ABSENT:
            return index
        memory = self.memory
        base = self.root << memory.entries_shift
        for level, (shift, mask) in enumerate(zip(self._shifts[:-1], self._masks[:-1], strict=True), start=1):
            index = base + (address >> shift & mask)
            entry = memory.entries[index]
            assert not entry & LARGE or not entry & 1, f"{address:#x} lies in a large page"
            if not entry & 1:
                self._account.charge_required(1)
                entry = self._make_table(index, level, user, address)
            base = memory.format.frame(entry) << memory.entries_shift
        self._leaf_tables[(address & self._address_mask) >> self._table_shift] = base
        return base + (address >> self._leaf_shift & self._leaf_mask)

    def ensure_directory(self, address: int, user: bool = True) -> int:
        """Index of the page-directory entry of an address; missing upper tables are made.

        May wait for those that are paged out.
        """
        self.find_resident(address)
        memory = self.memory
        base = self.root << memory.entries_shift
        upper = list(zip(self._shifts[:-2], self._masks[:-2], strict=True))
        for level, (shift, mask) in enumerate(upper, start=1):
            index = base + (address >> shift & mask)
            entry = memory.entries[index]
            if not entry & 1:
                self._account.charge_required(1)
                entry = self._make_table(index, level, user, address)
            base = memory.format.frame(entry) << memory.entries_shift
        return base + (address >> self._table_shift & self._masks[-2])

    def directory_index(self, address: int) -> int:
        """Index of the page-directory entry of an address, or ABSENT where an upper table is not valid."""
        memory = self.memory
        base = self.root << memory.entries_shift
        for shift, mask in zip(self._shifts[:-2], self._masks[:-2], strict=True):
            entry = memory.entries[base + (address >> shift & mask)]
            if not entry & 1:
                return ABSENT
            base = memory.format.frame(entry) << memory.entries_shift
        return base + (address >> self._table_shift & self._masks[-2])

    def large_index(self, address: int) -> int:
        """Index of the page-directory entry that maps a large page at an address, or ABSENT."""
        index = self.directory_index(address)
        return index if index >= 0 and self.memory.entries[index] & (LARGE | 1) == LARGE | 1 else ABSENT

    def drop_empty_directory(self, address: int) -> None:
        """Frees the page directory of an address if no entry of it is in use, and empty tables above it."""
        self._drop_if_empty(address, len(self._shifts) - 2)

    def missing_tables(self, start: int, end: int) -> int:
        """At most how many tables `ensure` would have to make for all of [start, end)."""
        span, missing = 1 << self._table_shift, 0
        for address in range(start & -span, end, span):
            missing += self.find(address) < 0
        upper_levels = len(self._shifts) - 2
        return missing + (missing // (self._leaf_mask + 1) + 2) * upper_levels if missing else 0

    def _make_table(self, index: int, level: int, user: bool, address: int) -> int:
        memory = self.memory
        frame = memory.pfn.take_zeroed(PageUse.PAGE_TABLE)
        entry = memory.table_entry(frame, user)
        memory.write(index, entry)
        self.made[level] += 1
        self.tables += 1
        self.peak_tables = max(self.peak_tables, self.tables)
        pte_address = memory.architecture.entry_address(level - 1, address)
        memory.own(frame, index, pte_address, memory.format.demand_zero(MM_READWRITE))
        memory.pfn.flags[frame] = MODIFIED_FLAG
        self.table_made(index, frame)
        return entry

    def drop_empty_tables(self, start: int, end: int) -> None:
        """Frees the tables below the root that map [start, end) and have no entry in use left."""
        span = 1 << self._table_shift
        address = start & -span
        while address < end:
            if self.find_resident(address) != ABSENT:
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
            if not entry & 1 or entry & LARGE:
                assert entry & 1 or not entry, "a hole is asked for where a table is paged out"
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
            self.table_dropped(frame)
            memory.write(index, 0)
            self.forget_table(frame)
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
            index = self.find_resident(address)
            if index == ABSENT:
                address = self.skip_absent(address)
                continue
            stop = min(end, (address & -span) + span)
            while address < stop:
                yield address, index
                address += page
                index += 1

    def resident(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """As `existing`, without empty PTEs and without the tables that are not valid now: it never waits, and says
        nothing of their PTEs.
        """
        base = start - (start & self._address_mask)  # the sign extension of an address of system space
        yield from self._resident_below(self.root << self.memory.entries_shift, 0, base, start, end)

    def _resident_below(self, table: int, level: int, base: int, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The part of [start, end) below one table, whose first entry maps the address `base`."""
        memory, shift = self.memory, self._shifts[level]
        first = max(0, start - base >> shift)
        last = min(self._masks[level] + 1, (end - 1 - base >> shift) + 1)
        is_leaf = level == len(self._shifts) - 1
        for slot, entry in enumerate(memory.entries[table + first : table + last].tolist(), first):
            if is_leaf and entry:
                yield base + (slot << shift), table + slot
            elif not is_leaf and entry & (LARGE | 1) == 1:
                below, address = memory.format.frame(entry) << memory.entries_shift, base + (slot << shift)
                yield from self._resident_below(below, level + 1, address, start, end)
