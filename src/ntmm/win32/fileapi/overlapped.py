"""OVERLAPPED, the request block of a read, a write or a lock. Every request has completed when its call returns."""

from ntmm.kernel.io.file import File
from ntmm.native.call import Call
from ntmm.native.io_request import IoRequest
from ntmm.nt.status import Status


class Overlapped:
    """An OVERLAPPED: Internal, InternalHigh, Offset, OffsetHigh, hEvent. Raises InvalidHandle for a bad event.

    A set low bit of the event keeps the request from the file's completion port.
    """

    def __init__(self, call: Call, file: File, address: int) -> None:
        memory = call.memory
        self._call, self._file = call, file
        self.offset: int = memory.read_u64(address + 2 * memory.pointer_size)
        """Where in the file to start."""
        event = memory.read_pointer(address + 2 * memory.pointer_size + 8)
        self.request = IoRequest(event & 0xFFFFFFFC, 0, 0 if event & 1 else address, address)
        memory.write_pointer(address, Status.PENDING)
        self.request.begin(call, file)

    def complete(self, status: int, count: int) -> None:
        """Stores the outcome, signals the event and tells the file's completion port."""
        self.request.complete(self._call, self._file, status, count)
