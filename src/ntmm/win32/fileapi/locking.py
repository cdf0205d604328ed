"""LockFile and UnlockFile: byte ranges that other opens of a file may not touch."""

from typing import Final

from ntmm.kernel.io.locks import ByteRange
from ntmm.native.call import Call
from ntmm.native.file import READING, WRITING, lookup_file
from ntmm.native.file_lock import lock_file, unlock_file
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.fileapi.overlapped import Overlapped

LOCKFILE_FAIL_IMMEDIATELY: Final = 1
LOCKFILE_EXCLUSIVE_LOCK: Final = 2


@service("kernel32", "LockFile", "h u32 u32 u32 u32")
@failing(0)
def LockFile(call: Call, handle: int, low: int, high: int, length_low: int, length_high: int) -> int:
    """Locks a range for this handle alone, or fails at once with LOCK_VIOLATION (33)."""
    where = ByteRange(high << 32 | low, length_high << 32 | length_low)
    status = lock_file(call, lookup_file(call, handle, READING | WRITING), where, exclusive=True, fail_immediately=True)
    return 1 if status == Status.SUCCESS else call.fail(status)


@service("kernel32", "LockFileEx", "h u32 u32 u32 u32 p")
@failing(0)
def LockFileEx(
    call: Call, handle: int, flags: int, reserved: int, length_low: int, length_high: int, overlapped: int
) -> int:
    """Locks a range, shared unless LOCKFILE_EXCLUSIVE_LOCK is given; waits unless LOCKFILE_FAIL_IMMEDIATELY is."""
    if reserved or flags & ~(LOCKFILE_FAIL_IMMEDIATELY | LOCKFILE_EXCLUSIVE_LOCK):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    file = lookup_file(call, handle, READING | WRITING)
    request = Overlapped(call, file, overlapped)
    where = ByteRange(request.offset, length_high << 32 | length_low)
    exclusive, at_once = bool(flags & LOCKFILE_EXCLUSIVE_LOCK), bool(flags & LOCKFILE_FAIL_IMMEDIATELY)
    status = lock_file(call, file, where, exclusive, at_once)
    request.complete(status, 0)
    return 1 if status == Status.SUCCESS else call.fail(status)


@service("kernel32", "UnlockFile", "h u32 u32 u32 u32")
@failing(0)
def UnlockFile(call: Call, handle: int, low: int, high: int, length_low: int, length_high: int) -> int:
    """Gives up a lock of exactly this range; NOT_LOCKED (158) if there is none."""
    file = lookup_file(call, handle, READING | WRITING)
    unlock_file(call, file, ByteRange(high << 32 | low, length_high << 32 | length_low))
    return 1


@service("kernel32", "UnlockFileEx", "h u32 u32 u32 p")
@failing(0)
def UnlockFileEx(call: Call, handle: int, reserved: int, length_low: int, length_high: int, overlapped: int) -> int:
    """UnlockFile with the offset in an OVERLAPPED."""
    if reserved:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    file = lookup_file(call, handle, READING | WRITING)
    request = Overlapped(call, file, overlapped)
    unlock_file(call, file, ByteRange(request.offset, length_high << 32 | length_low))
    request.complete(Status.SUCCESS, 0)
    return 1
