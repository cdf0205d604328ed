"""One view of the system cache: 256 KB of a file at an address of system space (the mapped side of a VACB)."""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.mm.section import ControlArea

VIEW_SHIFT: Final = 18
VIEW_BYTES: Final = 1 << VIEW_SHIFT


@dataclass(slots=True, eq=False)
class CacheView:
    """`slot` is its place in the region; `index` that of its first PTE among all PTE-sized words of RAM.

    It shows pages from `first_page` of `area` on. While `active` is not 0 somebody uses its addresses.
    """

    slot: int
    address: int
    index: int
    area: ControlArea
    first_page: int
    active: int = 0

    @property
    def number(self) -> int:
        """Which 256 KB of the file it shows."""
        return self.first_page * self.area.page_size >> VIEW_SHIFT
