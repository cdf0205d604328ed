"""Objects and handles: reference-counted kernel objects, their names, and the handles that programs know them by.

objects             what all objects have in common
handles             the handle table of a process
directory, names    directories and symbolic links | the tree of names
manager             making and opening objects: name, access check, handle
waitable            events, mutants, semaphores
token_object        what a token handle names

May use `se`, `ke`.
"""

from ntmm.kernel.ob.directory import Directory, SymbolicLink
from ntmm.kernel.ob.handles import HandleTable, InvalidHandle
from ntmm.kernel.ob.manager import (
    OBJ_INHERIT,
    OBJ_OPENIF,
    ObjectAttributes,
    create_object,
    open_by_pointer,
    open_object,
)
from ntmm.kernel.ob.names import ObjectNames
from ntmm.kernel.ob.objects import KernelObject
from ntmm.kernel.ob.timer import TimerRoutine, WaitableTimer
from ntmm.kernel.ob.token_object import TokenObject
from ntmm.kernel.ob.waitable import Event, Mutant, Semaphore

__all__ = [
    "OBJ_INHERIT",
    "OBJ_OPENIF",
    "Directory",
    "Event",
    "HandleTable",
    "InvalidHandle",
    "KernelObject",
    "Mutant",
    "ObjectAttributes",
    "ObjectNames",
    "Semaphore",
    "SymbolicLink",
    "TimerRoutine",
    "TokenObject",
    "WaitableTimer",
    "create_object",
    "open_by_pointer",
    "open_object",
]
