"""namedpipeapi.h: anonymous and named pipes."""

from typing import Final

from ntmm.kernel.io.constants import FILE_GENERIC_READ, FILE_GENERIC_WRITE
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File
from ntmm.kernel.io.named_pipe import UNLIMITED, ClientEnd, NamedPipe, PipeShape, ServerEnd, pipe_name
from ntmm.kernel.io.paths import nt_path
from ntmm.kernel.io.pipe import PipeEnd
from ntmm.native.call import Call
from ntmm.native.file import TRANSFER_CHUNK
from ntmm.native.pipe_request import listen, may_go_on
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import INVALID_HANDLE_VALUE, Win32Failure, failing
from ntmm.win32.fileapi.overlapped import Overlapped
from ntmm.win32.security_attributes import descriptor_of, inherits
from ntmm.win32.text import ANSI, WIDE, StringKind

PIPE_ACCESS_INBOUND: Final = 1
PIPE_ACCESS_OUTBOUND: Final = 2
FILE_FLAG_FIRST_PIPE_INSTANCE: Final = 0x80000
FILE_FLAG_OVERLAPPED: Final = 0x40000000
PIPE_NOWAIT: Final = 1
PIPE_READMODE_MESSAGE: Final = 2
PIPE_TYPE_MESSAGE: Final = 4
_SERVER_END: Final = 1
_USE_DEFAULT: Final = 0
_DO_NOT_WAIT: Final = 1
_FOREVER: Final = 0xFFFFFFFF


@service("kernel32", "CreatePipe", "p p p u32")
@failing(0)
def CreatePipe(call: Call, reader_address: int, writer_address: int, attributes: int, size: int) -> int:
    """A pipe without a name: what is written to one handle is read from the other. `size` 0 means 4 KB."""
    reader, writer = call.kernel.pipes.create_anonymous(size, call.requester.token, descriptor_of(call, attributes))
    inherit = inherits(call, attributes)
    call.memory.write_pointer(reader_address, call.process.handles.insert(reader, reader.access, inherit))
    call.memory.write_pointer(writer_address, call.process.handles.insert(writer, writer.access, inherit))
    return 1


def _end(call: Call, handle: int) -> PipeEnd:
    """The end of a pipe that a handle is; INVALID_FUNCTION for another file."""
    file = call.process.handles.lookup(handle, File)
    if not isinstance(file, PipeEnd):
        raise Win32Failure(Win32Error.INVALID_FUNCTION)
    return file


def _server(call: Call, handle: int) -> ServerEnd:
    end = _end(call, handle)
    if not isinstance(end, ServerEnd):
        raise Win32Failure(Win32Error.INVALID_FUNCTION)
    return end


def _pipe(end: PipeEnd) -> NamedPipe:
    assert isinstance(end, ServerEnd | ClientEnd)
    return end.pipe


def _name(path: str) -> str:
    name = pipe_name(nt_path(path, "C:\\"))
    if not name:
        raise Win32Failure(Win32Error.INVALID_NAME)
    return name


def _create(
    call: Call,
    kind: StringKind,
    name: int,
    open_mode: int,
    pipe_mode: int,
    most: int,
    sizes: tuple[int, int],
    timeout: int,
    attributes: int,
) -> int:
    direction = open_mode & (PIPE_ACCESS_INBOUND | PIPE_ACCESS_OUTBOUND)
    reads_messages = bool(pipe_mode & PIPE_READMODE_MESSAGE)
    is_message = bool(pipe_mode & PIPE_TYPE_MESSAGE)
    if not direction or not 1 <= most <= UNLIMITED or (reads_messages and not is_message):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    shape = PipeShape(
        inbound=bool(direction & PIPE_ACCESS_INBOUND),
        outbound=bool(direction & PIPE_ACCESS_OUTBOUND),
        is_message=is_message,
        most_instances=most,
        inbound_quota=sizes[1],
        outbound_quota=sizes[0],
        default_timeout_100ns=(timeout or 50) * 10_000,
    )
    only_first = bool(open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE)
    synchronous = not open_mode & FILE_FLAG_OVERLAPPED
    end = call.kernel.pipes.create(
        _name(kind.read(call, name)),
        shape,
        call.requester.token,
        descriptor_of(call, attributes),
        only_first,
        synchronous,
    )
    end.reads_messages, end.may_wait = reads_messages, not pipe_mode & PIPE_NOWAIT
    call.set_last_error(0)
    return call.process.handles.insert(end, end.access, inherits(call, attributes))


def _register_create(name: str, kind: StringKind) -> None:
    @service("kernel32", name, "p u32 u32 u32 u32 u32 u32 p")
    @failing(INVALID_HANDLE_VALUE)
    def create(
        call: Call, name: int, mode: int, kind_of_pipe: int, most: int, output: int, input_: int, timeout: int, sa: int
    ) -> int:
        """An instance of a pipe, for its server. With FILE_FLAG_OVERLAPPED its requests may go on after their call."""
        return _create(call, kind, name, mode, kind_of_pipe, most, (output, input_), timeout, sa)


_register_create("CreateNamedPipeW", WIDE)
_register_create("CreateNamedPipeA", ANSI)


@service("kernel32", "ConnectNamedPipe", "h p")
@failing(0)
def ConnectNamedPipe(call: Call, handle: int, overlapped: int) -> int:
    """Waits for a client; PIPE_CONNECTED (535) if one has come already, NO_DATA (232) if it has gone again."""
    end = _server(call, handle)
    if overlapped and may_go_on(end):
        request = Overlapped(call, end, overlapped)
        return request.answer((listen(call, end, request.request), 0))
    status = end.listen()
    return 1 if status == Status.SUCCESS else call.fail(status)


@service("kernel32", "DisconnectNamedPipe", "h")
@failing(0)
def DisconnectNamedPipe(call: Call, handle: int) -> int:
    """Ends the server's connection; what the client has not read is lost."""
    _server(call, handle).disconnect()
    return 1


def _wait_for_pipe(call: Call, kind: StringKind, name: int, milliseconds: int) -> int:
    path = _name(kind.read(call, name))
    timeout = None if milliseconds == _FOREVER else milliseconds * 10_000
    if milliseconds == _USE_DEFAULT:
        timeout = call.kernel.pipes.find(path).shape.default_timeout_100ns
    call.kernel.pipes.wait(path, timeout)
    return 1


@service("kernel32", "WaitNamedPipeW", "p u32")
@failing(0)
def WaitNamedPipeW(call: Call, name: int, milliseconds: int) -> int:
    """Waits until an instance listens; SEM_TIMEOUT (121) if none does in time."""
    return _wait_for_pipe(call, WIDE, name, milliseconds)


@service("kernel32", "WaitNamedPipeA", "p u32")
@failing(0)
def WaitNamedPipeA(call: Call, name: int, milliseconds: int) -> int:
    """WaitNamedPipeW with an ANSI name."""
    return _wait_for_pipe(call, ANSI, name, milliseconds)


@service("kernel32", "PeekNamedPipe", "h p u32 p p p")
@failing(0)
def PeekNamedPipe(call: Call, handle: int, buffer: int, size: int, count: int, available: int, left: int) -> int:
    """Copies what could be read without taking it; BROKEN_PIPE (109) where nothing is and nothing will come."""
    queue = _end(call, handle).incoming
    if queue is None:
        raise IoFailure(Status.PIPE_DISCONNECTED)
    data = queue.peek(size if buffer else 0)
    if buffer:
        call.memory.write(buffer, data)
    rest = queue.first_size - len(data) if queue.is_message else 0
    for address, value in ((count, len(data)), (available, queue.size), (left, rest)):
        if address:
            call.memory.write_u32(address, value)
    return 1


@service("kernel32", "GetNamedPipeInfo", "h p p p p")
@failing(0)
def GetNamedPipeInfo(call: Call, handle: int, flags: int, output: int, input_: int, most: int) -> int:
    """The pipe's type, the end that the handle is, its quotas in bytes and the most instances."""
    end = _end(call, handle)
    shape = _pipe(end).shape
    kind = (PIPE_TYPE_MESSAGE if shape.is_message else 0) | (_SERVER_END if isinstance(end, ServerEnd) else 0)
    values = (
        (flags, kind),
        (output, shape.outbound_quota),
        (input_, shape.inbound_quota),
        (most, shape.most_instances),
    )
    for address, value in values:
        if address:
            call.memory.write_u32(address, value)
    return 1


@service("kernel32", "SetNamedPipeHandleState", "h p p p")
@failing(0)
def SetNamedPipeHandleState(call: Call, handle: int, mode_address: int, most: int, timeout: int) -> int:
    """Whether reads take messages and requests wait; the rest is for pipes of other machines (87)."""
    end = _end(call, handle)
    mode = call.memory.read_u32(mode_address) if mode_address else None
    too_much = mode is not None and mode & PIPE_READMODE_MESSAGE and not _pipe(end).shape.is_message
    if most or timeout or too_much:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if mode is not None:
        end.reads_messages, end.may_wait = bool(mode & PIPE_READMODE_MESSAGE), not mode & PIPE_NOWAIT
    return 1


def _request(call: Call, address: int, size: int) -> bytes:
    if size > TRANSFER_CHUNK:
        raise IoFailure(Status.INSUFFICIENT_RESOURCES)
    return call.memory.read(address, size)


def _transact(call: Call, end: PipeEnd, request: bytes, answer: int, size: int, count_address: int) -> int:
    """Writes a message and reads the next one; MORE_DATA (234) if that one is longer than `size`."""
    end.write(0, request)
    data = end.read(0, size)
    call.memory.write(answer, data)
    call.memory.write_u32(count_address, len(data))
    return 1 if end.read_status is Status.SUCCESS else call.fail(end.read_status)


@service("kernel32", "TransactNamedPipe", "h p u32 p u32 p p", lacks="asynchronous requests")
@failing(0)
def TransactNamedPipe(
    call: Call, handle: int, request: int, request_size: int, answer: int, size: int, count: int, overlapped: int
) -> int:
    """A message and its answer, over an end that reads messages; BAD_PIPE (230) over another."""
    end = _end(call, handle)
    if not end.reads_messages or end.incoming is None or end.outgoing is None:
        raise Win32Failure(Win32Error.BAD_PIPE)
    if end.incoming.size:
        raise Win32Failure(Win32Error.PIPE_BUSY)  # an answer to something else waits
    if overlapped:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    return _transact(call, end, _request(call, request, request_size), answer, size, count)


def _call_pipe(
    call: Call, kind: StringKind, name: int, request: tuple[int, int], answer: tuple[int, int], count: int, timeout: int
) -> int:
    path, data = _name(kind.read(call, name)), _request(call, *request)
    call.kernel.pipes.find(path)
    if timeout != _DO_NOT_WAIT:
        _wait_for_pipe(call, kind, name, timeout)
    end = call.kernel.pipes.open(path, FILE_GENERIC_READ | FILE_GENERIC_WRITE, call.requester.token)
    try:
        if not _pipe(end).shape.is_message:
            raise Win32Failure(Win32Error.INVALID_PARAMETER)
        end.reads_messages = True
        return _transact(call, end, data, *answer, count)
    finally:
        end.close()


@service("kernel32", "CallNamedPipeW", "p p u32 p u32 p u32")
@failing(0)
def CallNamedPipeW(
    call: Call, name: int, request: int, request_size: int, answer: int, size: int, count: int, timeout: int
) -> int:
    """Connects, sends a message, reads the answer and closes."""
    return _call_pipe(call, WIDE, name, (request, request_size), (answer, size), count, timeout)


@service("kernel32", "CallNamedPipeA", "p p u32 p u32 p u32")
@failing(0)
def CallNamedPipeA(
    call: Call, name: int, request: int, request_size: int, answer: int, size: int, count: int, timeout: int
) -> int:
    """CallNamedPipeW with an ANSI name."""
    return _call_pipe(call, ANSI, name, (request, request_size), (answer, size), count, timeout)
