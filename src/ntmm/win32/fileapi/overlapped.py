"""OVERLAPPED, the request block of a read, a write, a lock or a wait for a client."""

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File
from ntmm.native.call import Call
from ntmm.native.io_request import IoRequest
from ntmm.nt.status import Status, is_error
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure


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

    def answer(self, outcome: tuple[Status, int], count_address: int = 0) -> int:
        """TRUE for a request that has ended; raises Win32Failure(IO_PENDING) for one that goes on, and IoFailure."""
        status, count = outcome
        if status is Status.PENDING:
            raise Win32Failure(Win32Error.IO_PENDING)
        if count_address:
            self._call.memory.write_u32(count_address, count)
        if not is_error(status):
            self.complete(status, count)
        if status is not Status.SUCCESS:
            raise IoFailure(status)
        return 1
