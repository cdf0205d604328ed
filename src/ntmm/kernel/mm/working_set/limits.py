"""How large working sets may be: defaults by size of RAM (MmMinimumWorkingSetSize) and what a process asked for."""

from dataclasses import dataclass
from typing import Final

from ntmm.nt.system_size import SystemSize

MINIMUM_FLOOR: Final = 20
"""Pages that every minimum has at least."""
MAXIMUM_FLOOR: Final = 13
"""Pages that every maximum has at least, by the documentation of SetProcessWorkingSetSize."""

_DEFAULTS: Final = {SystemSize.SMALL: (20, 45), SystemSize.MEDIUM: (30, 145), SystemSize.LARGE: (50, 345)}


@dataclass(frozen=True, slots=True)
class WorkingSetLimits:
    """In pages. Soft limits may be passed while memory is plentiful, hard ones never."""

    minimum: int
    maximum: int
    hard_minimum: bool = False
    hard_maximum: bool = False


def default_limits(size: SystemSize) -> WorkingSetLimits:
    """Of a process, by the size class of the machine."""
    return WorkingSetLimits(*_DEFAULTS[size])


def system_limits(ram_pages: int) -> WorkingSetLimits:
    """Of the system working set: 288 to 350 pages, less on machines below 8 MB."""
    return WorkingSetLimits(min(288, ram_pages // 16), min(350, ram_pages // 8))
