"""Named pipes: their names, instances and connections."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from ntmm.kernel.io.constants import (
    FILE_GENERIC_READ,
    FILE_GENERIC_WRITE,
    FILE_READ_DATA,
    FILE_WRITE_DATA,
)
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.names import fold
from ntmm.kernel.io.pending import MOST_PENDING, Pending
from ntmm.kernel.io.pipe import PipeEnd, PipeQueue
from ntmm.kernel.io.security import granted_access, pipe_security
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ob.waitable import Event
from ntmm.kernel.se import SecurityDescriptor, Token
from ntmm.nt.status import Status

UNLIMITED: Final = 255
_CREATE_INSTANCE: Final = 0x4
"""FILE_CREATE_PIPE_INSTANCE."""
_PREFIXES: Final = ("\\??\\PIPE\\", "\\DOSDEVICES\\PIPE\\", "\\GLOBAL??\\PIPE\\", "\\DEVICE\\NAMEDPIPE\\")


def pipe_name(nt_path: str) -> str | None:
    """The name that an NT path such as `\\??\\pipe\\name` has among pipes; None for a path that leads elsewhere."""
    upper = fold(nt_path)
    return next((upper[len(prefix) :] for prefix in _PREFIXES if upper.startswith(prefix)), None)


@dataclass(frozen=True, slots=True)
class PipeShape:
    """What all instances of a pipe have in common; `inbound` is towards the server. Quotas in bytes."""

    inbound: bool
    outbound: bool
    is_message: bool
    most_instances: int
    inbound_quota: int
    outbound_quota: int
    default_timeout_100ns: int = 500_000


class PipeState(Enum):
    """DISCONNECTED -> LISTENING -> CONNECTED -> (DISCONNECTED | CLOSING); CLOSING -> DISCONNECTED."""

    DISCONNECTED = auto()
    LISTENING = auto()
    CONNECTED = auto()
    CLOSING = auto()


class ServerEnd(PipeEnd):
    """The server's end of an instance."""

    def __init__(self, pipe: "NamedPipe", access: int, synchronous: bool) -> None:
        super().__init__("\\" + pipe.name, access, None, None, synchronous)
        self.pipe = pipe
        self.security = pipe.security
        self.state = PipeState.LISTENING
        self.reads_messages = pipe.shape.is_message
        self._listeners: deque[Pending] = deque()

    def accept(self, access: int, synchronous: bool) -> PipeEnd:
        """A client's end, connected to this one."""
        shape, scheduler = self.pipe.shape, self.pipe.scheduler
        to_server = PipeQueue(scheduler, shape.inbound_quota, shape.is_message) if shape.inbound else None
        to_client = PipeQueue(scheduler, shape.outbound_quota, shape.is_message) if shape.outbound else None
        self.connect(to_server, to_client)
        self.state = PipeState.CONNECTED
        self.pipe.changed.set()
        client = ClientEnd(self, access, synchronous)
        self._end_listening(Status.SUCCESS)
        return client

    def _end_listening(self, status: Status) -> None:
        while self._listeners:
            self._listeners[0].end(status)

    def listen(self) -> Status:
        """Waits for a client: SUCCESS, or PIPE_CONNECTED if there is one, PIPE_CLOSING if it has gone again."""
        status = self._offer()
        if status is not Status.PENDING:
            return status
        while self.state is PipeState.LISTENING:
            self.pipe.wait(None)
        return Status.SUCCESS

    def _offer(self) -> Status:
        """Lets clients connect; PENDING until one does."""
        if self.state is PipeState.CONNECTED:
            return Status.PIPE_CONNECTED
        if self.state is PipeState.CLOSING:
            return Status.PIPE_CLOSING
        self.state = PipeState.LISTENING
        self.pipe.changed.set()
        return Status.PENDING if self.may_wait else Status.PIPE_LISTENING

    def begin_listen(self, make: Callable[[], Pending]) -> Status:
        """As `listen`, but PENDING, and the request goes on, where `listen` would wait. Raises IoFailure."""
        if len(self._listeners) >= MOST_PENDING:
            raise IoFailure(Status.INSUFFICIENT_RESOURCES)
        status = self._offer()
        if status is Status.PENDING:
            make().wait_in(self._listeners)
        return status

    def disconnect(self) -> None:
        """Ends the connection; the client's requests fail from now on."""
        if self.state is PipeState.DISCONNECTED:
            raise IoFailure(Status.PIPE_DISCONNECTED)
        for queue in (self.incoming, self.outgoing):
            if queue is not None:
                queue.disconnect()
        self.connect(None, None)
        self.state = PipeState.DISCONNECTED
        self._end_listening(Status.PIPE_DISCONNECTED)

    def client_closed(self) -> None:
        """The client's end is gone."""
        if self.state is PipeState.CONNECTED:
            self.state = PipeState.CLOSING

    def close(self) -> None:
        super().close()
        self.pipe.remove(self)
        self._end_listening(Status.CANCELLED)


class ClientEnd(PipeEnd):
    """The client's end of an instance."""

    def __init__(self, server: ServerEnd, access: int, synchronous: bool) -> None:
        super().__init__(server.name, access, server.outgoing, server.incoming, synchronous)
        self.pipe = server.pipe
        self.security = server.pipe.security
        self._server = server

    def close(self) -> None:
        super().close()
        if self._server.incoming is self.outgoing and self._server.outgoing is self.incoming:
            self._server.client_closed()


@dataclass(eq=False)
class NamedPipe:
    """A pipe and its instances; `changed` is set when an instance listens or was connected."""

    name: str
    shape: PipeShape
    scheduler: Scheduler
    names: dict[str, "NamedPipe"]
    security: SecurityDescriptor
    instances: list[ServerEnd] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.changed = Event(self.scheduler, manual_reset=True, signalled=False)

    def wait(self, timeout_100ns: int | None) -> bool:
        """Waits for a change of an instance's state; False after the timeout."""
        thread = self.scheduler.current
        assert thread is not None
        self.changed.reset()
        status = self.scheduler.wait(thread, (self.changed,), timeout_100ns=timeout_100ns, user_mode=True)
        return status != Status.TIMEOUT

    def listening(self) -> ServerEnd | None:
        """The first instance that a client can connect to."""
        return next((end for end in self.instances if end.state is PipeState.LISTENING), None)

    def remove(self, instance: ServerEnd) -> None:
        """An instance was closed; the name goes with the last one."""
        self.instances.remove(instance)
        if not self.instances and self.names.get(self.name) is self:
            del self.names[self.name]
        self.changed.set()


class Pipes:
    """All pipes of a machine by name."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._names: dict[str, NamedPipe] = {}
        self._anonymous = 0

    def create(
        self,
        name: str,
        shape: PipeShape,
        token: Token,
        security: SecurityDescriptor | None = None,
        only_first: bool = False,
        synchronous: bool = True,
    ) -> ServerEnd:
        """A new instance of a pipe, which is made with its first. Raises IoFailure.

        ACCESS_DENIED if it is not the first and should be, has another shape, or the pipe's descriptor does not let the
        token make instances; INSTANCE_NOT_AVAILABLE past the most. `security` counts for the first one.
        """
        pipe = self._names.get(fold(name))
        if pipe is None:
            descriptor = pipe_security(security, token)
            pipe = self._names[fold(name)] = NamedPipe(fold(name), shape, self._scheduler, self._names, descriptor)
        elif only_first or (pipe.shape.inbound, pipe.shape.outbound, pipe.shape.is_message) != (
            shape.inbound,
            shape.outbound,
            shape.is_message,
        ):
            raise IoFailure(Status.ACCESS_DENIED)
        elif pipe.shape.most_instances != UNLIMITED and len(pipe.instances) >= pipe.shape.most_instances:
            raise IoFailure(Status.INSTANCE_NOT_AVAILABLE)
        else:
            granted_access(pipe.security, None, token, _CREATE_INSTANCE)
        access = (FILE_GENERIC_READ if shape.inbound else 0) | (FILE_GENERIC_WRITE if shape.outbound else 0)
        instance = ServerEnd(pipe, access, synchronous)
        pipe.instances.append(instance)
        return instance

    def open(self, name: str, access: int, token: Token, synchronous: bool = True) -> PipeEnd:
        """A client's end, connected to the first instance that listens; PIPE_NOT_AVAILABLE if none does, ACCESS_DENIED
        if the pipe's descriptor refuses the token.
        """
        pipe = self.find(name)
        granted = granted_access(pipe.security, pipe.security, token, access)
        wrong = (granted & FILE_READ_DATA and not pipe.shape.outbound) or (
            granted & FILE_WRITE_DATA and not pipe.shape.inbound
        )
        if wrong:
            raise IoFailure(Status.ACCESS_DENIED)
        instance = pipe.listening()
        if instance is None:
            raise IoFailure(Status.PIPE_NOT_AVAILABLE)
        return instance.accept(granted, synchronous)

    def find(self, name: str) -> NamedPipe:
        """The pipe with a name; raises IoFailure(OBJECT_NAME_NOT_FOUND)."""
        pipe = self._names.get(fold(name))
        if pipe is None:
            raise IoFailure(Status.OBJECT_NAME_NOT_FOUND)
        return pipe

    def wait(self, name: str, timeout_100ns: int | None) -> None:
        """Waits until an instance listens; IO_TIMEOUT if none does in time (FSCTL_PIPE_WAIT)."""
        pipe = self.find(name)
        deadline = None if timeout_100ns is None else self._scheduler.uptime_100ns() + timeout_100ns
        while pipe.listening() is None:
            left = None if deadline is None else max(0, deadline - self._scheduler.uptime_100ns())
            if not pipe.wait(left):
                raise IoFailure(Status.IO_TIMEOUT)
            pipe = self.find(name)

    def create_anonymous(
        self, quota: int, token: Token, security: SecurityDescriptor | None = None
    ) -> tuple[PipeEnd, PipeEnd]:
        """The end to read and the end to write of a pipe without a name (CreatePipe)."""
        self._anonymous += 1
        shape = PipeShape(True, False, False, 1, quota, quota)
        reader = self.create(f"Win32Pipes.{self._anonymous:08x}", shape, token, security)
        return reader, reader.accept(FILE_GENERIC_WRITE, True)  # its creator need not ask the descriptor
