"""Asynchronous requests: their outcome, their cancelling, completion ports, scattered and gathered pages.

ReadFileEx and WriteFileEx are guest code over NtReadFile and NtWriteFile.
"""

from ntmm.kernel.io.completion import IoCompletion, Packet
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.ob import Event
from ntmm.native.call import Call
from ntmm.native.completion import IO_COMPLETION_MODIFY_STATE, bind_port, make_port
from ntmm.native.file import READING, WRITING, lookup_file
from ntmm.native.pipe_request import cancel_requests
from ntmm.native.scatter import read_scatter, write_gather
from ntmm.native.service_table import service
from ntmm.nt.status import Status, is_error
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.fileapi.overlapped import Overlapped

_INFINITE = 0xFFFFFFFF
_NO_FILE = -1


@service("kernel32", "GetOverlappedResult", "h p p u32")
@failing(0)
def GetOverlappedResult(call: Call, handle: int, overlapped: int, count_address: int, wait: int) -> int:
    """The outcome of a request; one that goes on is waited for, else IO_INCOMPLETE (996)."""
    file = lookup_file(call, handle)
    pointer_size = call.memory.pointer_size
    if call.memory.read_u32(overlapped) == Status.PENDING:
        event = call.memory.read_pointer(overlapped + 2 * pointer_size + 8) & 0xFFFFFFFC
        if not wait:
            raise Win32Failure(Win32Error.IO_INCOMPLETE)
        target = call.process.handles.lookup(event, Event) if event else file
        call.kernel.scheduler.wait(call.thread, (target,), user_mode=True)
    status = call.memory.read_u32(overlapped)
    call.memory.write_u32(count_address, call.memory.read_u32(overlapped + pointer_size))
    return call.fail(status) if is_error(status) else 1


@service("kernel32", "CancelIo", "h")
@failing(0)
def CancelIo(call: Call, handle: int) -> int:
    """Cancels the caller's requests for a file; only those of pipes go on after their call."""
    cancel_requests(call, lookup_file(call, handle))
    return 1


@service("kernel32", "ReadFileScatter", "h p u32 p p")
@failing(0)
def ReadFileScatter(call: Call, handle: int, segments: int, size: int, reserved: int, overlapped: int) -> int:
    """Reads into pages; the file must be unbuffered and asynchronous (87). HANDLE_EOF past the end."""
    file = lookup_file(call, handle, READING)
    request = Overlapped(call, file, overlapped)
    count = read_scatter(call, file, segments, size, request.offset)
    status = Status.END_OF_FILE if size and not count else Status.SUCCESS
    request.complete(status, count)
    if status:
        raise IoFailure(status)
    return 1


@service("kernel32", "WriteFileGather", "h p u32 p p")
@failing(0)
def WriteFileGather(call: Call, handle: int, segments: int, size: int, reserved: int, overlapped: int) -> int:
    """Writes pages; the file must be unbuffered and asynchronous (87)."""
    file = lookup_file(call, handle, WRITING)
    request = Overlapped(call, file, overlapped)
    request.complete(Status.SUCCESS, write_gather(call, file, segments, size, request.offset))
    return 1


@service("kernel32", "CreateIoCompletionPort", "h h p u32")
@failing(0)
def CreateIoCompletionPort(call: Call, handle: int, existing: int, key: int, concurrency: int) -> int:
    """A new port, or with `existing` that one; the file, unless it is INVALID_HANDLE_VALUE, reports to it."""
    if handle == _NO_FILE:
        if existing:
            raise Win32Failure(Win32Error.INVALID_PARAMETER)
        return make_port(call, concurrency)
    file = lookup_file(call, handle)
    port = existing or make_port(call, concurrency)
    try:
        bind_port(call, file, port, key)
    except IoFailure:
        if not existing:
            call.process.handles.close(port)
        raise
    return port


@service("kernel32", "GetQueuedCompletionStatus", "h p p p u32")
@failing(0)
def GetQueuedCompletionStatus(call: Call, handle: int, count: int, key: int, overlapped: int, milliseconds: int) -> int:
    """Waits for a packet. FALSE with a null OVERLAPPED: none came (258); else the request itself failed."""
    call.memory.write_pointer(overlapped, 0)
    port = call.process.handles.lookup(handle, IoCompletion, IO_COMPLETION_MODIFY_STATE)
    packet = port.remove(call.thread, None if milliseconds == _INFINITE else milliseconds * 10_000)
    if packet is None:
        raise Win32Failure(Win32Error.WAIT_TIMEOUT)
    call.memory.write_pointer(overlapped, packet.context)
    call.memory.write_pointer(key, packet.key)
    call.memory.write_u32(count, packet.information)
    return call.fail(packet.status) if is_error(packet.status) else 1


@service("kernel32", "GetQueuedCompletionStatusEx", "h p u32 p u32 u32", lacks="alertable waits (120)")
@failing(0)
def GetQueuedCompletionStatusEx(
    call: Call, handle: int, entries: int, count: int, removed: int, milliseconds: int, alertable: int
) -> int:
    """Waits for a packet and takes up to `count` that are there, as OVERLAPPED_ENTRY; FALSE if none came (258)."""
    if not count:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if alertable:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    port = call.process.handles.lookup(handle, IoCompletion, IO_COMPLETION_MODIFY_STATE)
    call.memory.write_u32(removed, 0)
    taken = 0
    while taken < count and (taken == 0 or len(port)):
        packet = port.remove(call.thread, None if milliseconds == _INFINITE else milliseconds * 10_000)
        if packet is None:
            raise Win32Failure(Win32Error.WAIT_TIMEOUT)
        _write_entry(call, entries, taken, packet)
        taken += 1
        call.memory.write_u32(removed, taken)
    return 1


def _write_entry(call: Call, entries: int, number: int, packet: Packet) -> None:
    """OVERLAPPED_ENTRY: key, OVERLAPPED, status, count of bytes; 16 bytes on 32 bit, 32 on 64 bit."""
    width = call.memory.pointer_size
    entry = entries + 4 * width * number
    for place, value in enumerate((packet.key, packet.context, packet.status)):
        call.memory.write_pointer(entry + place * width, value)
    call.memory.write_u32(entry + 3 * width, packet.information)


@service("kernel32", "PostQueuedCompletionStatus", "h u32 p p")
@failing(0)
def PostQueuedCompletionStatus(call: Call, handle: int, count: int, key: int, overlapped: int) -> int:
    """Adds a packet of the program's own; NO_SYSTEM_RESOURCES (1450) if too many wait."""
    port = call.process.handles.lookup(handle, IoCompletion, IO_COMPLETION_MODIFY_STATE)
    posted = port.post(Packet(key, overlapped, Status.SUCCESS, count))
    return 1 if posted else call.fail(Status.INSUFFICIENT_RESOURCES)
