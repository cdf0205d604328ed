"""The façade: what the port services call. Statuses are those of the Nt services; addresses and sizes in bytes."""

from typing import Any, NamedTuple

from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.lpc.conversations import Client, Conversations, Port
from ntmm.kernel.lpc.message import Message, MessageType
from ntmm.kernel.lpc.port import CommunicationPort, ConnectionPort, ConnectionRequest, WaitablePort
from ntmm.kernel.lpc.queue import Queued
from ntmm.kernel.lpc.trust import Trust
from ntmm.kernel.lpc.views import (
    PlacedView,
    PortView,
    SectionViews,
    ViewRequest,
    is_mapped,
    map_port_view,
    unmap_placed,
)
from ntmm.nt.status import Status

__all__ = ["Accepted", "Client", "Connected", "Port", "Ports"]


class Connected(NamedTuple):
    """A connection, or why there is none. `information` is what the server answered; `server_view` lies in the client,
    (size, base).
    """

    status: Status
    port: CommunicationPort | None = None
    information: bytes = b""
    view: PortView | None = None
    server_view: tuple[int, int] = (0, 0)


class Accepted(NamedTuple):
    """A server's end; `view` is its own, `client_view` that of the client in the server, (size, base)."""

    status: Status
    port: CommunicationPort | None = None
    view: PortView | None = None
    client_view: tuple[int, int] = (0, 0)


class Ports(Conversations):
    """All ports of a machine, and how they are connected."""

    def __init__(self, scheduler: Scheduler, mm: SectionViews, pointer_size: int) -> None:
        super().__init__(scheduler, pointer_size)
        self._mm = mm
        self._client_views: dict[ConnectionRequest, PortView | None] = {}
        self._server_views: dict[ConnectionRequest, tuple[int, int]] = {}

    def create(self, maximum_information: int, maximum_message: int, waitable: bool = False) -> ConnectionPort:
        """A server's port for connections (NtCreatePort, NtCreateWaitablePort)."""
        kind = WaitablePort if waitable else ConnectionPort
        return kind(self._scheduler, maximum_information, maximum_message)

    # connecting

    def connect(
        self,
        client: Client,
        target: ConnectionPort,
        information: bytes,
        view: ViewRequest | None,
        trust: Trust = Trust(),  # noqa: B008 - a constant
    ) -> Connected:
        """Asks a server for a connection and waits for its answer (NtConnectPort)."""
        port = self._communication_port(target, is_server=False)
        port.trust, port.token = trust, client.token
        own_view = None
        if view is not None:
            status, own_view = self._map(port, client.process, view)
            if own_view is None:
                return Connected(status)
        number, size = self._new_id(), own_view.size if own_view else 0
        message = Message(
            information[: target.maximum_information],
            MessageType.CONNECTION_REQUEST,
            client.process_id,
            client.thread_id,
            number,
            size,
        )
        request = ConnectionRequest(self._scheduler, message, client.process, port)
        self._client_views[request] = own_view
        try:
            self._ask(client, target, request)
        finally:
            view_in_client = self._server_views.pop(request, (0, 0))
            del self._client_views[request]
            request.finish(Status.PORT_DISCONNECTED)  # the client has ended meanwhile
            if request.status is not Status.SUCCESS:
                port.close()
        answer = request.reply.data if request.reply is not None else b""
        if request.status is not Status.SUCCESS:
            return Connected(request.status, None, answer)
        return Connected(Status.SUCCESS, port, answer, own_view, view_in_client)

    def _ask(self, client: Client, target: ConnectionPort, request: ConnectionRequest) -> None:
        if target.closed:
            request.finish(Status.PORT_CONNECTION_REFUSED)
            return
        target.connecting.append(request)
        target.queue.put(Queued(request.message, 0, request))
        try:
            self._scheduler.wait(client.thread, (request.done,), user_mode=True)
        finally:
            if request in target.connecting:
                target.connecting.remove(request)

    def accept(
        self, server: Client, message: Message, accepted: bool, context: int, view: ViewRequest | None
    ) -> Accepted:
        """Answers a connection request with a server's end, or refuses it (NtAcceptConnectPort).

        The data of `message` goes back to the client. The client waits on until `complete`. REPLY_MESSAGE_MISMATCH if
        no such client waits.
        """
        request = self._connection_request(message)
        if request is None:
            return Accepted(Status.REPLY_MESSAGE_MISMATCH)
        target = request.port.connection_port
        answer = Message(message.data[: target.maximum_information])
        if not accepted:
            request.finish(Status.PORT_CONNECTION_REFUSED, answer)
            return Accepted(Status.SUCCESS)
        port = self._communication_port(target, is_server=True)
        port.context = context
        result = self._place_views(server, port, request, view)
        if result.status is not Status.SUCCESS or not request.is_open:
            port.close()
            request.finish(Status.PORT_CONNECTION_REFUSED)
            return Accepted(result.status if result.status is not Status.SUCCESS else Status.REPLY_MESSAGE_MISMATCH)
        request.reply, port.connecting = answer, request
        port.peer, request.port.peer = request.port, port
        return result

    def _place_views(
        self, server: Client, port: CommunicationPort, request: ConnectionRequest, view: ViewRequest | None
    ) -> Accepted:
        """Maps the client's section into the server and the server's into both."""
        client_view, own_view, placed = self._client_views[request], None, (0, 0)
        request.sender.reference()
        try:
            if client_view is not None:
                status, remote = self._map(port, server.process, client_view.request)
                if remote is None:
                    return Accepted(status)
                client_view.remote_base, placed = remote.base, (remote.size, remote.base)
            if view is not None:
                status, own_view = self._map(port, server.process, view)
                if own_view is None:
                    return Accepted(status)
                status, remote = self._map(request.port, request.sender, view)
                if remote is None:
                    return Accepted(status)
                own_view.remote_base = remote.base
                if request.is_open:
                    self._server_views[request] = (remote.size, remote.base)
        finally:
            if not request.is_open:  # the client has ended meanwhile, and closed its end before this view was there
                unmap_placed(self._mm, request.port.views)
            request.sender.dereference()
        return Accepted(Status.SUCCESS, port, own_view, placed)

    def _connection_request(self, message: Message) -> ConnectionRequest | None:
        """The open request that a message is, by its id and its sender's."""
        for request in self._client_views:
            sent = request.message
            key = (sent.message_id, sent.process_id, sent.thread_id)
            is_accepted = request.reply is not None
            if key == (message.message_id, message.process_id, message.thread_id) and request.is_open:
                return None if is_accepted else request
        return None

    def complete(self, port: CommunicationPort) -> Status:
        """Lets the client of an accepted connection go on (NtCompleteConnectPort)."""
        if not port.is_server:
            return Status.INVALID_PORT_HANDLE
        request = port.connecting
        if request is None:
            return Status.INVALID_PARAMETER
        port.connecting = None
        request.finish(Status.SUCCESS, request.reply)
        return Status.SUCCESS

    def _communication_port(self, target: ConnectionPort, is_server: bool) -> CommunicationPort:
        port = CommunicationPort(self._scheduler, target, is_server)
        port.unmap_views = lambda views: unmap_placed(self._mm, views)
        return port

    def _map(self, port: CommunicationPort, process: Any, view: ViewRequest) -> tuple[Status, PortView | None]:
        status, base, size = map_port_view(self._mm, process, view)
        if not is_mapped(status):
            return status, None
        port.views.append(PlacedView(process, base))
        return Status.SUCCESS, PortView(view, size, base)
