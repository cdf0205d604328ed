"""Reading, writing and positioning."""

from typing import Final

from ntmm.kernel.io.constants import FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA, FileType
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File
from ntmm.kernel.io.information import TimeChange
from ntmm.native.call import Call
from ntmm.native.file import READING, WRITING, lookup_file, read_into, write_from
from ntmm.native.file_information import set_basic, set_valid_data, time_or_none
from ntmm.native.pipe_request import may_go_on, read_pipe, write_pipe
from ntmm.native.service_table import service
from ntmm.native.transfer_rules import check_position, start_of
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import (
    INVALID_FILE_SIZE,
    INVALID_SET_FILE_POINTER,
    Win32Failure,
    failing,
)
from ntmm.win32.fileapi.overlapped import Overlapped

FILE_BEGIN: Final = 0
FILE_CURRENT: Final = 1
FILE_END: Final = 2


def _request(call: Call, file: File, overlapped: int) -> Overlapped | None:
    """The OVERLAPPED of a call; None without one, which only synchronous files may lack (87)."""
    if not overlapped and not file.is_synchronous:
        raise IoFailure(Status.INVALID_PARAMETER)
    return Overlapped(call, file, overlapped) if overlapped else None


@service("kernel32", "ReadFile", "h p u32 p p")
@failing(0)
def ReadFile(call: Call, handle: int, buffer: int, size: int, count_address: int, overlapped: int) -> int:
    """Reads; at the end of the file TRUE with 0 bytes, or with an OVERLAPPED FALSE and HANDLE_EOF."""
    if count_address:
        call.memory.write_u32(count_address, 0)
    file = lookup_file(call, handle, READING)
    request = _request(call, file, overlapped)
    if request is not None and may_go_on(file):
        return request.answer(read_pipe(call, file, request.request, buffer, size), count_address)
    count = read_into(call, file, buffer, size, start_of(file, request.offset, False) if request else None)
    if count_address:
        call.memory.write_u32(count_address, count)
    status = file.read_status
    if request is not None:
        status = Status.END_OF_FILE if size and not count and file.has_end else status
        request.complete(status, count)
    if status:
        raise IoFailure(status)
    return 1


@service("kernel32", "WriteFile", "h p u32 p p")
@failing(0)
def WriteFile(call: Call, handle: int, buffer: int, size: int, count_address: int, overlapped: int) -> int:
    """Writes all bytes or fails; an OVERLAPPED with all bits of the offset set appends."""
    if count_address:
        call.memory.write_u32(count_address, 0)
    file = lookup_file(call, handle, WRITING)
    request = _request(call, file, overlapped)
    if request is not None and may_go_on(file):
        return request.answer(write_pipe(call, file, request.request, buffer, size), count_address)
    count = write_from(call, file, buffer, size, start_of(file, request.offset, True) if request else None)
    if count_address:
        call.memory.write_u32(count_address, count)
    if request is not None:
        request.complete(Status.SUCCESS, count)
    return 1


def _move(file: File, distance: int, method: int) -> int:
    """The new position; raises Win32Failure and IoFailure."""
    if file.file_type is not FileType.DISK:
        raise Win32Failure(Win32Error.INVALID_FUNCTION)
    if method not in (FILE_BEGIN, FILE_CURRENT, FILE_END):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    start = (0, file.position, file.size if method == FILE_END else 0)[method]
    if start + distance < 0:
        raise Win32Failure(Win32Error.NEGATIVE_SEEK)
    if start + distance >= 1 << 63:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    check_position(file, start + distance)
    file.position = start + distance
    return file.position


@service("kernel32", "SetFilePointer", "h i32 p u32")
@failing(INVALID_SET_FILE_POINTER)
def SetFilePointer(call: Call, handle: int, low: int, high_address: int, method: int) -> int:
    """Moves the position by a signed distance of 32 or, with `high_address`, 64 bits; answers the low half."""
    file = lookup_file(call, handle)
    distance, old = low, file.position
    if high_address:
        high = call.memory.read_u32(high_address)
        distance = (high - (1 << 32) if high >> 31 else high) << 32 | low & 0xFFFFFFFF
    position = _move(file, distance, method)
    if high_address:
        call.memory.write_u32(high_address, position >> 32)
    elif position >> 32:
        file.position = old
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if position & 0xFFFFFFFF == INVALID_SET_FILE_POINTER:
        call.set_last_error(0)
    return position & 0xFFFFFFFF


@service("kernel32", "SetFilePointerEx", "h i64 p u32")
@failing(0)
def SetFilePointerEx(call: Call, handle: int, distance: int, new_address: int, method: int) -> int:
    """Moves the position by a 64-bit distance."""
    position = _move(lookup_file(call, handle), distance, method)
    if new_address:
        call.memory.write_u64(new_address, position)
    return 1


@service("kernel32", "SetEndOfFile", "h")
@failing(0)
def SetEndOfFile(call: Call, handle: int) -> int:
    """Cuts or extends the file at the current position."""
    file = lookup_file(call, handle, FILE_WRITE_DATA)
    file.set_size(file.position)
    return 1


@service("kernel32", "SetFileValidData", "h i64")
@failing(0)
def SetFileValidData(call: Call, handle: int, length: int) -> int:
    """Says how far the file is written; needs SeManageVolumePrivilege (1314), and at most the file's size (87)."""
    set_valid_data(call, lookup_file(call, handle, FILE_WRITE_DATA), length)
    return 1


@service("kernel32", "GetFileSize", "h p")
@failing(INVALID_FILE_SIZE)
def GetFileSize(call: Call, handle: int, high_address: int) -> int:
    """The low half of the size; the high half is stored if asked for."""
    size = lookup_file(call, handle).size
    if high_address:
        call.memory.write_u32(high_address, size >> 32)
    if size & 0xFFFFFFFF == INVALID_FILE_SIZE:
        call.set_last_error(0)
    return size & 0xFFFFFFFF


@service("kernel32", "GetFileSizeEx", "h p")
@failing(0)
def GetFileSizeEx(call: Call, handle: int, size_address: int) -> int:
    """The size in 64 bits."""
    call.memory.write_u64(size_address, lookup_file(call, handle).size)
    return 1


@service("kernel32", "GetFileType", "h")
@failing(0)
def GetFileType(call: Call, handle: int) -> int:
    """Disk, character device or pipe."""
    file_type = lookup_file(call, handle).file_type
    call.set_last_error(0)
    return file_type


@service("kernel32", "FlushFileBuffers", "h")
@failing(0)
def FlushFileBuffers(call: Call, handle: int) -> int:
    """Hands what was written to the host."""
    lookup_file(call, handle, WRITING).flush()
    return 1


@service("kernel32", "GetFileTime", "h p p p")
@failing(0)
def GetFileTime(call: Call, handle: int, creation: int, access: int, write: int) -> int:
    """The three times of a file, each if asked for."""
    known = lookup_file(call, handle).information()
    times = ((creation, known.creation_time), (access, known.access_time), (write, known.write_time))
    for address, value in times:
        if address:
            call.memory.write_u64(address, value)
    return 1


@service("kernel32", "SetFileTime", "h p p p")
@failing(0)
def SetFileTime(call: Call, handle: int, creation: int, access: int, write: int) -> int:
    """Sets the times given; needs FILE_WRITE_ATTRIBUTES."""
    values = [time_or_none(call.memory.read_u64(address)) if address else None for address in (creation, access, write)]
    set_basic(lookup_file(call, handle, FILE_WRITE_ATTRIBUTES), TimeChange(*values), 0)
    return 1
