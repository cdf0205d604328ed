"""Port objects (LPCP_PORT_OBJECT): a server's named connection port, and the two ends of each connection."""

from collections.abc import Callable

from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.lpc.message import Message, MessageType
from ntmm.kernel.lpc.queue import PortQueue, Queued, Request
from ntmm.kernel.lpc.trust import Trust
from ntmm.kernel.lpc.views import PlacedView
from ntmm.kernel.ob import KernelObject
from ntmm.kernel.se import Token
from ntmm.kernel.se.access import PORT_MAPPING
from ntmm.kernel.se.sid import Sid
from ntmm.nt.status import Status


class ConnectionPort(KernelObject):
    """Where clients ask for connections, and where all their messages arrive; `maximum_*` in bytes."""

    type_name = "Port"
    mapping = PORT_MAPPING

    def __init__(self, scheduler: Scheduler, maximum_information: int, maximum_message: int) -> None:
        super().__init__()
        self.maximum_information = maximum_information
        self.maximum_message = maximum_message
        self.queue = PortQueue(scheduler)
        self.connecting: list[ConnectionRequest] = []
        """Clients that wait for their connection to be completed."""
        self.owner: Sid | None = None
        """The user who made it."""
        self.closed = False

    def close(self) -> None:
        self.closed = True
        for request in self.connecting:
            request.finish(Status.PORT_CONNECTION_REFUSED)
        self.connecting.clear()


class WaitablePort(ConnectionPort, DispatcherObject):
    """A connection port whose handle is signalled while messages wait (NtCreateWaitablePort)."""

    def __init__(self, scheduler: Scheduler, maximum_information: int, maximum_message: int) -> None:
        super().__init__(scheduler, maximum_information, maximum_message)
        self.queue.arrived = lambda: scheduler.signalled(self)

    def is_signalled(self, thread: KernelThread) -> bool:
        return bool(len(self.queue))

    def satisfy(self, thread: KernelThread) -> bool:
        return False


class CommunicationPort(KernelObject):
    """One end of a connection. The server's end has the server's `context` and the queue of its connection port."""

    type_name = "Port"
    mapping = PORT_MAPPING

    def __init__(self, scheduler: Scheduler, connection_port: ConnectionPort, is_server: bool) -> None:
        super().__init__()
        self.connection_port = connection_port
        self.is_server = is_server
        self.queue = connection_port.queue if is_server else PortQueue(scheduler)
        self.peer: CommunicationPort | None = None
        self.context = 0
        self.trust = Trust()
        self.token: Token | None = None
        """On whose behalf a client has connected."""
        self.views: list[PlacedView] = []
        self.pending: list[Request] = []
        """Requests sent over this end that wait for their replies."""
        self.connecting: ConnectionRequest | None = None
        """On a server's end that was accepted and is not completed: its client's request."""
        self.closed = False
        self.unmap_views: Callable[[list[PlacedView]], None] = lambda views: None
        if is_server:
            connection_port.reference()

    @property
    def is_connected(self) -> bool:
        """Both ends are there."""
        return self.peer is not None and not self.peer.closed and not self.closed

    def close(self) -> None:
        """The other end is told: a server by a message, a client by the end of its waits."""
        if self.closed:
            return
        was_connected = self.is_connected
        self.closed = True
        if self.connecting is not None:
            self.connecting.finish(Status.PORT_CONNECTION_REFUSED)
        for request in self.pending:
            request.finish(Status.PORT_DISCONNECTED)
        if was_connected:
            self._tell_peer()
        self.unmap_views(self.views)
        if self.is_server:
            self.connection_port.dereference()

    def _tell_peer(self) -> None:
        peer = self.peer
        assert peer is not None
        if self.is_server:
            for request in peer.pending:
                request.finish(Status.PORT_DISCONNECTED)
            peer.queue.put(None)
        else:
            peer.queue.put(Queued(Message(b"", MessageType.PORT_CLOSED), peer.context))


class ConnectionRequest(Request):
    """A client that waits for its connection; `port` is its end of it."""

    port: CommunicationPort
