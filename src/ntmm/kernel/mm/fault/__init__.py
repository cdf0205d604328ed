"""Page faults: the ladder (`access_fault`) and one file for each kind. May use `in_page` and lower.

`outcome` names the results; an address space is described to this room by `FaultContext`, which `space` fills.
"""

from ntmm.kernel.mm.fault.access_fault import FaultHandler
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.outcome import FaultKind, FaultOutcome, Resolution

__all__ = ["FaultContext", "FaultHandler", "FaultKind", "FaultOutcome", "Resolution"]
