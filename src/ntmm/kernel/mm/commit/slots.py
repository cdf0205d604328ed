"""The slots of one paging file: which pages of the file are in use (MMPAGING_FILE.Bitmap).

Slot 0 is never handed out: a software PTE whose page-file field is 0 means demand zero.
"""

from dataclasses import dataclass
from typing import Final

MAXIMUM_PAGING_FILES: Final = 16
"""The field in a PTE has four bits."""


@dataclass(frozen=True, slots=True)
class SlotRun:
    """Adjacent slots."""

    first: int
    count: int


class SlotBitmap:
    """Slots 1 to `size` - 1. One byte a slot, kept only up to the highest one ever used."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.used = 0
        self.peak = 0
        self._map = bytearray(b"\1")
        self._hint = 1

    @property
    def free(self) -> int:
        """Slots that can be had."""
        return self.size - 1 - self.used

    @property
    def end_of_used(self) -> int:
        """The first slot that was never used, nor any behind it."""
        return len(self._map)

    def allocate(self, wanted: int) -> SlotRun | None:
        """The longest run of at most `wanted` slots that a search from the last place finds; None if all are used."""
        while wanted:
            first = self._find(wanted)
            if first:
                self._map[first : first + wanted] = b"\1" * wanted
                self.used += wanted
                self.peak = max(self.peak, self.used)
                self._hint = first + wanted
                return SlotRun(first, wanted)
            wanted //= 2
        return None

    def _find(self, wanted: int) -> int:
        """The first slot of a free run, 0 if there is none."""
        run = bytes(wanted)
        first = self._map.find(run, self._hint)
        if first < 0:
            first = self._behind_the_last(wanted)
        if first < 0:
            first = self._map.find(run)
        return max(first, 0)

    def _behind_the_last(self, wanted: int) -> int:
        """The start of a run that ends where no slot was ever used, from the last place on if it fits; -1 if none."""
        for first in (max(self._hint, self.lowest_size()), self.lowest_size()):
            if first + wanted <= self.size:
                self._map += bytes(max(0, first + wanted - len(self._map)))
                return first
        return -1

    def has_run(self, wanted: int) -> bool:
        """True if so many adjacent slots are free."""
        return self.lowest_size() + wanted <= self.size or self._map.find(bytes(wanted)) >= 0

    def release(self, slot: int) -> None:
        """Gives a slot back."""
        assert 0 < slot < len(self._map) and self._map[slot], f"page-file slot {slot:#x} freed twice"
        self._map[slot] = 0
        self.used -= 1

    def in_use(self) -> list[int]:
        """All slots in use, ascending."""
        return [slot for slot, used in enumerate(self._map) if used and slot]

    def resize(self, size: int) -> None:
        """The file grew, or lost free slots at its end."""
        assert not any(self._map[size:]), "a paging file shrank below its last used slot"
        del self._map[size:]
        self.size = size
        self._hint = min(self._hint, size)

    def lowest_size(self) -> int:
        """The size below which slots in use would be lost."""
        return len(self._map.rstrip(b"\0"))
