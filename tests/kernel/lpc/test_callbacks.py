"""May a server ask back before it answers, and who learns that a thread has ended?"""

from typing import Any

import pytest

from ntmm.kernel.lpc import Client, Message, MessageType
from ntmm.kernel.lpc.trust import Trust
from ntmm.kernel.se import Accounts, Token
from ntmm.kernel.se.token import ImpersonationLevel
from ntmm.nt.status import Status
from tests.kernel.lpc.port_bench import PortBench

SERVER, CLIENT = 8, 16


def answer_to(message: Message, data: bytes) -> Message:
    return Message(data, 0, message.process_id, message.thread_id, message.message_id)


def question_about(message: Message, data: bytes) -> Message:
    return Message(data, MessageType.REQUEST, message.process_id, message.thread_id, message.message_id)


def connected(bench: PortBench, serve: Any, use: Any) -> None:
    def client(own: Client) -> None:
        result = bench.ports.connect(own, bench.port, b"", None)
        assert result.port is not None
        use(own, result.port)

    bench.client(SERVER, lambda own: serve(own, bench.accept(own).port))
    bench.client(CLIENT, client)
    bench.run()
    assert bench.ports.requests == {}


def test_is_a_question_answered_before_the_request() -> None:
    bench = PortBench()

    def serve(own: Client, port: Any) -> None:
        request = bench.receive(own).message
        for word in (b"which?", b"how many?"):
            status, reply = bench.ports.request_and_wait(own, port, question_about(request, word))
            assert status is Status.SUCCESS and reply is not None
            bench.log.append((reply.type, reply.data))
        assert bench.ports.reply(own, port, answer_to(request, b"done")) is Status.SUCCESS

    def use(own: Client, port: Any) -> None:
        status, message = bench.ports.request_and_wait(own, port, Message(b"do"))
        while message is not None and message.type == MessageType.REQUEST:
            bench.log.append((message.type, message.data, message.process_id))
            status, message = bench.ports.answer_and_wait(own, port, answer_to(message, message.data.upper()))
        assert status is Status.SUCCESS and message is not None
        bench.log.append((message.type, message.data))

    connected(bench, serve, use)
    assert bench.log == [
        (MessageType.REQUEST, b"which?", SERVER),
        (MessageType.REPLY, b"WHICH?"),
        (MessageType.REQUEST, b"how many?", SERVER),
        (MessageType.REPLY, b"HOW MANY?"),
        (MessageType.REPLY, b"done"),
    ]


def test_must_a_question_be_about_an_open_request() -> None:
    bench = PortBench()

    def serve(own: Client, port: Any) -> None:
        request = bench.receive(own).message
        assert bench.ports.reply(own, port, answer_to(request, b"done")) is Status.SUCCESS
        late = bench.ports.request_and_wait(own, port, question_about(request, b"what?"))
        assert late == (Status.REPLY_MESSAGE_MISMATCH, None)

    def use(own: Client, port: Any) -> None:
        status, reply = bench.ports.request_and_wait(own, port, Message(b"do"))
        assert status is Status.SUCCESS and reply is not None
        assert bench.ports.answer_and_wait(own, port, reply) == (Status.REPLY_MESSAGE_MISMATCH, None)

    connected(bench, serve, use)


def test_does_a_question_fail_with_the_thread_that_was_asked() -> None:
    bench = PortBench()

    def serve(own: Client, port: Any) -> None:
        request = bench.receive(own).message
        bench.log.append(bench.ports.request_and_wait(own, port, question_about(request, b"which?")))
        assert bench.ports.reply(own, port, answer_to(request, b"done")) is Status.REPLY_MESSAGE_MISMATCH

    def use(own: Client, port: Any) -> None:
        bench.ports.request_and_wait(own, port, Message(b"do"))
        bench.ports.thread_ended(own.process_id, own.thread_id)

    connected(bench, serve, use)
    assert bench.log == [(Status.PORT_DISCONNECTED, None)]


def test_is_the_other_end_told_of_a_threads_end() -> None:
    bench = PortBench()

    def serve(own: Client, port: Any) -> None:
        message = bench.receive(own).message
        bench.log.append((message.type, message.process_id, message.thread_id, int.from_bytes(message.data, "little")))

    def use(own: Client, port: Any) -> None:
        bench.ports.register_termination(own.thread_id, port, 1234)
        bench.ports.thread_ended(own.process_id, own.thread_id)
        bench.ports.thread_ended(own.process_id, own.thread_id)

    connected(bench, serve, use)
    assert bench.log == [(MessageType.CLIENT_DIED, CLIENT, CLIENT + 1, 1234)]


def test_is_a_waitable_port_signalled_while_messages_wait() -> None:
    bench = PortBench()
    port: Any = bench.ports.create(20, 100, waitable=True)
    port.reference()

    def server(own: Client) -> None:
        assert bench.scheduler.wait(own.thread, (port,), timeout_100ns=10) == Status.TIMEOUT
        assert bench.scheduler.wait(own.thread, (port,)) == Status.SUCCESS
        request = bench.receive(own, port).message
        assert bench.scheduler.wait(own.thread, (port,), timeout_100ns=0) == Status.TIMEOUT
        bench.ports.accept(own, request, accepted=False, context=0, view=None)

    def client(own: Client) -> None:
        bench.scheduler.wait(own.thread, (), timeout_100ns=100)
        bench.log.append(bench.ports.connect(own, port, b"", None).status)

    bench.client(SERVER, server)
    bench.client(CLIENT, client)
    bench.run()
    assert bench.log == [Status.PORT_CONNECTION_REFUSED]


@pytest.mark.parametrize("is_dynamic", [False, True])
def test_on_whose_behalf_is_a_request_sent(is_dynamic: bool) -> None:
    """A server sees the client as it was when it connected, or as it is now, and only while the request is open."""
    bench, other, seen = PortBench(), Token(Accounts().user("other")), []
    trust = Trust(ImpersonationLevel.IDENTIFICATION, is_dynamic)

    def serve(own: Client) -> None:
        port = bench.accept(own).port
        message = bench.receive(own).message
        seen.append(bench.ports.request_over(port, message))
        bench.ports.reply(own, port, answer_to(message, b"done"))
        seen.append(bench.ports.request_over(port, message))

    def client(own: Client) -> None:
        port = bench.ports.connect(own, bench.port, b"", None, trust).port
        assert port is not None
        bench.ports.request_and_wait(own._replace(token=other), port, Message(b"do"))

    bench.client(SERVER, serve)
    bench.client(CLIENT, client)
    bench.run()
    request, closed = seen
    assert closed is None and request is not None and request.trust == trust
    assert (request.token is other) is is_dynamic and request.token is not None
