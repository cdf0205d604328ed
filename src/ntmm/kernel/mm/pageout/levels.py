"""The numbers of pages that the policies turn on, by size of RAM (MmInitSystem's small, medium and large machines)."""

from dataclasses import dataclass
from typing import Final

MINIMUM_FREE: Final = 26
"""MmMinimumFreePages of a workstation."""
SERVER_MINIMUM_FREE: Final = 81
"""MmMinimumFreePages of a server."""
PLENTY_FREE: Final = 400
"""MmPlentyFreePages, doubled from 63 MB on."""
MODIFIED_MAXIMUM: Final = 800
"""MmModifiedPageMaximum of a large machine."""

_DOUBLED_FROM: Final = 63 * 256
_MB_128: Final = 0x8000
_GB: Final = 0x40000
_LOW_CAP: Final = 16384
_MB_PAGES: Final = 256


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


def levels_for(ram_pages: int, is_server: bool = False, low_mb: int = 0, high_mb: int = 0) -> Levels:
    """The levels of a machine; those of the documentation, cut to a share of RAM where it is smaller than 16 MB.

    `low_mb` and `high_mb` are LowMemoryThreshold and HighMemoryThreshold of the registry, 0 where they are not set;
    the high level is never below the low one.
    """
    plenty = PLENTY_FREE * (2 if ram_pages >= _DOUBLED_FROM else 1)
    small = ram_pages // 8
    minimum = SERVER_MINIMUM_FREE if is_server else MINIMUM_FREE
    low = min(_low_notification(ram_pages, plenty), small)
    high = 3 * low
    if low_mb:
        low = low_mb * _MB_PAGES
    return Levels(
        minimum=max(16, min(minimum, ram_pages // 32)),
        plenty=min(plenty, small),
        modified_maximum=min(MODIFIED_MAXIMUM, small),
        low_notification=low,
        high_notification=max(low, high_mb * _MB_PAGES or high),
    )


def _low_notification(ram_pages: int, plenty: int) -> int:
    """LowMemoryCondition: 4 MB more for every 128 MB, from 1 GB on 8 MB for every GB, at most 64 MB."""
    if ram_pages <= _MB_128:
        return plenty
    if ram_pages <= _GB:
        return plenty + (ram_pages - _MB_128) // 32
    return min(_LOW_CAP, 8192 + (ram_pages - _GB) // 128)
