"""Large pages of system space: the kernel and the HAL where they lie in RAM, the PFN database, initial nonpaged pool,
chosen drivers.

But for the database, which may have a place of its own, they lie side by side from the kernel's address on. All of them
can be written and executed: that is their price. Where a large page spans more than a directory entry does, as on
IA-64, each of its entries names it.
"""

from dataclasses import dataclass, field

import numpy as np

from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.columns import column
from ntmm.kernel.mm.pfn.runs import take_contiguous_run
from ntmm.kernel.mm.tables import PageTables
from ntmm.nt.memory import MM_EXECUTE_READWRITE


@dataclass(frozen=True, slots=True)
class LargeRun:
    """Adjacent frames that large pages map: byte address, first frame, and how many small pages."""

    address: int
    frame: int
    pages: int


@dataclass
class LargeMappings:
    """The large pages of one machine: the kernel's at `start`, and `runs` in the order of their addresses, between
    `runs_start` and `limit`.
    """

    tables: PageTables
    start: int
    runs_start: int
    limit: int
    runs: list[LargeRun] = field(default_factory=list)
    maps_kernel: bool = False
    """The first large page maps the lowest frames of RAM, whatever they hold: the kernel and the HAL lie there."""

    def map_kernel(self) -> None:
        """Maps the beginning of RAM at the kernel's address."""
        assert not self.maps_kernel and not self.runs
        self.map_frames(self.start, self.tables.memory.architecture.large_page_size, 0)
        self.maps_kernel = True

    def map_run(self, size: int, use: PageUse) -> LargeRun | None:
        """Adjacent zeroed pages for `size` bytes, rounded up to large pages; None if there is no such run of RAM, or no
        room for it up to `limit`.
        """
        architecture, pfn = self.tables.memory.architecture, self.tables.memory.pfn
        large = architecture.large_page_size
        size = -(-size // large) * large
        if size > self.room:
            return None
        pages = size // architecture.page_size
        frame = take_contiguous_run(pfn, pages, large // architecture.page_size, use)
        if frame is None:
            return None
        run = LargeRun(self.end, frame, pages)
        self.map_frames(run.address, size, frame)
        self._name_entries(run)
        self.runs.append(run)
        return run

    def _name_entries(self, run: LargeRun) -> None:
        """The PFN entries of a run name the directory entries that map its pages."""
        memory, architecture = self.tables.memory, self.tables.memory.architecture
        large = architecture.large_page_size
        each = large // architecture.page_size
        starts = range(run.address, run.address + run.pages * architecture.page_size, large)
        indices = [self.tables.directory_index(address) for address in starts]
        for number, index in enumerate(indices):
            self.tables.table_made(index, run.frame + number * each)
        frames = slice(run.frame, run.frame + run.pages)
        column(memory.pfn.pte_frame)[frames] = np.repeat([index >> memory.entries_shift for index in indices], each)
        addresses = np.array([architecture.pde_address(address) for address in starts], np.uint64)
        column(memory.pfn.pte_address)[frames] = addresses.repeat(each)

    @property
    def end(self) -> int:
        """The first address behind the runs."""
        if self.runs:
            last = self.runs[-1]
            return last.address + last.pages * self.tables.memory.architecture.page_size
        return self.runs_start

    @property
    def room(self) -> int:
        """Bytes between the end and `limit`."""
        return max(0, self.limit - self.end)

    def map_frames(self, start: int, size: int, frame: int) -> None:
        """Maps adjacent frames with large pages, in entries that are zero."""
        memory, architecture = self.tables.memory, self.tables.memory.architecture
        large, span = architecture.large_page_size, 1 << architecture.shifts[-2]
        table_span = span << architecture.index_bits[-2]
        bits = memory.format.kernel_bits[MM_EXECUTE_READWRITE] | architecture.LARGE | architecture.DIRTY
        step = architecture.make_pte(large >> architecture.page_shift, 0)
        for first in range(start & -table_span, start + size, table_span):
            at, end = max(first, start), min(first + table_span, start + size)
            index = self.tables.ensure_directory(at, user=False)
            word = architecture.make_pte(frame + (at - start >> architecture.page_shift), bits)
            words = np.arange(word, word + (end - at) // large * step, step, dtype=np.uint64)
            memory.fill(index, words.repeat(architecture.entries_of_large_page))
