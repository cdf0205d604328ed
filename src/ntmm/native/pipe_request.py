"""Requests for ends of pipes that were opened for asynchronous requests: they may go on after their call."""

import contextlib
from collections.abc import Callable
from typing import Final, TypeGuard

from ntmm.kernel.io.completion import Packet
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File
from ntmm.kernel.io.named_pipe import ServerEnd
from ntmm.kernel.io.pending import Pending
from ntmm.kernel.io.pipe import PipeEnd
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.apc import UserApc
from ntmm.kernel.ob import Event
from ntmm.native.call import Call
from ntmm.native.io_request import EVENT_MODIFY_STATE, IoRequest, store_io_status
from ntmm.nt.status import Status

LARGEST_WRITE: Final = 4 << 20
"""Bytes that one request may write."""


def may_go_on(file: File) -> TypeGuard[PipeEnd]:
    """True if requests for a file go on where others would wait in their call."""
    return isinstance(file, PipeEnd) and not file.is_synchronous and file.may_wait


class _Outcome:
    """Whom to tell, and where to put what was read, once a request has ended (IopCompleteRequest)."""

    def __init__(self, call: Call, end: PipeEnd, request: IoRequest, buffer: int) -> None:
        self._scheduler, self._thread, self._memory = call.kernel.scheduler, call.thread, call.memory
        self._end, self._request, self._buffer = end, request, buffer
        handles, self._event = call.process.handles, None
        if request.event:
            self._event = handles.lookup(request.event, Event, EVENT_MODIFY_STATE)
            self._event.reference()
        self._place = end.completion
        if self._place is not None:
            self._place.port.reference()
        end.is_idle = False

    def store(self, pending: Pending, status: Status, data: bytes, count: int) -> None:
        """Stores the outcome in the memory of whoever asked, and tells of it."""
        self._thread.pending_requests.discard(pending)
        process = self._thread.process
        if not process.ended:
            process.reference()  # its memory stays while this waits for paging
            self._tell(self._write(status, data, count), count)
            process.dereference()
        if self._event is not None:
            self._event.dereference()
        if self._place is not None:
            self._place.port.dereference()

    def _write(self, status: Status, data: bytes, count: int) -> Status:
        try:
            if data:
                self._memory.write(self._buffer, data)
        except GuestFault:
            status = Status.ACCESS_VIOLATION
        with contextlib.suppress(GuestFault):  # its owner has taken the block away
            store_io_status(self._memory, self._request.io_status, status, count)
        return status

    def _tell(self, status: Status, count: int) -> None:
        self._end.is_idle = True
        self._scheduler.signalled(self._end)
        if self._event is not None:
            self._event.set()
        request = self._request
        if request.apc_routine:
            apc = UserApc(request.apc_routine, request.apc_context, request.io_status, 0)
            self._scheduler.queue_user_apc(self._thread, apc)
        elif self._place is not None and request.apc_context:
            self._place.port.post(Packet(self._place.key, request.apc_context, status, count))


def _maker(call: Call, end: PipeEnd, request: IoRequest, buffer: int, size: int) -> Callable[[], Pending]:
    def make() -> Pending:
        by_message = end.reads_messages and end.incoming is not None and end.incoming.is_message
        pending = Pending(end, _Outcome(call, end, request, buffer).store, size, by_message)
        call.thread.pending_requests.add(pending)
        return pending

    return make


def read_pipe(call: Call, end: PipeEnd, request: IoRequest, buffer: int, size: int) -> tuple[Status, int]:
    """PENDING, or the outcome of a read and its count of bytes, not told yet. Raises IoFailure."""
    try:
        call.memory.check_range(buffer, size)
        if end.begin_read(_maker(call, end, request, buffer, size)):
            return Status.PENDING, 0
        data = end.read(0, size)
        status = end.read_status
        call.memory.write(buffer, data)
    except GuestFault as fault:
        raise IoFailure(Status.ACCESS_VIOLATION) from fault
    return status, len(data)


def write_pipe(call: Call, end: PipeEnd, request: IoRequest, buffer: int, size: int) -> tuple[Status, int]:
    """PENDING, or SUCCESS and the size. Raises IoFailure."""
    if size > LARGEST_WRITE:
        raise IoFailure(Status.INSUFFICIENT_RESOURCES)
    try:
        data = call.memory.read(buffer, size) if size else b""
    except GuestFault as fault:
        raise IoFailure(Status.ACCESS_VIOLATION) from fault
    goes_on = end.begin_write(data, _maker(call, end, request, 0, size))
    return (Status.PENDING, 0) if goes_on else (Status.SUCCESS, size)


def tell_unless_pending(call: Call, end: PipeEnd, request: IoRequest, outcome: tuple[Status, int]) -> int:
    """The status of an outcome, which is told now if the request has ended."""
    status, count = outcome
    return status if status is Status.PENDING else request.complete(call, end, status, count)


def listen(call: Call, end: ServerEnd, request: IoRequest) -> Status:
    """PENDING, or what `ServerEnd.listen` answers where it does not wait. Raises IoFailure."""
    return end.begin_listen(_maker(call, end, request, 0, 0))


def cancel_requests(call: Call, file: File) -> None:
    """Ends the caller's requests for a file that go on (IoCancelThreadIo, for one file)."""
    for request in list(call.thread.pending_requests):
        if request.file is file:
            request.cancel()
