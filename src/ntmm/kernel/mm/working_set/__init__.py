"""Working sets: the list of valid pages, replacement, ageing, trimming. May use `pool`, `vad` and lower.

working_set   the list itself: WSLEs in pages of its own
entries       what the list tells of its entries
limits        default minimum and maximum, by size of RAM
replacement   which page goes for a new one, by version of Windows
trim          taking one page away
scan          ageing and trimming of a whole set over arrays (imports numpy: not imported here)
"""

from ntmm.kernel.mm.working_set.limits import WorkingSetLimits, default_limits, system_limits
from ntmm.kernel.mm.working_set.replacement import REPLACEMENTS, Replacement
from ntmm.kernel.mm.working_set.trim import may_trim, trim_entry
from ntmm.kernel.mm.working_set.working_set import LOCKED_IN_MEMORY, LOCKED_IN_SET, WorkingSet

__all__ = [
    "LOCKED_IN_MEMORY",
    "LOCKED_IN_SET",
    "REPLACEMENTS",
    "Replacement",
    "WorkingSet",
    "WorkingSetLimits",
    "default_limits",
    "may_trim",
    "system_limits",
    "trim_entry",
]
