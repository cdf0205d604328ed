"""A process's working-set list: an array of WSLEs in the list's own pages in hyperspace (MMWSL).

WSLE   63/31..12 virtual page number | 7..3 protection | 2 locked in memory | 1 locked in set | 0 valid
free   entry 0, linked by a stack of free indices
"""

from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.tables import PageTables

VALID: Final = 1
LOCKED_IN_SET: Final = 2
_PROTECTION_SHIFT: Final = 3


class WorkingSet:
    """Entries of one process. `count` pages now, `peak` at most; the first list page exists from creation on."""

    def __init__(self, tables: PageTables, ram: Ram, base_address: int, account: CommitAccount) -> None:
        architecture = tables.memory.architecture
        self._tables = tables
        self._base = base_address
        self._account = account
        self._page_size = architecture.page_size
        self._page_shift = architecture.page_shift
        self._words = ram.u64 if architecture.pointer_size == 8 else ram.u32
        self._slot_shift = architecture.page_shift - (architecture.pointer_size.bit_length() - 1)
        self._slot_mask = (1 << self._slot_shift) - 1
        self._vpn_limit = (1 << (architecture.pointer_size * 8 - architecture.page_shift)) - 1
        self._frames: list[int] = []
        self._free: list[int] = []
        self._next = 0
        self._shared: dict[int, int] = {}
        self.count = 0
        self._peak = 0
        self._next_word = self._end_word = 0
        self._add_list_page()

    @property
    def peak(self) -> int:
        """The most pages it ever had."""
        return max(self._peak, self.count)

    @property
    def list_pages(self) -> int:
        """Pages that hold the list itself."""
        return len(self._frames)

    def insert(self, vpn: int, protection: int) -> int:
        """Adds a page and answers its index, to be kept in the page's PFN entry (MiAllocateWsle)."""
        if self._free:
            index = self._free.pop()
            word = self._word(index)
        else:
            word = self._next_word
            if word == self._end_word:
                self._add_list_page()
                word = self._next_word
            self._next_word = word + 1
            index = self._next
            self._next = index + 1
        self._words[word] = (vpn & self._vpn_limit) << self._page_shift | protection << _PROTECTION_SHIFT | VALID
        self.count += 1
        return index

    def insert_shared(self, vpn: int, protection: int) -> None:
        """Adds a page that other processes may have too: its index is kept by page number, not in the PFN entry."""
        self._shared[vpn] = self.insert(vpn, protection)

    def remove(self, index: int) -> None:
        """Takes the entry out (MiRemoveWsle)."""
        word = self._word(index)
        assert self._words[word] & VALID, f"working-set entry {index} removed twice"
        self._words[word] = 0
        self._free.append(index)
        self._peak = max(self._peak, self.count)
        self.count -= 1

    def remove_shared(self, vpn: int) -> None:
        """Takes the entry of a shared page out."""
        self.remove(self._shared.pop(vpn))

    def shared_protection(self, vpn: int) -> int:
        """The MM_* code kept in the entry of a shared page."""
        return self._words[self._word(self._shared[vpn])] >> _PROTECTION_SHIFT & 0x1F

    def set_protection(self, index: int, protection: int) -> None:
        """Changes the MM_* code in an entry."""
        word = self._word(index)
        self._words[word] = self._words[word] & ~(0x1F << _PROTECTION_SHIFT) | protection << _PROTECTION_SHIFT

    def set_shared_protection(self, vpn: int, protection: int) -> None:
        """Changes the MM_* code in the entry of a shared page."""
        self.set_protection(self._shared[vpn], protection)

    def _word(self, index: int) -> int:
        """Index of an entry among all pointer-sized words of RAM."""
        return (self._frames[index >> self._slot_shift] << self._slot_shift) + (index & self._slot_mask)

    def entries(self) -> list[tuple[int, int, int]]:
        """(index, virtual page number, protection code) of every valid entry, read from RAM."""
        found = []
        for index in range(self._next):
            value = self._words[self._word(index)]
            if value & VALID:
                found.append((index, value >> self._page_shift, value >> _PROTECTION_SHIFT & 0x1F))
        return found

    def _add_list_page(self) -> None:
        memory = self._tables.memory
        self._account.charge_required(1)
        address = self._base + len(self._frames) * self._page_size
        index = self._tables.ensure(address, user=False)
        frame = memory.pfn.take_zeroed(PageUse.WORKING_SET_LIST)
        memory.write(index, memory.table_entry(frame, user=False) | memory.architecture.no_execute)
        memory.pfn.pte_address[frame] = memory.architecture.pte_address(address)
        memory.pfn.pte_frame[frame] = index >> memory.entries_shift
        self._frames.append(frame)
        self._next_word = frame << self._slot_shift
        self._end_word = self._next_word + self._slot_mask + 1

    def release(self) -> None:
        """Frees the list's own pages; every entry must be gone."""
        assert not self.count, f"working set deleted with {self.count} pages"
        memory = self._tables.memory
        for number, frame in enumerate(self._frames):
            memory.write(self._tables.find(self._base + number * self._page_size), 0)
            memory.pfn.free(frame)
        self._account.give_back(len(self._frames))
        end = self._base + len(self._frames) * self._page_size
        self._frames.clear()
        self._tables.drop_empty_tables(self._base, end)
