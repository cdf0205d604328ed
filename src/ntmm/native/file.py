"""Files: NtCreateFile, NtReadFile and the other services of ntdll that take a file.

The Windows API's file functions use what is here: `read_into`, `write_from`, `open_relative`.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from ntmm.kernel.io.constants import (
    DELETE,
    FILE_APPEND_DATA,
    FILE_DIRECTORY_FILE,
    FILE_EXECUTE,
    FILE_READ_DATA,
    FILE_SYNCHRONOUS_IO_ALERT,
    FILE_SYNCHRONOUS_IO_NONALERT,
    FILE_WRITE_DATA,
    Disposition,
    OpenAction,
)
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File, FileObject
from ntmm.kernel.io.named_pipe import pipe_name
from ntmm.kernel.io.volume import Opened, OpenRequest
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ob import OBJ_INHERIT, InvalidHandle
from ntmm.kernel.se import SecurityDescriptor
from ntmm.native.call import Call
from ntmm.native.io_request import IoRequest, write_io_status
from ntmm.native.object_attributes import read_descriptor
from ntmm.native.pipe_request import may_go_on, read_pipe, tell_unless_pending, write_pipe
from ntmm.native.probe import probe_pointers
from ntmm.native.service_table import service
from ntmm.native.transfer_rules import check_read, check_write, start_of
from ntmm.nt.status import Status

TRANSFER_CHUNK: Final = 1 << 20
"""Bytes moved between the host and guest memory at a time, so that one request cannot ask for much host memory."""

_USE_FILE_POINTER: Final = -2
READING: Final = FILE_READ_DATA | FILE_EXECUTE
WRITING: Final = FILE_WRITE_DATA | FILE_APPEND_DATA
"""Rights of which one is enough to read, to write."""

Parameters = ParamSpec("Parameters")
Handler = Callable[Concatenate[Call, Parameters], int]


def answers_status(handler: Handler[Parameters]) -> Handler[Parameters]:
    """The decorated Nt service answers the status of an I/O failure or a bad handle."""

    @wraps(handler)
    def guarded(call: Call, /, *arguments: Parameters.args, **named: Parameters.kwargs) -> int:
        try:
            return handler(call, *arguments, **named)
        except (IoFailure, InvalidHandle) as failure:
            return failure.status

    return guarded


def lookup_file(call: Call, handle: int, rights: int = 0) -> File:
    """The file of a handle; raises InvalidHandle, also where the handle has none of the `rights` that the open has."""
    file = call.process.handles.lookup(handle, File)
    if rights & file.access and not rights & call.process.handles.entry(handle).access:
        raise InvalidHandle(Status.ACCESS_DENIED)
    return file


def open_file(call: Call, nt_path: str, request: OpenRequest) -> Opened:
    """Opens or creates on behalf of the caller; fails with the status NtCreateFile gives."""
    return call.kernel.volume.open(nt_path, replace(request, token=call.requester.token))


def read_into(call: Call, file: File, buffer: int, size: int, offset: int | None, key: int = 0) -> int:
    """Reads into guest memory and answers how many bytes; 0 is the end of the file.

    `offset` None means the current position. That of a synchronous file moves on in any case. A bad buffer fails with
    ACCESS_VIOLATION.
    """
    start = file.position if offset is None else offset
    check_read(call, file, buffer, size, start, key, is_current=offset is None)
    done = 0
    try:
        call.memory.check_range(buffer, size)
        while done < size:
            wanted = min(size - done, TRANSFER_CHUNK)
            data = file.read(start + done, wanted)
            call.memory.write(buffer + done, data)
            done += len(data)
            if len(data) < wanted or not file.has_end:
                break
    except GuestFault as fault:
        raise IoFailure(Status.ACCESS_VIOLATION) from fault
    finally:
        _move_on(file, start, done)
    return done


def _move_on(file: File, start: int, done: int) -> None:
    """Behind the bytes moved, wherever they lie: the position of a synchronous file."""
    if file.is_synchronous and done:
        file.position = start + done


def open_path(call: Call, nt_path: str, request: OpenRequest) -> Opened:
    """Opens or creates by NT path: a file of the drive, a device, or a client's end of a named pipe."""
    name = pipe_name(nt_path)
    if name is None:
        return open_file(call, nt_path, request)
    synchronous = bool(request.options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT))
    return Opened(call.kernel.pipes.open(name, request.access, call.requester.token, synchronous), OpenAction.OPENED)


def write_from(call: Call, file: File, buffer: int, size: int, offset: int | None, key: int = 0) -> int:
    """Writes from guest memory and answers how many bytes; `offset` None means the current position.

    An open that may only append writes behind the last byte, wherever it was told to. The position of a synchronous
    file moves on as it does for a read.
    """
    start = file.position if offset is None else offset
    if file.only_appends:
        start = file.size
    check_write(call, file, buffer, size, start, key)
    done = 0
    try:
        if size == 0:
            file.write(start, b"")
        while done < size:
            data = call.memory.read(buffer + done, min(size - done, TRANSFER_CHUNK))
            done += file.write(start + done, data)
    except GuestFault as fault:
        raise IoFailure(Status.ACCESS_VIOLATION) from fault
    finally:
        _move_on(file, start, done)
    return done


def _read_name(call: Call, attributes: int) -> tuple[int, str]:
    """Root handle and name of an OBJECT_ATTRIBUTES."""
    pointer = call.memory.pointer_size
    root = call.memory.read_pointer(attributes + pointer)
    name = call.memory.read_pointer(attributes + 2 * pointer)
    length = call.memory.read_u16(name)
    data = call.memory.read(call.memory.read_pointer(name + pointer), length & ~1)
    return root, data.decode("utf-16-le", "surrogatepass")


def object_path(call: Call, attributes: int) -> str:
    """The NT path an OBJECT_ATTRIBUTES means, with the path of its root folder before it."""
    root, name = _read_name(call, attributes)
    return name if not root else _below(lookup_file(call, root & 0xFFFFFFFF), name)


def _flags_and_descriptor(call: Call, attributes: int) -> tuple[int, int]:
    """OBJ_* flags and the address of the descriptor of an OBJECT_ATTRIBUTES."""
    pointer = call.memory.pointer_size
    return call.memory.read_u32(attributes + 3 * pointer), call.memory.read_pointer(attributes + 4 * pointer)


def _below(folder: File, name: str) -> str:
    if not folder.is_directory:
        raise IoFailure(Status.OBJECT_TYPE_MISMATCH)
    return "\\??\\C:" + folder.name.rstrip("\\") + "\\" + name


def insert_file(call: Call, opened: Opened, inherit: bool = False) -> int:
    """A handle to a file just opened."""
    return call.process.handles.insert(opened.file, opened.file.access, inherit)


@service("ntdll", "NtCreateFile", "p u32 p p p u32 u32 u32 u32 p u32", lacks="extended attributes")
@answers_status
def NtCreateFile(
    call: Call,
    handle_address: int,
    access: int,
    attributes: int,
    io_status: int,
    allocation_size: int,
    file_attributes: int,
    share: int,
    disposition: int,
    options: int,
    ea_buffer: int,
    ea_length: int,
) -> int:
    """Opens or creates a file; extended attributes are not supported."""
    if disposition > max(Disposition):
        return Status.INVALID_PARAMETER
    if ea_length:
        return Status.NOT_IMPLEMENTED
    probe_pointers(call, handle_address, io_status)
    flags, descriptor = _flags_and_descriptor(call, attributes)
    request = OpenRequest(
        access, share, Disposition(disposition), options, file_attributes, security=read_descriptor(call, descriptor)
    )
    opened = open_path(call, object_path(call, attributes), request)
    inherit = bool(flags & OBJ_INHERIT)
    call.memory.write_pointer(handle_address, insert_file(call, opened, inherit))
    write_io_status(call, io_status, Status.SUCCESS, opened.action)
    return Status.SUCCESS


@service("ntdll", "NtOpenFile", "p u32 p p u32 u32")
@answers_status
def NtOpenFile(
    call: Call, handle_address: int, access: int, attributes: int, io_status: int, share: int, options: int
) -> int:
    """Opens an existing file."""
    return NtCreateFile(
        call, handle_address, access, attributes, io_status, 0, 0, share, Disposition.OPEN, options, 0, 0
    )


def offset_of(call: Call, file: File, address: int, is_write: bool) -> int | None:
    """The offset in a ByteOffset parameter; None for the current position, which asynchronous files do not have.

    Pipes have no offsets, and need none.
    """
    if not address and (file.is_synchronous or not file.has_end):
        return None
    value = call.memory.read_u64(address) if address else 1 << 63
    signed = value - (1 << 64) if value >> 63 else value
    if signed == _USE_FILE_POINTER and file.is_synchronous:
        return None
    return start_of(file, value, is_write)


def key_of(call: Call, address: int) -> int:
    """The key of the caller's locks; 0 without one."""
    return call.memory.read_u32(address) if address else 0


@service("ntdll", "NtReadFile", "h h p p p p u32 p p")
@answers_status
def NtReadFile(
    call: Call,
    handle: int,
    event: int,
    apc_routine: int,
    apc_context: int,
    io_status: int,
    buffer: int,
    length: int,
    byte_offset: int,
    key: int,
) -> int:
    """Reads; END_OF_FILE if there is nothing to read, PENDING from a pipe that waits for its writer."""
    file, request = lookup_file(call, handle, READING), IoRequest(event, apc_routine, apc_context, io_status)
    offset = offset_of(call, file, byte_offset, is_write=False)
    request.begin(call, file)
    if may_go_on(file):
        return tell_unless_pending(call, file, request, read_pipe(call, file, request, buffer, length))
    count = read_into(call, file, buffer, length, offset, key_of(call, key))
    status = Status.END_OF_FILE if length and not count and file.has_end else file.read_status
    return request.complete(call, file, status, count)


@service("ntdll", "NtWriteFile", "h h p p p p u32 p p")
@answers_status
def NtWriteFile(
    call: Call,
    handle: int,
    event: int,
    apc_routine: int,
    apc_context: int,
    io_status: int,
    buffer: int,
    length: int,
    byte_offset: int,
    key: int,
) -> int:
    """Writes; PENDING to a pipe that has no room."""
    file, request = lookup_file(call, handle, WRITING), IoRequest(event, apc_routine, apc_context, io_status)
    offset = offset_of(call, file, byte_offset, is_write=True)
    request.begin(call, file)
    if may_go_on(file):
        return tell_unless_pending(call, file, request, write_pipe(call, file, request, buffer, length))
    count = write_from(call, file, buffer, length, offset, key_of(call, key))
    return request.complete(call, file, Status.SUCCESS, count)


@service("ntdll", "NtFlushBuffersFile", "h p")
@answers_status
def NtFlushBuffersFile(call: Call, handle: int, io_status: int) -> int:
    """Hands what was written to the host."""
    lookup_file(call, handle, WRITING).flush()
    write_io_status(call, io_status, Status.SUCCESS, 0)
    return Status.SUCCESS


@service("ntdll", "NtDeleteFile", "p")
@answers_status
def NtDeleteFile(call: Call, attributes: int) -> int:
    """Deletes by name at once, or at the last close where the file is open."""
    delete_path(call, object_path(call, attributes), 0)
    return Status.SUCCESS


def delete_path(call: Call, nt_path: str, options: int) -> None:
    """Opens for deletion, marks and closes: a file, or with FILE_DIRECTORY_FILE an empty folder."""
    file = open_file(call, nt_path, OpenRequest(DELETE, 7, options=options)).file
    try:
        if not isinstance(file, FileObject):
            raise IoFailure(Status.INVALID_PARAMETER)
        file.set_delete_pending(True)
    finally:
        file.close()


def make_directory(call: Call, nt_path: str, security: SecurityDescriptor | None = None) -> None:
    """Creates a folder; fails with OBJECT_NAME_COLLISION if the name is taken."""
    request = OpenRequest(1, 3, Disposition.CREATE, FILE_DIRECTORY_FILE, security=security)
    open_file(call, nt_path, request).file.close()
