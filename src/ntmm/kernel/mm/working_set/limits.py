"""How large working sets may be: defaults by size of RAM (MmMinimumWorkingSetSize) and what a process asked for."""

from dataclasses import dataclass
from typing import Final

MINIMUM_FLOOR: Final = 20
"""Pages that every minimum has at least."""
MAXIMUM_FLOOR: Final = 13
"""Pages that every maximum has at least, by the documentation of SetProcessWorkingSetSize."""

_SMALL_PAGES: Final = 19 * 256
_LARGE_PAGES: Final = 32 * 256


@dataclass(frozen=True, slots=True)
class WorkingSetLimits:
    """In pages. Soft limits may be passed while memory is plentiful, hard ones never."""

    minimum: int
    maximum: int
    hard_minimum: bool = False
    hard_maximum: bool = False


def default_limits(ram_pages: int) -> WorkingSetLimits:
    """By the size classes of the documentation: small up to 19 MB, medium, large from 32 MB."""
    if ram_pages <= _SMALL_PAGES:
        return WorkingSetLimits(20, 45)
    if ram_pages < _LARGE_PAGES:
        return WorkingSetLimits(30, 145)
    return WorkingSetLimits(50, 345)


def system_limits(ram_pages: int) -> WorkingSetLimits:
    """Of the system working set: 288 to 350 pages, less on machines below 8 MB."""
    return WorkingSetLimits(min(288, ram_pages // 16), min(350, ram_pages // 8))
