"""The PFN database in system space: large pages map it where they map the kernel, else small ones do."""

from dataclasses import dataclass

import numpy as np

from ntmm.kernel.mm.large_mappings import LargeMappings
from ntmm.kernel.mm.tables import PageTables
from ntmm.nt.memory import MM_READWRITE


@dataclass(frozen=True, slots=True)
class PfnMapping:
    """Where the database lies: `address` in bytes; `frames` are those it is mapped to, the last of RAM."""

    tables: PageTables
    address: int
    frames: range
    is_large: bool
    entry_size: int

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.address + len(self.frames) * self.tables.memory.architecture.page_size

    def entry_address(self, frame: int) -> int:
        """Virtual address of the entry of a frame."""
        return self.address + frame * self.entry_size

    def entry_of(self, frame: int) -> tuple[int, int]:
        """(index, virtual address) of the PTE or page-directory entry that maps one of `frames`."""
        architecture = self.tables.memory.architecture
        at = self.address + (frame - self.frames.start << architecture.page_shift)
        if self.is_large:
            return self.tables.directory_index(at), architecture.pde_address(at)
        return self.tables.find(at), architecture.pte_address(at)

    def map(self, large: LargeMappings) -> None:
        """Writes the entries, once, when the machine boots."""
        if self.is_large:
            large.map_frames(self.address, self.end - self.address, self.frames.start)
        else:
            self._map_small()

    def _map_small(self) -> None:
        memory, architecture = self.tables.memory, self.tables.memory.architecture
        span, page = 1 << architecture.shifts[-2], architecture.page_size
        for first in range(self.address & -span, self.end, span):
            start, end = max(first, self.address), min(first + span, self.end)
            index = self.tables.ensure(start, user=False)
            frame = self.frames.start + (start - self.address) // page
            step = architecture.make_pte(1, 0)
            word = self.word(frame)
            memory.fill(index, np.arange(word, word + (end - start) // page * step, step, dtype=np.uint64))

    def word(self, frame: int) -> int:
        """The PTE of one of `frames` where small pages map it."""
        memory = self.tables.memory
        bits = memory.format.kernel_bits[MM_READWRITE] | memory.architecture.DIRTY
        return memory.architecture.make_pte(frame, bits)


def pfn_mapping(tables: PageTables, address: int, entry_size: int, is_large: bool) -> PfnMapping:
    """That of a machine: RAM beyond the last whole large page is mapped by none."""
    architecture, database = tables.memory.architecture, tables.memory.pfn.database
    unit = architecture.large_page_size // architecture.page_size if is_large else 1
    frames = range(database.start, database.start + len(database) // unit * unit)
    return PfnMapping(tables, address, frames, is_large, entry_size)
