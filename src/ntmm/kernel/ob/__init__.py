"""Objects and handles: reference-counted kernel objects, waitable objects and the per-process handle table.

May use `ke`.
"""

from ntmm.kernel.ob.handles import HandleTable, InvalidHandle
from ntmm.kernel.ob.objects import KernelObject
from ntmm.kernel.ob.timer import WaitableTimer
from ntmm.kernel.ob.waitable import Event, Mutant, Semaphore

__all__ = ["Event", "HandleTable", "InvalidHandle", "KernelObject", "Mutant", "Semaphore", "WaitableTimer"]
