"""Data Execution Prevention as programs see it (winbase.h): the system's policy, and a process's own."""

from ntmm.native.call import Call
from ntmm.native.execution import change_execute_options
from ntmm.native.handles import PROCESS_QUERY_INFORMATION, process_of
from ntmm.native.service_table import service
from ntmm.nt.dep import (
    MEM_EXECUTE_OPTION_DISABLE,
    MEM_EXECUTE_OPTION_DISABLE_THUNK_EMULATION,
    MEM_EXECUTE_OPTION_ENABLE,
    MEM_EXECUTE_OPTION_PERMANENT,
    POLICY_NUMBERS,
    PROCESS_DEP_DISABLE_ATL_THUNK_EMULATION,
    PROCESS_DEP_ENABLE,
)
from ntmm.nt.status import is_error
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing

_SYSTEM_DECIDES = ("alwayson", "alwaysoff")


@service("kernel32", "GetSystemDEPPolicy")
def GetSystemDEPPolicy(call: Call) -> int:
    """AlwaysOff 0, AlwaysOn 1, OptIn 2, OptOut 3."""
    return POLICY_NUMBERS[call.kernel.profile.dep.policy]


@service("kernel32", "GetProcessDEPPolicy", "h p p")
@failing(0)
def GetProcessDEPPolicy(call: Call, process: int, flags: int, permanent: int) -> int:
    """The PROCESS_DEP_* flags of a 32-bit process; NOT_SUPPORTED for 64-bit ones."""
    target = process_of(call, process, PROCESS_QUERY_INFORMATION)
    if target.memory.pointer_size == 8:
        raise Win32Failure(Win32Error.NOT_SUPPORTED)
    options, told = target.execute_options, 0
    if options & MEM_EXECUTE_OPTION_DISABLE:
        told |= PROCESS_DEP_ENABLE
    if options & MEM_EXECUTE_OPTION_DISABLE_THUNK_EMULATION:
        told |= PROCESS_DEP_DISABLE_ATL_THUNK_EMULATION
    call.memory.write_u32(flags, told)
    call.memory.write_u32(permanent, int(bool(options & MEM_EXECUTE_OPTION_PERMANENT)))
    return 1


@service("kernel32", "SetProcessDEPPolicy", "u32")
@failing(0)
def SetProcessDEPPolicy(call: Call, flags: int) -> int:
    """Turns DEP of this process on for good, or off; ACCESS_DENIED where the system's policy leaves no choice."""
    if call.memory.pointer_size == 8:
        raise Win32Failure(Win32Error.NOT_SUPPORTED)
    known = PROCESS_DEP_ENABLE | PROCESS_DEP_DISABLE_ATL_THUNK_EMULATION
    if flags & ~known or flags == PROCESS_DEP_DISABLE_ATL_THUNK_EMULATION:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if call.kernel.profile.dep.policy in _SYSTEM_DECIDES:
        raise Win32Failure(Win32Error.ACCESS_DENIED)
    options = MEM_EXECUTE_OPTION_ENABLE
    if flags & PROCESS_DEP_ENABLE:
        options = MEM_EXECUTE_OPTION_DISABLE | MEM_EXECUTE_OPTION_PERMANENT
    if flags & PROCESS_DEP_DISABLE_ATL_THUNK_EMULATION:
        options |= MEM_EXECUTE_OPTION_DISABLE_THUNK_EMULATION
    if is_error(change_execute_options(call, call.process, options)):
        raise Win32Failure(Win32Error.ACCESS_DENIED)
    return 1
