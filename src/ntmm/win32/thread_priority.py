"""processthreadsapi.h: priorities of threads and priority classes of processes."""

from typing import Final

from ntmm.kernel.ps.priority import set_base_priority, set_relative_priority
from ntmm.native.call import Call
from ntmm.native.handles import (
    PROCESS_QUERY_INFORMATION,
    PROCESS_SET_INFORMATION,
    THREAD_QUERY_INFORMATION,
    THREAD_SET_INFORMATION,
    process_of,
    thread_of,
)
from ntmm.native.privilege import has_privilege
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing

NORMAL_PRIORITY_CLASS: Final = 0x20
IDLE_PRIORITY_CLASS: Final = 0x40
HIGH_PRIORITY_CLASS: Final = 0x80
REALTIME_PRIORITY_CLASS: Final = 0x100
BELOW_NORMAL_PRIORITY_CLASS: Final = 0x4000
ABOVE_NORMAL_PRIORITY_CLASS: Final = 0x8000

_BASES: Final = {
    IDLE_PRIORITY_CLASS: 4,
    BELOW_NORMAL_PRIORITY_CLASS: 6,
    NORMAL_PRIORITY_CLASS: 8,
    ABOVE_NORMAL_PRIORITY_CLASS: 10,
    HIGH_PRIORITY_CLASS: 13,
    REALTIME_PRIORITY_CLASS: 24,
}
PRIORITY_CLASS_FLAGS: Final = sum(_BASES)
_BASE_OF_REAL_TIME: Final = _BASES[REALTIME_PRIORITY_CLASS]

_PRIORITY_ERROR: Final = 0x7FFFFFFF
_USUAL: Final = frozenset({-15, -2, -1, 0, 1, 2, 15})
_REAL_TIME: Final = _USUAL | frozenset(range(-7, 7))
_FAILED: Final = 0xFFFFFFFF
_MAXIMUM_PROCESSORS: Final = 32


def _base_of(call: Call, priority_class: int) -> int:
    """The base of a class; real time is high for callers without the privilege. Raises Win32Failure."""
    base = _BASES.get(priority_class)
    if base is None:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if base == _BASE_OF_REAL_TIME and not has_privilege(call, "SeIncreaseBasePriorityPrivilege"):
        return _BASES[HIGH_PRIORITY_CLASS]
    return base


def first_base_priority(call: Call, creation_flags: int) -> int:
    """The base of a new process: of the class that is asked for, else normal, or the creator's if that is lower."""
    asked = creation_flags & PRIORITY_CLASS_FLAGS
    if asked:
        return _base_of(call, asked)
    return min(_BASES[NORMAL_PRIORITY_CLASS], call.process.base_priority)


@service("kernel32", "GetPriorityClass", "h")
@failing(0)
def GetPriorityClass(call: Call, process: int) -> int:
    """The class of a process."""
    base = process_of(call, process, PROCESS_QUERY_INFORMATION).base_priority
    return next(priority_class for priority_class, known in _BASES.items() if known == base)


@service("kernel32", "SetPriorityClass", "h u32")
@failing(0)
def SetPriorityClass(call: Call, process: int, priority_class: int) -> int:
    """Changes the class of a process, and the priority of all its threads."""
    target = process_of(call, process, PROCESS_SET_INFORMATION)
    set_base_priority(call.kernel.scheduler, target, _base_of(call, priority_class))
    return 1


@service("kernel32", "GetThreadPriority", "h")
@failing(_PRIORITY_ERROR)
def GetThreadPriority(call: Call, thread: int) -> int:
    """What a thread adds to the base of its process's class; THREAD_PRIORITY_ERROR_RETURN if it fails."""
    return thread_of(call, thread, THREAD_QUERY_INFORMATION).relative_priority & 0xFFFFFFFF


@service("kernel32", "SetThreadPriority", "h i32")
@failing(0)
def SetThreadPriority(call: Call, thread: int, priority: int) -> int:
    """THREAD_PRIORITY_IDLE (-15), LOWEST (-2) to HIGHEST (2), TIME_CRITICAL (15); -7 to 6 in the real-time class."""
    target = thread_of(call, thread, THREAD_SET_INFORMATION)
    allowed = _REAL_TIME if target.process.base_priority == _BASE_OF_REAL_TIME else _USUAL
    if priority not in allowed:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    set_relative_priority(call.kernel.scheduler, target, priority)
    return 1


@service("kernel32", "GetThreadPriorityBoost", "h p", lacks="boosts: they are always off")
@failing(0)
def GetThreadPriorityBoost(call: Call, thread: int, disabled: int) -> int:
    """TRUE is stored: no wait or input raises a thread's priority here."""
    thread_of(call, thread, THREAD_QUERY_INFORMATION)
    call.memory.write_u32(disabled, 1)
    return 1


@service("kernel32", "SetThreadPriorityBoost", "h u32", lacks="boosts: they are always off")
@failing(0)
def SetThreadPriorityBoost(call: Call, thread: int, disable: int) -> int:
    """Succeeds where boosts are to be off; they cannot be put on."""
    thread_of(call, thread, THREAD_SET_INFORMATION)
    if not disable:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    return 1


@service("kernel32", "GetProcessPriorityBoost", "h p", lacks="boosts: they are always off")
@failing(0)
def GetProcessPriorityBoost(call: Call, process: int, disabled: int) -> int:
    """TRUE is stored, as for threads."""
    process_of(call, process, PROCESS_QUERY_INFORMATION)
    call.memory.write_u32(disabled, 1)
    return 1


@service("kernel32", "SetProcessPriorityBoost", "h u32", lacks="boosts: they are always off")
@failing(0)
def SetProcessPriorityBoost(call: Call, process: int, disable: int) -> int:
    """Succeeds where boosts are to be off; they cannot be put on."""
    process_of(call, process, PROCESS_SET_INFORMATION)
    if not disable:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    return 1


@service("kernel32", "SetThreadIdealProcessor", "h u32")
@failing(_FAILED)
def SetThreadIdealProcessor(call: Call, thread: int, processor: int) -> int:
    """Checks the number and answers the one before, 0; MAXIMUM_PROCESSORS (32) only asks."""
    thread_of(call, thread, THREAD_SET_INFORMATION)
    if processor != _MAXIMUM_PROCESSORS and processor >= call.kernel.profile.processors:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    return 0
