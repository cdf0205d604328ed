"""Do requests, replies and datagrams arrive, and do those who wait learn of an end?"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.lpc import Client, Message, MessageType
from ntmm.kernel.lpc.message import decode_head, head_size, largest_message
from ntmm.nt.status import Status
from tests.kernel.lpc.port_bench import PortBench

SERVER, CLIENT = 8, 16


@pytest.fixture
def bench() -> PortBench:
    return PortBench()


def connected(bench: PortBench, serve: Callable[[Client, Any], None], use: Callable[[Client, Any], None]) -> PortBench:
    """Runs a server and a client, each with its end of a connection; the context is 0x77."""

    def client(own: Client) -> None:
        result = bench.ports.connect(own, bench.port, b"", None)
        assert result.port is not None
        use(own, result.port)

    bench.client(SERVER, lambda own: serve(own, bench.accept(own, context=0x77).port))
    bench.client(CLIENT, client)
    bench.run()
    return bench


def test_is_each_request_answered_by_its_reply(bench: PortBench) -> None:
    def serve(own: Client, port: Any) -> None:
        received = [bench.receive(own) for _ in range(3)]
        for queued in reversed(received):
            message = queued.message
            assert (queued.context, message.type) == (0x77, MessageType.REQUEST)
            answer = Message(message.data * 2, 0, message.process_id, message.thread_id, message.message_id)
            assert bench.ports.reply(own, bench.port, answer) is Status.SUCCESS
            assert bench.ports.reply(own, port, answer) is Status.REPLY_MESSAGE_MISMATCH

    def use(own: Client, port: Any) -> None:
        def ask(other: Client, data: bytes) -> None:
            status, reply = bench.ports.request_and_wait(other, port, Message(data))
            assert reply is not None
            bench.log.append((status, reply.type, reply.data, reply.process_id))

        for number, data in enumerate((b"a", b"b", b"c")):
            bench.client(100 + 4 * number, lambda other, data=data: ask(other, data))  # type: ignore[misc]

    connected(bench, serve, use)
    expected = [(Status.SUCCESS, MessageType.REPLY, data * 2, SERVER) for data in (b"c", b"b", b"a")]
    assert bench.log == expected
    assert bench.ports.requests == {}


def test_does_a_datagram_ask_for_nothing(bench: PortBench) -> None:
    def serve(own: Client, port: Any) -> None:
        queued = bench.receive(own)
        bench.log.append((queued.message.type, queued.message.data, queued.message.thread_id))
        assert bench.ports.reply(own, port, queued.message) is Status.REPLY_MESSAGE_MISMATCH
        assert bench.ports.request(own, port, Message(b"to the client")) is Status.SUCCESS

    def use(own: Client, port: Any) -> None:
        assert bench.ports.request(own, port, Message(b"to the server")) is Status.SUCCESS
        bench.log.append(bench.receive(own, port).message.data)

    connected(bench, serve, use)
    assert bench.log == [(MessageType.DATAGRAM, b"to the server", CLIENT + 1), b"to the client"]


def test_is_a_message_longer_than_the_port_takes_refused(bench: PortBench) -> None:
    def use(own: Client, port: Any) -> None:
        bench.log.append(bench.ports.request(own, port, Message(bytes(77))))
        bench.log.append(bench.ports.request_and_wait(own, port, Message(bytes(77)))[0])
        bench.log.append(bench.ports.request(own, port, Message(bytes(76))))

    connected(bench, lambda own, port: None, use)
    assert bench.log == [Status.PORT_MESSAGE_TOO_LONG] * 2 + [Status.SUCCESS]


def test_does_a_server_learn_that_its_client_has_gone(bench: PortBench) -> None:
    def serve(own: Client, port: Any) -> None:
        queued = bench.receive(own)
        bench.log.append((queued.message.type, queued.context))
        bench.log.append(bench.ports.request(own, port, Message(b"")))

    connected(bench, serve, lambda own, port: port.close())
    assert bench.log == [(MessageType.PORT_CLOSED, 0x77), Status.PORT_DISCONNECTED]


def test_does_a_client_learn_that_its_server_has_gone(bench: PortBench) -> None:
    def serve(own: Client, port: Any) -> None:
        bench.receive(own)
        port.close()

    def use(own: Client, port: Any) -> None:
        bench.client(100, lambda other: bench.log.append(bench.ports.receive(other, port)[0]))
        bench.log.append(bench.ports.request_and_wait(own, port, Message(b"are you there")))
        bench.log.append(bench.ports.request(own, port, Message(b"")))

    connected(bench, serve, use)
    assert sorted(bench.log, key=str) == sorted(
        [(Status.PORT_DISCONNECTED, None), Status.PORT_DISCONNECTED, Status.PORT_DISCONNECTED], key=str
    )


def test_is_the_request_of_a_dead_client_never_seen(bench: PortBench) -> None:
    def serve(own: Client, port: Any) -> None:
        bench.scheduler.wait(own.thread, (), timeout_100ns=10)
        bench.scheduler.terminate(bench.threads[CLIENT + 1])
        bench.scheduler.wait(own.thread, (), timeout_100ns=10)
        bench.log.append(bench.ports.receive(own, bench.port, timeout_100ns=100)[0])

    connected(bench, serve, lambda own, port: bench.log.append(bench.ports.request_and_wait(own, port, Message(b""))))
    assert bench.log == [Status.TIMEOUT]
    assert bench.ports.requests == {}


@given(st.sampled_from([4, 8]), st.binary(max_size=200), st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFF))
def test_is_a_message_read_as_it_was_written(pointer_size: int, data: bytes, number: int, offset: int) -> None:
    message = Message(data, MessageType.REPLY, 8, 12, number, 0x10000, offset)
    encoded = message.encode(pointer_size)
    head, size = decode_head(encoded[: head_size(pointer_size)], pointer_size)
    assert (size, head.total_length, encoded[head_size(pointer_size) :]) == (len(data), len(encoded), data)
    assert (head.type, head.process_id, head.thread_id, head.message_id) == (MessageType.REPLY, 8, 12, number)
    assert (head.view_size, head.data_information) == (0x10000, offset)


def test_are_the_sizes_those_of_windows() -> None:
    assert [(head_size(width), largest_message(width)) for width in (4, 8)] == [(24, 256), (40, 512)]
