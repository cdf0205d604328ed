"""Pipes: bytes or messages from one open to another (the named pipe file system, NPFS).

An anonymous pipe is a named one whose name nobody knows. Requests for a pipe that has nothing to read, or no room, wait
in their thread; those of ends that were opened for asynchronous requests go on after their call (`begin_read`,
`begin_write`).
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from ntmm.kernel.io.constants import FILE_READ_DATA, FILE_WRITE_DATA, FileType
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File
from ntmm.kernel.io.pending import MOST_PENDING, Pending
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.ob.waitable import Event
from ntmm.nt.status import Status

DEFAULT_QUOTA: Final = 4096
LARGEST_QUOTA: Final = 1 << 20
MOST_BYTES_PENDING: Final = 4 << 20
"""Bytes beyond the quota that requests which go on may put into a pipe."""
MOST_MESSAGES: Final = 1 << 16
"""Messages, empty ones among them, after which writers wait whatever the quota."""


class PipeQueue:
    """One direction. `quota` bytes may lie in it before writers wait."""

    def __init__(self, scheduler: Scheduler, quota: int, is_message: bool) -> None:
        self.quota = min(quota, LARGEST_QUOTA) or DEFAULT_QUOTA
        self.is_message = is_message
        self.size = 0
        self.has_reader = self.has_writer = True
        self.is_disconnected = False
        self._parts: deque[bytes] = deque()
        self._readers: deque[Pending] = deque()
        self._writers: deque[Pending] = deque()
        self._scheduler = scheduler
        self._changed = Event(scheduler, manual_reset=True, signalled=False)

    def _wait(self) -> None:
        """Until another thread has changed something."""
        thread = self._scheduler.current
        assert thread is not None
        self._changed.reset()
        self._scheduler.wait(thread, (self._changed,), user_mode=True)

    def wake(self) -> None:
        """Something has changed. May block, where requests can end now."""
        self._changed.set()
        while self._readers and (status := self._outcome_of_reading()) is not None:
            reader, data = self._readers[0], b""
            if status is Status.SUCCESS:
                data, goes_on = self._take(reader.size, reader.by_message)
                status = Status.BUFFER_OVERFLOW if goes_on else status
            reader.end(status, data, len(data))
        while self._writers and (status := self._outcome_of_writing()) is not None:
            writer = self._writers[0]
            writer.end(status, b"", writer.size if status is Status.SUCCESS else 0)

    def _outcome_of_reading(self) -> Status | None:
        """How the first reading request ends now; None while it goes on."""
        if not self.has_reader:
            return Status.CANCELLED
        if self._parts:
            return Status.SUCCESS
        if self.is_disconnected:
            return Status.PIPE_DISCONNECTED
        return None if self.has_writer else Status.PIPE_BROKEN

    def _outcome_of_writing(self) -> Status | None:
        if not self.has_writer:
            return Status.CANCELLED
        if self.is_disconnected:
            return Status.PIPE_DISCONNECTED
        if not self.has_reader:
            return Status.PIPE_BROKEN
        return Status.SUCCESS if self.size <= self.quota else None

    def begin_read(self, make: Callable[[], Pending]) -> bool:
        """Keeps a request that finds nothing to read; False if it can be done, or has failed, now."""
        if self._outcome_of_reading() is not None and not self._readers:
            return False
        if len(self._readers) >= MOST_PENDING:
            raise IoFailure(Status.INSUFFICIENT_RESOURCES)
        make().wait_in(self._readers)
        return True

    def begin_write(self, data: bytes, make: Callable[[], Pending]) -> bool:
        """Adds a message, or bytes; True if the request goes on until no more than the quota is left to be read."""
        self._check_writable()
        if (
            self.size > self.quota + MOST_BYTES_PENDING
            or len(self._parts) >= MOST_MESSAGES
            or len(self._writers) >= MOST_PENDING
        ):
            raise IoFailure(Status.INSUFFICIENT_RESOURCES)
        self._add(data)
        if self.size <= self.quota:
            return False
        make().wait_in(self._writers)
        return True

    @property
    def first_size(self) -> int:
        """Bytes of the first message that are still there; of all bytes where there are no messages."""
        if not self.is_message:
            return self.size
        return len(self._parts[0]) if self._parts else 0

    def read(self, size: int, by_message: bool, may_wait: bool) -> tuple[bytes, bool]:
        """What is there, at most `size` bytes and with `by_message` of one message, and whether that one goes on."""
        while not self._parts:
            self._check_connected()
            if not self.has_writer:
                raise IoFailure(Status.PIPE_BROKEN)
            if not may_wait:
                raise IoFailure(Status.PIPE_EMPTY)
            self._wait()
        data, goes_on = self._take(size, by_message)
        self.wake()
        return data, goes_on

    def _take(self, size: int, by_message: bool) -> tuple[bytes, bool]:
        taken: list[bytes] = []
        while self._parts and (size or by_message):
            part = self._parts.popleft()
            taken.append(part[:size])
            if len(part) > size:
                self._parts.appendleft(part[size:])
            size -= len(taken[-1])
            if by_message:
                self.size -= len(taken[0])
                return taken[0], len(part) > len(taken[0])
        data = b"".join(taken)
        self.size -= len(data)
        return data, False

    def peek(self, size: int) -> bytes:
        """As `read`, but nothing is taken and nothing is waited for."""
        if not self._parts:
            self._check_connected()
            if not self.has_writer:
                raise IoFailure(Status.PIPE_BROKEN)
        data = self._parts[0] if self.is_message and self._parts else b"".join(self._parts)
        return data[:size]

    def write(self, data: bytes, may_wait: bool) -> int:
        """Adds a message, or bytes, and waits until no more than the quota is left to be read."""
        self._check_writable()
        if not may_wait and (self.size + len(data) > self.quota or len(self._parts) >= MOST_MESSAGES):
            return 0
        self._add(data)
        self.drain(self.quota)
        return len(data)

    def _check_writable(self) -> None:
        self._check_connected()
        if not self.has_reader:
            raise IoFailure(Status.PIPE_CLOSING)

    def _add(self, data: bytes) -> None:
        if data or self.is_message:
            self._parts.append(data)
            self.size += len(data)
            self.wake()

    def drain(self, left: int = 0) -> None:
        """Waits until at most `left` bytes are there; PIPE_BROKEN if the reader goes before."""
        while self.size > left or len(self._parts) > MOST_MESSAGES:
            self._check_connected()
            if not self.has_reader:
                raise IoFailure(Status.PIPE_BROKEN)
            self._wait()

    def _check_connected(self) -> None:
        if self.is_disconnected:
            raise IoFailure(Status.PIPE_DISCONNECTED)

    def disconnect(self) -> None:
        """The server has ended the connection: what lies here is lost."""
        self._parts.clear()
        self.size, self.is_disconnected = 0, True
        self.wake()


class PipeEnd(File):
    """One end. `incoming` and `outgoing` are None where the pipe does not go that way."""

    file_type = FileType.PIPE
    is_security_required = True
    has_end = False

    def __init__(
        self, name: str, access: int, incoming: PipeQueue | None, outgoing: PipeQueue | None, synchronous: bool = True
    ) -> None:
        super().__init__(name, access)
        self.incoming, self.outgoing = incoming, outgoing
        self.is_synchronous = synchronous
        self.reads_messages = False
        self.may_wait = True
        self.is_idle = True
        """No request has begun that has not ended; waits for the file are over then."""

    def is_signalled(self, thread: KernelThread) -> bool:
        return self.is_idle

    def connect(self, incoming: PipeQueue | None, outgoing: PipeQueue | None) -> None:
        """Gives the server's end of an instance its queues."""
        self.incoming, self.outgoing = incoming, outgoing

    def _queue(self, queue: PipeQueue | None, right: int) -> PipeQueue:
        self.require(right)
        if queue is None:
            raise IoFailure(Status.PIPE_DISCONNECTED)
        return queue

    def read(self, offset: int, size: int) -> bytes:
        queue = self._queue(self.incoming, FILE_READ_DATA)
        data, goes_on = queue.read(size, queue.is_message and self.reads_messages, self.may_wait)
        self.read_status = Status.BUFFER_OVERFLOW if goes_on else Status.SUCCESS
        return data

    def begin_read(self, make: Callable[[], Pending]) -> bool:
        """True if nothing can be read yet and the request goes on; False if `read` will not wait. Raises IoFailure."""
        return self._queue(self.incoming, FILE_READ_DATA).begin_read(make)

    def begin_write(self, data: bytes, make: Callable[[], Pending]) -> bool:
        """Writes; True if the request goes on until there is room for all that was written. Raises IoFailure."""
        return self._queue(self.outgoing, FILE_WRITE_DATA).begin_write(data, make)

    def write(self, offset: int, data: bytes) -> int:
        return self._queue(self.outgoing, FILE_WRITE_DATA).write(data, self.may_wait)

    def flush(self) -> None:
        """Waits until the other end has read everything."""
        self._queue(self.outgoing, FILE_WRITE_DATA).drain()

    def close(self) -> None:
        super().close()
        if self.incoming is not None:
            self.incoming.has_reader = False
            self.incoming.wake()
        if self.outgoing is not None:
            self.outgoing.has_writer = False
            self.outgoing.wake()
