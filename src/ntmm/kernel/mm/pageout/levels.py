"""The numbers of pages that the policies turn on, by size of RAM (MmInitSystem's small, medium and large machines)."""

from dataclasses import dataclass
from typing import Final

MINIMUM_FREE: Final = 26
"""MmMinimumFreePages of a workstation."""
PLENTY_FREE: Final = 400
"""MmPlentyFreePages, doubled from 63 MB on."""
MODIFIED_MAXIMUM: Final = 800
"""MmModifiedPageMaximum of a large machine."""

_DOUBLED_FROM: Final = 63 * 256
_MB_128: Final = 0x8000
_GB: Final = 0x40000
_LOW_CAP: Final = 16384


@dataclass(frozen=True, slots=True)
class Levels:
    """All in pages.

    Below `minimum` available pages memory is short; working sets may grow beyond their maximum above `plenty`.
    """

    minimum: int
    plenty: int
    modified_maximum: int
    low_notification: int
    high_notification: int


def levels_for(ram_pages: int) -> Levels:
    """The levels of a machine; those of the documentation, cut to a share of RAM where it is smaller than 16 MB."""
    plenty = PLENTY_FREE * (2 if ram_pages >= _DOUBLED_FROM else 1)
    small = ram_pages // 8
    low = _low_notification(ram_pages, plenty)
    return Levels(
        minimum=max(16, min(MINIMUM_FREE, ram_pages // 32)),
        plenty=min(plenty, small),
        modified_maximum=min(MODIFIED_MAXIMUM, small),
        low_notification=min(low, small),
        high_notification=min(3 * low, 3 * small),
    )


def _low_notification(ram_pages: int, plenty: int) -> int:
    """LowMemoryCondition: 4 MB more for every 128 MB, from 1 GB on 8 MB for every GB, at most 64 MB."""
    if ram_pages <= _MB_128:
        return plenty
    if ram_pages <= _GB:
        return plenty + (ram_pages - _MB_128) // 32
    return min(_LOW_CAP, 8192 + (ram_pages - _GB) // 128)
