"""Free system PTEs hold their own list (MMPTE_LIST).

    x86        31..12 next entry, or size | 11..2 clear | 1 one entry | 0 valid, clear
    PAE, x64   63..32 next entry, or size | 31..2 clear | 1 one entry | 0 valid, clear

The next entry is a number counted from the first system PTE; all ones end the list. A cluster of one PTE is marked so;
any other keeps its size in the next-entry field of its second PTE. The words between are zero.
"""

from typing import Final

_ONE_ENTRY: Final = 2


class ListFormat:
    """The fields of one PTE size; `slot_shift` is where the high field of a software PTE begins."""

    def __init__(self, slot_shift: int) -> None:
        self._shift = slot_shift
        self.end = (1 << (20 if slot_shift == 12 else 32)) - 1

    def head(self, following: int, pages: int) -> int:
        """The first PTE of a cluster of `pages`."""
        return following << self._shift | (_ONE_ENTRY if pages == 1 else 0)

    def size(self, pages: int) -> int:
        """The second PTE of a cluster of more than one."""
        return pages << self._shift

    def field(self, pte: int) -> int:
        """The next entry of a first PTE, or the size in a second one."""
        return pte >> self._shift

    @staticmethod
    def is_one(pte: int) -> bool:
        """True for the first PTE of a cluster of one."""
        return bool(pte & _ONE_ENTRY)
