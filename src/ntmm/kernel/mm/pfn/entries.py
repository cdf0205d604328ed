"""The entries of the PFN database as they lie in RAM (MMPFN), and where in RAM that is.

| field                        | x86 | PAE | x64, IA-64 |
| flink, or working_set_index  |   0 |   0 |   0        |
| pte_address                  |   4 |   4 |   8        |
| blink, or share_count        |   8 |   8 |  10        |
| reference_count, 2 bytes     |   C |   C |  18        |
| state, 1 byte                |   E |   E |  1A        |
| flags, 1 byte                |   F |   F |  1B        |
| original_pte                 |  10 |  10 |  20        |
| pte_frame                    |  14 |  18 |  28        |
| size of an entry             |  18 |  1C |  30        |

Sizes and places are those of Server 2003 SP1 (geoffchappell.com, MMPFN and its unions u1 to u4). Windows packs state
and flags into bit fields of one word; here each has a byte. Frame numbers have four bytes on 64-bit systems too.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ntmm.hw.ram import Ram
from ntmm.kernel.mm.layout.sizes import PFN_ENTRY_BYTES
from ntmm.kernel.mm.pfn.columns import Code, field_column


@dataclass(frozen=True, slots=True)
class EntryForm:
    """Byte offsets within an entry of `size` bytes, and the struct codes of a pointer and of a PTE."""

    size: int
    pointer: Code
    pte: Code
    link: int
    pte_address: int
    back_link: int
    counts: int
    original_pte: int
    pte_frame: int


ENTRY_FORMS: Final = {
    "x86": EntryForm(PFN_ENTRY_BYTES["x86"], "I", "I", 0, 4, 8, 0xC, 0x10, 0x14),
    "pae": EntryForm(PFN_ENTRY_BYTES["pae"], "I", "Q", 0, 4, 8, 0xC, 0x10, 0x18),
    "x64": EntryForm(PFN_ENTRY_BYTES["x64"], "Q", "Q", 0, 8, 0x10, 0x18, 0x20, 0x28),
    "ia64": EntryForm(PFN_ENTRY_BYTES["ia64"], "Q", "Q", 0, 8, 0x10, 0x18, 0x20, 0x28),
}


def database_frames(ram_size: int, page: int, entry_size: int, alignment: int) -> range:
    """The frames at the end of RAM that the entries of all frames lie in, beginning at a multiple of `alignment` bytes.

    They are whole pages of that size, but for what RAM has beyond a multiple of it: nobody can have those frames.
    """
    frames = ram_size // page
    unit = alignment // page
    needed = -(-frames * entry_size // alignment) * unit
    start = (frames - needed) // unit * unit
    if start <= 0:
        raise ValueError(f"RAM of {ram_size >> 10} KB has no room for its PFN database")
    return range(start, frames)


class Entries:
    """The columns of all entries, indexed by frame, over the RAM from `address` (physical) on."""

    def __init__(self, ram: Ram, address: int, count: int, form: EntryForm) -> None:
        memory = ram.bytes[address : address + -(-count * form.size // 8) * 8]

        def field(offset: int, code: Code) -> memoryview:
            return field_column(memory, offset, form.size, count, code)

        self._memory, self._size = memory, form.size
        self.flink = self.working_set_index = field(form.link, "I")
        self.pte_address = field(form.pte_address, form.pointer)
        self.blink = self.share_count = field(form.back_link, "I")
        self.reference_count = field(form.counts, "H")
        self.state = field(form.counts + 2, "B")
        self.flags = field(form.counts + 3, "B")
        self.original_pte = field(form.original_pte, form.pte)
        self.pte_frame = field(form.pte_frame, "I")

    def repeat(self, first: int, end: int) -> None:
        """The entries of [first, end) become equal to the first of them: one pass over memory for all fields."""
        rows = np.frombuffer(self._memory, np.uint8, (end - first) * self._size, first * self._size)
        rows = rows.reshape(-1, self._size)
        rows[1:] = rows[0]
