"""A working-set list: an array of WSLEs in pages of its own (MMWSL, MMWSLE), and the limits of the set (MMSUPPORT).

    WSLE   63/31..12 virtual page number | 11..10 age | 9 direct | 8 hashed | 7..3 protection |
           2 locked in memory | 1 locked in working set | 0 valid
    free   63/31..4 index of the next free entry | 0 clear

The first page begins with the header. Entries below `first_dynamic` are never replaced: the top tables and the list's
own pages first, then locked pages.
"""

from collections.abc import Callable, Iterator
from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import PROTOTYPE_FLAG
from ntmm.kernel.mm.tables import PageTables
from ntmm.kernel.mm.working_set.entries import Entry, ListPlaces
from ntmm.kernel.mm.working_set.limits import WorkingSetLimits

VALID: Final = 1
LOCKED_IN_SET: Final = 2
LOCKED_IN_MEMORY: Final = 4
LOCKED: Final = LOCKED_IN_SET | LOCKED_IN_MEMORY
PROTECTION_SHIFT: Final = 3
AGE_SHIFT: Final = 10
AGE_MASK: Final = 3
MAXIMUM_AGE: Final = 3

HEADER_BYTES: Final = 0x80
"""Room for the header's fields; the WSLEs follow."""

FREE_SHIFT: Final = 4
END_OF_CHAIN: Final = 0xFFFFFFF
"""End of the chain of free entries."""

GROWTH: Final = 20
"""Pages by which the quota rises at once while memory is plentiful."""


class WorkingSet:
    """The list of one process, or of the system. `count` pages now, `peak` at most; one list page exists always.

    `quota` is the number of pages at which the next one must find room: the maximum, or more while memory is plentiful.
    """

    def __init__(
        self, tables: PageTables, ram: Ram, base_address: int, account: CommitAccount, limits: WorkingSetLimits
    ) -> None:
        architecture = tables.memory.architecture
        self.tables = tables
        self.limits = limits
        self.quota = limits.maximum
        self.first_dynamic = self.fixed = 0
        """Entries in front that are never replaced and cannot be unlocked."""
        self.next_slot = 0
        self.trimmed = 0
        """Pages taken away since creation, by replacement and by trimming."""
        self.at_quota: Callable[[WorkingSet], None] = _grow
        """Slot: makes room for one more page, or raises the quota."""
        self._base = base_address
        self._account = account
        self._page_size = architecture.page_size
        self._page_shift = architecture.page_shift
        self.words = ram.u64 if architecture.pointer_size == 8 else ram.u32
        """RAM as words of a WSLE's size."""
        self._slot_shift = architecture.page_shift - (architecture.pointer_size.bit_length() - 1)
        self._slot_mask = (1 << self._slot_shift) - 1
        self._vpn_limit = (1 << (architecture.pointer_size * 8 - architecture.page_shift)) - 1
        self._header = HEADER_BYTES // architecture.pointer_size
        self._frames: list[int] = []
        self.first_free = END_OF_CHAIN
        """The first free entry below the end of the list, END_OF_CHAIN if there is none."""
        self._next = 0
        self._shared: dict[int, int] = {}
        self.locked_file_pages = set[int]()  # page numbers of locked pages of files, for which no commit is charged
        self.count = 0
        self._peak = 0
        self._next_word = self._end_word = 0
        self._add_list_page()
        self._next_word += self._header

    # figures

    @property
    def peak(self) -> int:
        """The most pages it ever had."""
        return max(self._peak, self.count)

    @property
    def list_pages(self) -> int:
        """Pages that hold the list itself."""
        return len(self._frames)

    @property
    def list_frames(self) -> tuple[int, ...]:
        """The frames of those pages."""
        return tuple(self._frames)

    @property
    def last_entry(self) -> int:
        """The highest index ever used, -1 before the first."""
        return self._next - 1

    @property
    def last_initialized(self) -> int:
        """The highest index that the list's pages have room for."""
        return (len(self._frames) << self._slot_shift) - self._header - 1

    @property
    def locked(self) -> int:
        """Pages that are locked."""
        return self.first_dynamic - self.fixed

    @property
    def shared_pages(self) -> int:
        """Pages of sections; the others are the process's own."""
        return len(self._shared)

    @property
    def list_places(self) -> ListPlaces:
        """Where the entries lie among `words`, for those who look at all of them at once."""
        return ListPlaces(self._header, self._slot_shift, self.list_frames)

    # adding and removing

    def insert(self, vpn: int, protection: int) -> int:
        """Adds a page and answers its index, to be kept in the page's PFN entry (MiAllocateWsle)."""
        if self.count >= self.quota:
            self.at_quota(self)
        index = self.first_free
        if index != END_OF_CHAIN:
            word = self._word(index)
            self.first_free = self.words[word] >> FREE_SHIFT
        else:
            word = self._next_word
            if word == self._end_word:
                self._add_list_page()
                word = self._next_word
            self._next_word = word + 1
            index = self._next
            self._next = index + 1
        self.words[word] = (vpn & self._vpn_limit) << self._page_shift | protection << PROTECTION_SHIFT | VALID
        self.count += 1
        return index

    def insert_shared(self, vpn: int, protection: int) -> None:
        """Adds a page that other processes may have too: its index is kept by page number, not in the PFN entry."""
        self._shared[vpn] = self.insert(vpn, protection)

    def insert_fixed(self, vpn: int, protection: int) -> None:
        """Adds a page that is never replaced; only while nothing but such pages is in the list."""
        assert self.first_dynamic == self._next
        self.fixed = self.first_dynamic = self.next_slot = self.insert(vpn, protection) + 1

    def remove(self, index: int) -> None:
        """Takes the entry out (MiRemoveWsle)."""
        if index < self.first_dynamic:
            index = self._close_gap(index)
        word = self._word(index)
        assert self.words[word] & VALID, f"working-set entry {index} removed twice"
        self.words[word] = self.first_free << FREE_SHIFT
        self.first_free = index
        self._peak = max(self._peak, self.count)
        self.count -= 1

    def note_removed(self, count: int) -> None:
        """`scan` took so many entries out at once; it chains the free ones itself."""
        self._peak = max(self._peak, self.count)
        self.count -= count

    def remove_shared(self, vpn: int) -> None:
        """Takes the entry of a shared page out."""
        self.locked_file_pages.discard(vpn)
        self.remove(self._shared.pop(vpn))

    # single entries

    def shared_index(self, vpn: int) -> int:
        """The index of a shared page's entry."""
        return self._shared[vpn]

    def shared_protection(self, vpn: int) -> int:
        """The MM_* code kept in the entry of a shared page."""
        return self.words[self._word(self._shared[vpn])] >> PROTECTION_SHIFT & 0x1F

    def set_protection(self, index: int, protection: int) -> None:
        """Changes the MM_* code in an entry."""
        word = self._word(index)
        self.words[word] = self.words[word] & ~(0x1F << PROTECTION_SHIFT) | protection << PROTECTION_SHIFT

    def set_shared_protection(self, vpn: int, protection: int) -> None:
        """Changes the MM_* code in the entry of a shared page."""
        self.set_protection(self._shared[vpn], protection)

    def age(self, index: int) -> int:
        """How often a page was found not accessed, 0 to 3."""
        return self.words[self._word(index)] >> AGE_SHIFT & AGE_MASK

    def set_age(self, index: int, age: int) -> None:
        """Changes the age in an entry."""
        word = self._word(index)
        self.words[word] = self.words[word] & ~(AGE_MASK << AGE_SHIFT) | age << AGE_SHIFT

    def value(self, index: int) -> int:
        """The raw WSLE."""
        return self.words[self._word(index)]

    def pte_index_of(self, value: int) -> int:
        """Index of the PTE that maps the page of a raw WSLE."""
        return self.tables.find(value >> self._page_shift << self._page_shift)

    def _word(self, index: int) -> int:
        """Index of an entry among all pointer-sized words of RAM."""
        place = index + self._header
        return (self._frames[place >> self._slot_shift] << self._slot_shift) + (place & self._slot_mask)

    def entries(self) -> Iterator[Entry]:
        """Every valid entry, read from RAM."""
        for index in range(self._next):
            value = self.words[self._word(index)]
            if value & VALID:
                protection = value >> PROTECTION_SHIFT & 0x1F
                yield Entry(index, value >> self._page_shift, protection, value >> AGE_SHIFT & AGE_MASK, value & LOCKED)

    # locked pages: kept in front of `first_dynamic`

    def lock(self, index: int, kind: int) -> None:
        """Locks a page's entry (LOCKED_IN_SET or LOCKED_IN_MEMORY); it is not replaced until it is unlocked."""
        if index >= self.first_dynamic:
            self._swap(index, self.first_dynamic)
            index = self.first_dynamic
            self.first_dynamic += 1
            self.next_slot = max(self.next_slot, self.first_dynamic)
        self.words[self._word(index)] |= kind

    def unlock(self, index: int, kind: int) -> None:
        """Takes a lock away; without any the page may be replaced again."""
        word = self._word(index)
        self.words[word] &= ~kind
        if not self.words[word] & LOCKED and index < self.first_dynamic:
            self.first_dynamic -= 1
            self._swap(index, self.first_dynamic)

    def _close_gap(self, index: int) -> int:
        """A locked or fixed page goes, its PTE is gone already: the last locked entry takes its place."""
        self.first_dynamic -= 1
        last = self.first_dynamic
        if index != last:
            value = self.words[self._word(last)]
            self.words[self._word(index)] = value
            self._tell_page(value, index)
        return last

    def _swap(self, one: int, other: int) -> None:
        """Exchanges two entries and tells their pages; a free entry keeps its place in the chain."""
        if one == other:
            return
        first, second = self._word(one), self._word(other)
        values = self.words[first], self.words[second]
        self.words[first], self.words[second] = values[1], values[0]
        if not values[1] & VALID:
            self._relink(other, one)
        for value, index in ((values[0], other), (values[1], one)):
            if value & VALID:
                self._tell_page(value, index)

    def _relink(self, before: int, after: int) -> None:
        """A free entry moved: whoever names it in the chain names its new place."""
        if self.first_free == before:
            self.first_free = after
            return
        index = self.first_free
        while True:
            word = self._word(index)
            following = self.words[word] >> FREE_SHIFT
            assert following != END_OF_CHAIN, f"free working-set entry {before} is in no chain"
            if following == before:
                self.words[word] = after << FREE_SHIFT
                return
            index = following

    def _tell_page(self, value: int, index: int) -> None:
        vpn = value >> self._page_shift
        if vpn in self._shared:
            self._shared[vpn] = index
            return
        memory = self.tables.memory
        frame = memory.format.frame(memory.entries[self.pte_index_of(value)])
        if not memory.pfn.flags[frame] & PROTOTYPE_FLAG:
            memory.pfn.working_set_index[frame] = index

    # the list's own pages

    def _add_list_page(self) -> None:
        memory = self.tables.memory
        self._account.charge_required(1)
        address = self._base + len(self._frames) * self._page_size
        index = self.tables.ensure(address, user=False)
        frame = memory.pfn.take_zeroed(PageUse.WORKING_SET_LIST)
        memory.write(index, memory.table_entry(frame, user=False) | memory.architecture.no_execute)
        memory.own(frame, index, memory.architecture.pte_address(address), memory.format.demand_zero(4))
        self._frames.append(frame)
        self._next_word = frame << self._slot_shift
        self._end_word = self._next_word + self._slot_mask + 1

    def replace_list_page(self, number: int, frame: int) -> None:
        """A list page came back into another frame (the process was swapped in)."""
        old = self._frames[number]
        self._frames[number] = frame
        if number == len(self._frames) - 1:
            offset = self._next_word - (old << self._slot_shift)
            self._next_word = (frame << self._slot_shift) + offset
            self._end_word = frame + 1 << self._slot_shift

    def write_header(self, first_wsle_offset: int, fields: dict[str, int]) -> None:
        """Fills the MMWSL header for readers of raw memory; `fields` are byte offsets of its fields."""
        size = 8 if self.words.itemsize == 8 else 4
        start = self._frames[0] << self._slot_shift
        values = {
            "FirstFree": self.first_free,
            "FirstDynamic": self.first_dynamic,
            "LastEntry": self.last_entry,
            "NextSlot": self.next_slot,
        }
        page = memoryview(self.words).cast("B")[start * size : start * size + HEADER_BYTES]
        for name, offset in fields.items():
            if name in values:
                page[offset : offset + 4] = (values[name] & 0xFFFFFFFF).to_bytes(4, "little")
            else:
                page[offset : offset + size] = (self._base + first_wsle_offset).to_bytes(size, "little")

    def release(self) -> None:
        """Frees the list's own pages; every entry but the fixed ones must be gone."""
        assert self.count == self.first_dynamic, f"working set deleted with {self.count} pages"
        memory = self.tables.memory
        for number, frame in enumerate(self._frames):
            memory.write(self.tables.find(self._base + number * self._page_size), 0)
            memory.pfn.free(frame)
        self._account.give_back(len(self._frames))
        end = self._base + len(self._frames) * self._page_size
        self._frames.clear()
        self.count = 0
        self.tables.drop_empty_tables(self._base, end)


def _grow(working_set: WorkingSet) -> None:
    """Without a memory manager's rule a working set grows as it likes."""
    working_set.quota = working_set.count + GROWTH
