"""handleapi.h: closing and duplicating handles."""

from typing import Final

from ntmm.kernel.io.directory import Search
from ntmm.kernel.ob import InvalidHandle, KernelObject
from ntmm.native.call import Call
from ntmm.native.handles import CURRENT_PROCESS, CURRENT_THREAD, process_of
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.win32.failing import failing

DUPLICATE_CLOSE_SOURCE: Final = 1
DUPLICATE_SAME_ACCESS: Final = 2
_HANDLE_FLAGS: Final = 3
_DUPLICATE: Final = 0x40


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


def object_of(call: Call, handle: int) -> tuple[KernelObject, int]:
    """The object of a handle and its access mask; the pseudo handles stand for the calling process and thread."""
    if handle == CURRENT_PROCESS:
        return call.process, 0x1F0FFF
    if handle == CURRENT_THREAD:
        return call.thread, 0x1F03FF
    entry = call.process.handles.entry(handle)
    return entry.object, entry.access


@service("kernel32", "DuplicateHandle", "h h h p u32 u32 u32")
@failing(0)
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
    giver = process_of(call, source_process, _DUPLICATE)
    taker = process_of(call, target_process, _DUPLICATE)
    if giver.ended or taker.ended:
        return call.fail(Status.PROCESS_IS_TERMINATING)
    is_pseudo = source in (CURRENT_PROCESS, CURRENT_THREAD)
    if is_pseudo:
        target, granted = object_of(call, source)
    else:
        target, granted, *_ = giver.handles.entry(source)
    handle = taker.handles.insert(target, granted if options & DUPLICATE_SAME_ACCESS else access, bool(inherit))
    if target_address:
        call.memory.write_pointer(target_address, handle)
    if options & DUPLICATE_CLOSE_SOURCE and not is_pseudo:
        giver.handles.close(source)
    return 1


@service("kernel32", "GetHandleInformation", "h p")
@failing(0)
def GetHandleInformation(call: Call, handle: int, flags_address: int) -> int:
    """The flags that SetHandleInformation set."""
    call.memory.write_u32(flags_address, int(call.process.handles.entry(handle).inherit))
    return 1


@service("kernel32", "SetHandleInformation", "h u32 u32", lacks="HANDLE_FLAG_PROTECT_FROM_CLOSE")
@failing(0)
def SetHandleInformation(call: Call, handle: int, mask: int, flags: int) -> int:
    """Changes HANDLE_FLAG_INHERIT; PROTECT is not supported."""
    entry = call.process.handles.entry(handle)
    if mask & flags & ~1 or mask & ~_HANDLE_FLAGS:
        return call.fail(Status.NOT_IMPLEMENTED)
    call.process.handles.set_flags(handle, bool(flags & 1) if mask & 1 else entry.inherit, entry.protect)
    return 1
