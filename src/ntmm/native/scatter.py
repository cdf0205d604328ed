"""NtReadFileScatter and NtWriteFileGather: unbuffered requests whose pages lie anywhere in memory."""

import struct

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File
from ntmm.kernel.ke.access import GuestFault
from ntmm.native.call import Call
from ntmm.native.file import READING, TRANSFER_CHUNK, WRITING, answers_status, key_of, lookup_file, offset_of
from ntmm.native.io_request import IoRequest
from ntmm.native.service_table import service
from ntmm.native.transfer_rules import check_read, check_write
from ntmm.nt.status import Status


def _pages(call: Call, file: File, segments: int, length: int) -> list[int]:
    """The addresses in an array of FILE_SEGMENT_ELEMENTs, one for each page of the request.

    Raises IoFailure: INVALID_PARAMETER for a file that is buffered or synchronous, and for segments that are no pages.
    """
    if file.is_directory or file.is_synchronous or not file.is_unbuffered:
        raise IoFailure(Status.INVALID_PARAMETER)
    page: int = call.kernel.architecture.page_size
    count = -(-length // page)
    addresses = struct.unpack(f"<{count}Q", call.memory.read(segments, 8 * count))
    mask = (1 << 8 * call.memory.pointer_size) - 1
    pages = [address & mask for address in addresses]  # the upper half of an element is undefined on 32 bit
    if any(address % page for address in pages):
        raise IoFailure(Status.INVALID_PARAMETER)
    return pages


def read_scatter(call: Call, file: File, segments: int, length: int, offset: int, key: int = 0) -> int:
    """Reads into pages and answers how many bytes; raises IoFailure."""
    pages, done = _pages(call, file, segments, length), 0
    page = call.kernel.architecture.page_size
    check_read(call, file, 0, length, offset, key)
    while done < length:
        wanted = min(length - done, TRANSFER_CHUNK)
        data = file.read(offset + done, wanted)
        for start in range(0, len(data), page):
            _move(call, pages[(done + start) // page], data[start : start + page])
        done += len(data)
        if len(data) < wanted:
            break
    return done


def _move(call: Call, address: int, data: bytes) -> None:
    try:
        call.memory.write(address, data)
    except GuestFault as fault:
        raise IoFailure(Status.ACCESS_VIOLATION) from fault


def write_gather(call: Call, file: File, segments: int, length: int, offset: int, key: int = 0) -> int:
    """Writes pages and answers how many bytes; raises IoFailure."""
    pages, done = _pages(call, file, segments, length), 0
    page = call.kernel.architecture.page_size
    check_write(call, file, 0, length, offset, key)
    try:
        while done < length:
            size = min(length - done, TRANSFER_CHUNK)
            parts = [
                call.memory.read(pages[(done + start) // page], min(page, size - start))
                for start in range(0, size, page)
            ]
            done += file.write(offset + done, b"".join(parts))
    except GuestFault as fault:
        raise IoFailure(Status.ACCESS_VIOLATION) from fault
    return done


def _asynchronous_offset(call: Call, file: File, address: int, is_write: bool) -> int:
    offset = offset_of(call, file, address, is_write)
    if offset is None:
        raise IoFailure(Status.INVALID_PARAMETER)
    return offset


@service("ntdll", "NtReadFileScatter", "h h p p p p u32 p p")
@answers_status
def NtReadFileScatter(
    call: Call,
    handle: int,
    event: int,
    apc_routine: int,
    apc_context: int,
    io_status: int,
    segments: int,
    length: int,
    byte_offset: int,
    key: int,
) -> int:
    """NtReadFile into pages; END_OF_FILE if there is nothing to read."""
    file, request = lookup_file(call, handle, READING), IoRequest(event, apc_routine, apc_context, io_status)
    offset = _asynchronous_offset(call, file, byte_offset, is_write=False)
    request.begin(call, file)
    count = read_scatter(call, file, segments, length, offset, key_of(call, key))
    return request.complete(call, file, Status.END_OF_FILE if length and not count else Status.SUCCESS, count)


@service("ntdll", "NtWriteFileGather", "h h p p p p u32 p p")
@answers_status
def NtWriteFileGather(
    call: Call,
    handle: int,
    event: int,
    apc_routine: int,
    apc_context: int,
    io_status: int,
    segments: int,
    length: int,
    byte_offset: int,
    key: int,
) -> int:
    """NtWriteFile from pages."""
    file, request = lookup_file(call, handle, WRITING), IoRequest(event, apc_routine, apc_context, io_status)
    offset = _asynchronous_offset(call, file, byte_offset, is_write=True)
    request.begin(call, file)
    count = write_gather(call, file, segments, length, offset, key_of(call, key))
    return request.complete(call, file, Status.SUCCESS, count)
