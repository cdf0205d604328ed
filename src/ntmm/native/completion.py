"""I/O completion ports: NtCreateIoCompletion, NtSetIoCompletion, NtRemoveIoCompletion, NtQueryIoCompletion.

Also NtCancelIoFile.
"""

import struct
from typing import Final

from ntmm.kernel.io.completion import CompletionPlace, IoCompletion, Packet
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File
from ntmm.native.call import Call
from ntmm.native.file import lookup_file
from ntmm.native.io_request import write_io_status
from ntmm.native.object_attributes import create_from_attributes, open_from_attributes
from ntmm.native.pipe_request import cancel_requests
from ntmm.native.service_table import service
from ntmm.native.synchronization import timeout_of
from ntmm.nt.status import Status

IO_COMPLETION_QUERY_STATE: Final = 1
IO_COMPLETION_MODIFY_STATE: Final = 2
IO_COMPLETION_ALL_ACCESS: Final = 0x1F0003
_BASIC_INFORMATION: Final = 0


def make_port(call: Call, concurrency: int, access: int = IO_COMPLETION_ALL_ACCESS) -> int:
    """A handle to a new port."""
    return call.process.handles.insert(IoCompletion(call.kernel.scheduler, concurrency), access)


def bind_port(call: Call, file: File, handle: int, key: int) -> None:
    """Has a port told of a file's requests (FileCompletionInformation), once for each open.

    Raises IoFailure (INVALID_PARAMETER for a synchronous file or one that has a port) and InvalidHandle.
    """
    port = call.process.handles.lookup(handle, IoCompletion, IO_COMPLETION_MODIFY_STATE)
    if file.is_synchronous or file.completion is not None:
        raise IoFailure(Status.INVALID_PARAMETER)
    port.reference()
    file.completion = CompletionPlace(port, key)


@service("ntdll", "NtCreateIoCompletion", "p u32 p u32")
def NtCreateIoCompletion(call: Call, handle: int, access: int, attributes: int, concurrency: int) -> int:
    """A new port."""
    return create_from_attributes(call, handle, access, attributes, IoCompletion(call.kernel.scheduler, concurrency))


@service("ntdll", "NtOpenIoCompletion", "p u32 p")
def NtOpenIoCompletion(call: Call, handle: int, access: int, attributes: int) -> int:
    """A handle to a named port."""
    return open_from_attributes(call, handle, access, attributes, IoCompletion)


@service("ntdll", "NtSetIoCompletion", "h p p u32 p")
def NtSetIoCompletion(call: Call, handle: int, key: int, context: int, status: int, information: int) -> int:
    """Adds a packet of the program's own."""
    port = call.process.handles.lookup(handle, IoCompletion, IO_COMPLETION_MODIFY_STATE)
    posted = port.post(Packet(key, context, status, information))
    return Status.SUCCESS if posted else Status.INSUFFICIENT_RESOURCES


@service("ntdll", "NtRemoveIoCompletion", "h p p p p")
def NtRemoveIoCompletion(call: Call, handle: int, key: int, context: int, io_status: int, timeout: int) -> int:
    """Waits for the next packet; TIMEOUT if none comes."""
    port = call.process.handles.lookup(handle, IoCompletion, IO_COMPLETION_MODIFY_STATE)
    packet = port.remove(call.thread, timeout_of(call, timeout))
    if packet is None:
        return Status.TIMEOUT
    call.memory.write_pointer(key, packet.key)
    call.memory.write_pointer(context, packet.context)
    write_io_status(call, io_status, packet.status, packet.information)
    return Status.SUCCESS


@service("ntdll", "NtQueryIoCompletion", "h u32 p u32 p")
def NtQueryIoCompletion(call: Call, handle: int, kind: int, buffer: int, length: int, return_length: int) -> int:
    """How many packets wait."""
    port = call.process.handles.lookup(handle, IoCompletion, IO_COMPLETION_QUERY_STATE)
    if kind != _BASIC_INFORMATION:
        return Status.INVALID_INFO_CLASS
    if length != 4:
        return Status.INFO_LENGTH_MISMATCH
    call.memory.write(buffer, struct.pack("<I", len(port)))
    if return_length:
        call.memory.write_u32(return_length, 4)
    return Status.SUCCESS


@service("ntdll", "NtCancelIoFile", "h p")
def NtCancelIoFile(call: Call, handle: int, io_status: int) -> int:
    """Cancels the caller's requests for a file; only those of pipes go on after their call."""
    cancel_requests(call, lookup_file(call, handle))
    write_io_status(call, io_status, Status.SUCCESS, 0)
    return Status.SUCCESS
