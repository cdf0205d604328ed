"""Messages: requests and their replies, datagrams, questions back, and who is told of a thread's end."""

from typing import Any, Final, NamedTuple

from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.lpc.message import Message, MessageType, head_size
from ntmm.kernel.lpc.port import CommunicationPort, ConnectionPort
from ntmm.kernel.lpc.queue import Queued, Request
from ntmm.kernel.se import Token
from ntmm.nt.status import Status

Port = ConnectionPort | CommunicationPort

_MOST_TOLD: Final = 1024
"""Ports that can be told of one thread's end."""


class Client(NamedTuple):
    """Who calls: the thread that may wait, its process, the ids that its messages carry, on whose behalf it acts."""

    thread: KernelThread
    process: Any
    process_id: int
    thread_id: int
    token: Token


class Conversations:
    """The messages of all ports. Message ids count up from 1."""

    def __init__(self, scheduler: Scheduler, pointer_size: int) -> None:
        self._scheduler = scheduler
        self._pointer_size = pointer_size
        self._last_id = 0
        self.requests: dict[int, Request] = {}
        """Requests that wait for a reply, by message id."""
        self._interrupted: dict[int, Request] = {}
        """By thread id, requests whose senders have yet to answer a question."""
        self._told_of_end: dict[int, list[tuple[CommunicationPort, int]]] = {}

    def _new_id(self) -> int:
        self._last_id = self._last_id % 0xFFFFFFFF + 1
        return self._last_id

    def request(self, client: Client, port: CommunicationPort, message: Message) -> Status:
        """Sends a datagram: no reply is waited for (NtRequestPort)."""
        status = self._check(port, message)
        if status is Status.SUCCESS:
            assert port.peer is not None
            sent = message.sent(MessageType.DATAGRAM, client.process_id, client.thread_id, self._new_id())
            port.peer.queue.put(Queued(sent, port.peer.context))
        return status

    def request_and_wait(
        self, client: Client, port: CommunicationPort, message: Message
    ) -> tuple[Status, Message | None]:
        """Sends a request and waits for its reply (NtRequestWaitReplyPort), or for a question about it.

        A message of type REQUEST is such a question: it goes to the sender of the request that its ids name.
        """
        status = self._check(port, message)
        if status is not Status.SUCCESS:
            return status, None
        original = self.open_request(message) if message.type & 0xFF == MessageType.REQUEST else None
        if original is not None and not self._may_answer(port, original):
            original = None
        if original is None and message.type & 0xFF == MessageType.REQUEST:
            return Status.REPLY_MESSAGE_MISMATCH, None
        assert port.peer is not None
        sent = message.sent(MessageType.REQUEST, client.process_id, client.thread_id, self._new_id())
        request = Request(self._scheduler, sent, client.process, port)
        request.trust, request.token = port.trust, client.token if port.trust.is_dynamic else port.token
        self.requests[sent.message_id] = request
        port.pending.append(request)
        if original is None:
            port.peer.queue.put(Queued(sent, port.peer.context, request))
        else:
            original.asker = request
            original.interrupt(sent)
        return self._wait_for(client, request)

    def _wait_for(self, client: Client, request: Request) -> tuple[Status, Message | None]:
        """Until the request is answered, or its receiver asks something, which `answer_and_wait` answers."""
        question: Message | None = None
        try:
            self._scheduler.wait(client.thread, (request.done,), user_mode=True)
            question = request.take_question()
        finally:
            if question is None:
                self._forget(request)
        if question is None:
            return request.status, request.reply
        self._interrupted[client.thread_id] = request
        return Status.SUCCESS, question

    def _forget(self, request: Request) -> None:
        """Nobody waits for a request any more: it was answered, or its sender has ended."""
        if self.requests.pop(request.message.message_id, None) is not None:
            request.port.pending.remove(request)
        request.finish(Status.PORT_DISCONNECTED)
        if request.asker is not None:
            request.asker.finish(Status.PORT_DISCONNECTED)

    def answer_and_wait(self, client: Client, port: Port, message: Message) -> tuple[Status, Message | None]:
        """Answers a question and waits on for the reply to the request it was about (NtReplyWaitReplyPort)."""
        request = self._interrupted.get(client.thread_id)
        if request is None or request.port is not port:
            return Status.REPLY_MESSAGE_MISMATCH, None
        status = self.reply(client, port, message)
        if status is not Status.SUCCESS:
            return status, None
        del self._interrupted[client.thread_id]
        return self._wait_for(client, request)

    def register_termination(self, thread_id: int, port: CommunicationPort, created_100ns: int) -> Status:
        """The other end of `port` will be told of a thread's end (NtRegisterThreadTerminatePort)."""
        told = self._told_of_end.setdefault(thread_id, [])
        if len(told) >= _MOST_TOLD:
            return Status.INSUFFICIENT_RESOURCES
        port.reference()
        told.append((port, created_100ns))
        return Status.SUCCESS

    def thread_ended(self, process_id: int, thread_id: int) -> None:
        """A thread has ended: its question stays unanswered, and ports are told with CLIENT_DIED."""
        request = self._interrupted.pop(thread_id, None)
        if request is not None:
            self._forget(request)
        for port, created in self._told_of_end.pop(thread_id, ()):
            if port.is_connected and port.peer is not None:
                data = created.to_bytes(8, "little")
                died = Message(data, MessageType.CLIENT_DIED, process_id, thread_id, self._new_id())
                port.peer.queue.put(Queued(died, port.peer.context))
            port.dereference()

    def _check(self, port: CommunicationPort, message: Message) -> Status:
        if not port.is_connected:
            return Status.PORT_DISCONNECTED
        return self._check_length(port.connection_port, message)

    def _check_length(self, target: ConnectionPort, message: Message) -> Status:
        """The limit counts the head; 0 stands for none."""
        too_long = len(message.data) + head_size(self._pointer_size) > target.maximum_message
        return Status.PORT_MESSAGE_TOO_LONG if target.maximum_message and too_long else Status.SUCCESS

    def open_request(self, message: Message) -> Request | None:
        """The request that a received message is, as long as its sender waits."""
        request = self.requests.get(message.message_id)
        if request is None or not request.is_open:
            return None
        sent = request.message
        same = (sent.process_id, sent.thread_id) == (message.process_id, message.thread_id)
        return request if same else None

    def request_over(self, port: CommunicationPort, message: Message) -> Request | None:
        """The open request that a message received over a server's end is."""
        request = self.open_request(message)
        return request if request is not None and request.port.peer is port else None

    def reply(self, server: Client, port: Port, message: Message) -> Status:
        """Answers a request, which the message names by its ids (NtReplyPort); REPLY_MESSAGE_MISMATCH if none waits."""
        target = port if isinstance(port, ConnectionPort) else port.connection_port
        status = self._check_length(target, message)
        if status is not Status.SUCCESS:
            return status
        request = self.open_request(message)
        if request is None or not self._may_answer(port, request):
            return Status.REPLY_MESSAGE_MISMATCH
        answer = message.sent(MessageType.REPLY, server.process_id, server.thread_id, message.message_id)
        request.finish(Status.SUCCESS, answer)
        return Status.SUCCESS

    @staticmethod
    def _may_answer(port: Port, request: Request) -> bool:
        """The request has arrived at this port."""
        sender: CommunicationPort = request.port
        assert sender.peer is not None
        return sender.peer.queue is port.queue

    def receive(self, server: Client, port: Port, timeout_100ns: int | None = None) -> tuple[Status, Queued | None]:
        """Waits for the next message (NtReplyWaitReceivePort): SUCCESS, TIMEOUT or PORT_DISCONNECTED."""
        while True:
            if isinstance(port, CommunicationPort) and not port.is_server and not port.is_connected and not port.queue:
                return Status.PORT_DISCONNECTED, None
            status = self._scheduler.wait(
                server.thread, (port.queue.semaphore,), timeout_100ns=timeout_100ns, user_mode=True
            )
            if status == Status.TIMEOUT:
                return Status.TIMEOUT, None
            queued = port.queue.take()
            if queued is not None:
                return Status.SUCCESS, queued
