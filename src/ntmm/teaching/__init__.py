"""The memory manager without programs: Python makes the calls, reads and writes (docs/python-api.md).

`machine`    Machine: a profile's memory, its processes and page lists
`process`    Process: the functions of the Windows API, accesses through the page tables, what is mapped
`device`     LockedPages: what a device reads and writes
`driver_machine` DriverMachine, Driver: machine code that the processor runs in ring 0
`session`    Session: pool and views that the processes of one session share
`arguments`  mistaken arguments, as a sentence each
`exceptions` what a refused call and a refused access raise
`table`      rows that print as text, with rich, and in Jupyter
`looking`    the rows: address descriptors, page-table entries, working sets, frames
"""

from ntmm.kernel.ke.bugcheck import Bugcheck
from ntmm.teaching.device import LockedPages
from ntmm.teaching.driver_machine import Driver, DriverMachine
from ntmm.teaching.exceptions import MemoryFault, RefusedCall
from ntmm.teaching.machine import Machine
from ntmm.teaching.process import Process, Region
from ntmm.teaching.session import Session
from ntmm.teaching.table import Table

__all__ = [
    "Bugcheck",
    "Driver",
    "DriverMachine",
    "LockedPages",
    "Machine",
    "MemoryFault",
    "Process",
    "RefusedCall",
    "Region",
    "Session",
    "Table",
]
