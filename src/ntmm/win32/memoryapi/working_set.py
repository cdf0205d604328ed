"""The limits of working sets, in bytes. Setting both to the largest number empties the working set."""

from ntmm.kernel.se import PRIVILEGES
from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_QUERY_INFORMATION, PROCESS_SET_QUOTA, TargetProcess, process_of
from ntmm.native.service_table import service
from ntmm.native.working_set import hard_flags, set_limits
from ntmm.nt.status import is_success
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing


@service("kernel32", "SetProcessWorkingSetSize", "h p p")
@failing(0)
def SetProcessWorkingSetSize(call: Call, process: int, minimum: int, maximum: int) -> int:
    """SetProcessWorkingSetSizeEx that leaves the flags as they are."""
    return SetProcessWorkingSetSizeEx(call, process, minimum, maximum, 0)


@service("kernel32", "SetProcessWorkingSetSizeEx", "h p p u32")
@failing(0)
def SetProcessWorkingSetSizeEx(call: Call, process: int, minimum: int, maximum: int, flags: int) -> int:
    """Sets both limits, and by QUOTA_LIMITS_HARDWS_* flags whether they are hard.

    Uses the privilege to raise the minimum if the caller's token holds it, enabled or not, as Windows does. Limits out
    of range are clamped and the call succeeds.
    """
    if not minimum or not maximum:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    privileged = call.requester.token.holds(PRIVILEGES["SeIncreaseBasePriorityPrivilege"])
    with TargetProcess(call, process, PROCESS_SET_QUOTA) as target:
        status = set_limits(call, target, minimum, maximum, flags, privileged)
    return 1 if is_success(status) else call.fail(status)


@service("kernel32", "GetProcessWorkingSetSize", "h p p")
@failing(0)
def GetProcessWorkingSetSize(call: Call, process: int, minimum: int, maximum: int) -> int:
    """Both limits."""
    return _get(call, process, minimum, maximum, None)


@service("kernel32", "GetProcessWorkingSetSizeEx", "h p p p")
@failing(0)
def GetProcessWorkingSetSizeEx(call: Call, process: int, minimum: int, maximum: int, flags: int) -> int:
    """Both limits, and for each whether it is hard."""
    return _get(call, process, minimum, maximum, flags)


def _get(call: Call, process: int, minimum: int, maximum: int, flags: int | None) -> int:
    limits = call.kernel.mm.working_set_limits(process_of(call, process, PROCESS_QUERY_INFORMATION))
    call.memory.write_pointer(minimum, limits.minimum)
    call.memory.write_pointer(maximum, limits.maximum)
    if flags is not None:
        call.memory.write_u32(flags, hard_flags(limits.hard_minimum, limits.hard_maximum))
    return 1
