"""handleapi.h: closing and duplicating handles."""

from typing import Final

from ntmm.kernel.io.directory import Search
from ntmm.kernel.ob import OBJ_INHERIT, InvalidHandle
from ntmm.native.call import Call
from ntmm.native.handles import CURRENT_PROCESS, CURRENT_THREAD
from ntmm.native.objects import duplicate_handle, entry_of
from ntmm.native.probe import probe_pointers
from ntmm.native.service_table import service
from ntmm.nt.status import Status, is_success
from ntmm.win32.failing import failing, probing

HANDLE_FLAG_INHERIT: Final = 1
HANDLE_FLAG_PROTECT_FROM_CLOSE: Final = 2


@service("kernel32", "CloseHandle", "h")
@failing(0)
def CloseHandle(call: Call, handle: int) -> int:
    """Closes a handle; a search handle is closed by FindClose only."""
    if handle in (CURRENT_PROCESS, CURRENT_THREAD):
        return 1
    if isinstance(call.process.handles.entry(handle).object, Search):
        raise InvalidHandle(Status.INVALID_HANDLE)
    call.process.handles.close(handle)
    return 1


@service("kernel32", "DuplicateHandle", "h h h p u32 u32 u32")
@failing(0)
@probing(0)
def DuplicateHandle(
    call: Call,
    source_process: int,
    source: int,
    target_process: int,
    target_address: int,
    access: int,
    inherit: int,
    options: int,
) -> int:
    """A second handle to an object, from any process to any other."""
    if target_address:
        probe_pointers(call, target_address)
    flags = OBJ_INHERIT if inherit else 0
    status, handle = duplicate_handle(call, source_process, source, target_process, access, flags, options)
    if not is_success(status):
        return call.fail(status)
    if handle and target_address:
        call.memory.write_pointer(target_address, handle)
    return 1


@service("kernel32", "GetHandleInformation", "h p")
@failing(0)
def GetHandleInformation(call: Call, handle: int, flags_address: int) -> int:
    """HANDLE_FLAG_INHERIT and HANDLE_FLAG_PROTECT_FROM_CLOSE."""
    entry = entry_of(call, handle)
    flags = HANDLE_FLAG_INHERIT * entry.inherit | HANDLE_FLAG_PROTECT_FROM_CLOSE * entry.protect
    call.memory.write_u32(flags_address, flags)
    return 1


@service("kernel32", "SetHandleInformation", "h u32 u32", lacks="HANDLE_FLAG_PROTECT_FROM_CLOSE")
@failing(0)
def SetHandleInformation(call: Call, handle: int, mask: int, flags: int) -> int:
    """Changes the flags that `mask` names."""
    if mask & ~(HANDLE_FLAG_INHERIT | HANDLE_FLAG_PROTECT_FROM_CLOSE):
        return call.fail(Status.INVALID_PARAMETER)
    entry = call.process.handles.entry(handle)
    old = HANDLE_FLAG_INHERIT * entry.inherit | HANDLE_FLAG_PROTECT_FROM_CLOSE * entry.protect
    new = old & ~mask | flags & mask
    call.process.handles.set_flags(handle, bool(new & HANDLE_FLAG_INHERIT), bool(new & HANDLE_FLAG_PROTECT_FROM_CLOSE))
    return 1
