"""Pipes: bytes or messages from one open to another (the named pipe file system, NPFS).

An anonymous pipe is a named one whose name nobody knows. Requests for a pipe that has nothing to read, or no room, wait
in their thread, whether the pipe was opened for asynchronous requests or not.
"""

from collections import deque
from typing import Final

from ntmm.kernel.io.constants import FILE_READ_DATA, FILE_WRITE_DATA, FileType
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ob.waitable import Event
from ntmm.nt.status import Status

DEFAULT_QUOTA: Final = 4096
LARGEST_QUOTA: Final = 1 << 20
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
        self._scheduler = scheduler
        self._changed = Event(scheduler, manual_reset=True, signalled=False)

    def _wait(self) -> None:
        """Until another thread has changed something."""
        thread = self._scheduler.current
        assert thread is not None
        self._changed.reset()
        self._scheduler.wait(thread, (self._changed,), user_mode=True)

    def wake(self) -> None:
        """Something has changed."""
        self._changed.set()

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
        self._check_connected()
        if not self.has_reader:
            raise IoFailure(Status.PIPE_CLOSING)
        if not may_wait and (self.size + len(data) > self.quota or len(self._parts) >= MOST_MESSAGES):
            return 0
        if data or self.is_message:
            self._parts.append(data)
            self.size += len(data)
            self.wake()
        self.drain(self.quota)
        return len(data)

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
