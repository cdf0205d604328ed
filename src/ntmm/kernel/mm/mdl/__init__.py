"""Pages for devices: locked in RAM and described by memory descriptor lists, or adjacent from the start.

`mdl` is the list as it lies in nonpaged pool; `locking` locks, maps and unlocks the pages of one; `contiguous` hands
out adjacent frames. May use `space` and lower.
"""

from ntmm.kernel.mm.mdl.contiguous import ContiguousMemory, ContiguousRun
from ntmm.kernel.mm.mdl.locking import MdlLocking
from ntmm.kernel.mm.mdl.mdl import Mdl, MdlFlag

__all__ = ["ContiguousMemory", "ContiguousRun", "Mdl", "MdlFlag", "MdlLocking"]
