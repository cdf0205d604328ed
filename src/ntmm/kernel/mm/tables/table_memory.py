"""What all page tables of a machine share: RAM as PTE-sized words, the PFN database, and every write of an entry."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from ntmm.hw.arch import Architecture
from ntmm.hw.ram import Ram
from ntmm.kernel.mm.pfn import PfnDatabase
from ntmm.kernel.mm.pfn.columns import column
from ntmm.kernel.mm.tables.formats import PROTOTYPE, TRANSITION, PteFormat

_SOFTWARE_KIND: Final = TRANSITION | PROTOTYPE
"""An invalid entry with only TRANSITION of these names a frame, as a valid one does."""


class TableMemory:
    """What all page tables of a machine share: RAM as PTE-sized words, the PFN database, and the TLB's slot."""

    def __init__(
        self,
        ram: Ram,
        architecture: Architecture,
        pfn: PfnDatabase,
        pte_format: PteFormat,
        system_range_start: int,
    ) -> None:
        """`system_range_start` is where user space ends for every process."""
        self.architecture = architecture
        self.pfn = pfn
        self.system_range_start = system_range_start
        self.format = pte_format
        self.stack_no_execute = architecture.no_execute
        self.paged_pool_no_execute = architecture.no_execute if architecture.pointer_size == 8 else 0
        """The bit that pages of kernel stacks and of paged pool have: 32-bit systems protect only stacks."""
        self.entries = ram.u64 if architecture.pte_size == 8 else ram.u32
        self.entries_shift = architecture.page_shift - (architecture.pte_size.bit_length() - 1)
        self.mark_stale: Callable[[], None] = lambda: None
        """Slot: the CPU's TLB must be flushed before the next entry."""
        self.changed: Callable[[int, int, int], None] | None = None
        """Slot: told (index, before, after) of every entry while a recorder listens."""

    def own(self, frame: int, index: int, pte_address: int, original: int) -> None:
        """Names the PTE that maps a page in the page's PFN entry, and what that PTE becomes without the page."""
        pfn = self.pfn
        pfn.pte_frame[frame] = index >> self.entries_shift
        pfn.pte_address[frame] = pte_address
        pfn.original_pte[frame] = original

    def count_entries(self, table: int) -> int:
        """Non-zero entries of a table that came back from the paging file; nothing else counted them meanwhile."""
        start = table << self.entries_shift
        words = self.entries[start : start + (1 << self.entries_shift)].tolist()
        return len(words) - words.count(0)

    def table_entry(self, frame: int, user: bool) -> int:
        """The upper-level entry that points to a table (Windows: 0x67 for user, 0x63 for system tables)."""
        architecture = self.architecture
        bits = architecture.VALID | architecture.WRITE | architecture.ACCESSED | architecture.DIRTY
        return frame << architecture.page_shift | bits | (architecture.OWNER if user else 0)

    def fill(self, first: int, words: npt.NDArray[np.uint64]) -> None:
        """Writes adjacent valid entries of one table, from index `first` on, that were all zero."""
        table, end = first >> self.entries_shift, first + len(words)
        entries = column(self.entries)[first:end]
        assert table == end - 1 >> self.entries_shift and not entries.any()
        entries[:] = words
        self.pfn.used_entries[table] += len(words)
        self.pfn.share_count[table] += len(words)
        if self.changed is not None:
            for index, word in enumerate(words.tolist(), first):
                self.changed(index, 0, word)

    def write(self, index: int, new: int) -> None:
        """Writes any entry; keeps the counts of its table and flushes the TLB if the old one was valid."""
        old = self.entries[index]
        table = index >> self.entries_shift
        pfn = self.pfn
        if old != 0:
            pfn.used_entries[table] -= 1
            if old & 1 or old & _SOFTWARE_KIND == TRANSITION:
                pfn.share_count[table] -= 1
        if new != 0:
            pfn.used_entries[table] += 1
            if new & 1 or new & _SOFTWARE_KIND == TRANSITION:
                pfn.share_count[table] += 1
        self.entries[index] = new
        if self.changed is not None:
            self.changed(index, old, new)
        if old & 1:
            self.mark_stale()
