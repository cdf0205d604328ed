"""Do pipes hand over what was written, in whole messages where they should, and tell of ends that are gone?"""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.io.completion import IoCompletion, Packet
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.named_pipe import Pipes, PipeShape
from ntmm.kernel.io.pipe import PipeEnd
from ntmm.kernel.se import Accounts, Token
from ntmm.nt.status import Status
from tests.kernel.ke.kernel_threads import MS, Bench, CodeThread

SOMEBODY = Token()


def status_of(action: Callable[[], object]) -> Status:
    with pytest.raises(IoFailure) as failure:
        action()
    return failure.value.status


def read_all(end: PipeEnd, size: int) -> list[bytes]:
    parts: list[bytes] = []

    def read() -> None:
        while True:
            parts.append(end.read(0, size))

    assert status_of(read) is Status.PIPE_BROKEN
    return parts


@given(
    st.lists(st.binary(min_size=1, max_size=60), max_size=20),
    st.integers(min_value=1, max_value=50),
    st.integers(min_value=1, max_value=40),
)
def test_are_all_bytes_read_in_order_whatever_the_sizes(writes: list[bytes], quota: int, size: int) -> None:
    bench = Bench()
    reader, writer = Pipes(bench.scheduler).create_anonymous(quota, SOMEBODY)

    def write(thread: CodeThread) -> None:
        for data in writes:
            assert writer.write(0, data) == len(data)
        writer.close()

    bench.thread(1, write)
    bench.thread(2, lambda thread: bench.log.extend(read_all(reader, size)))
    bench.scheduler.run(lambda: False)
    parts = [part for part in bench.log if isinstance(part, bytes)]
    assert b"".join(parts) == b"".join(writes)
    assert all(1 <= len(part) <= size for part in parts)


MESSAGES = PipeShape(
    inbound=True, outbound=True, is_message=True, most_instances=2, inbound_quota=16, outbound_quota=16
)


def test_does_a_reader_of_messages_get_them_one_by_one() -> None:
    bench = Bench()
    pipes = Pipes(bench.scheduler)
    server = pipes.create("m", MESSAGES, SOMEBODY)

    def client(thread: CodeThread) -> None:
        end = pipes.open("M", 0xC0000000, SOMEBODY)
        for data in (b"first", b"", b"third message that is long"):
            end.write(0, data)
        end.close()

    def serve(thread: CodeThread) -> None:
        while True:
            try:
                bench.log.append((server.read(0, 8), server.read_status))
            except IoFailure as failure:
                bench.log.append(failure.status)
                return

    bench.thread(1, client)
    bench.thread(2, serve)
    bench.scheduler.run(lambda: False)
    good, more = Status.SUCCESS, Status.BUFFER_OVERFLOW
    assert bench.log == [
        (b"first", good),
        (b"", good),
        (b"third me", more),
        (b"ssage th", more),
        (b"at is lo", more),
        (b"ng", good),
        Status.PIPE_BROKEN,
    ]


def test_are_instances_and_names_counted() -> None:
    bench = Bench()
    pipes = Pipes(bench.scheduler)
    assert status_of(lambda: pipes.open("m", 0x80000000, SOMEBODY)) is Status.OBJECT_NAME_NOT_FOUND
    first, second = pipes.create("m", MESSAGES, SOMEBODY), pipes.create("M", MESSAGES, SOMEBODY)
    assert status_of(lambda: pipes.create("m", MESSAGES, SOMEBODY)) is Status.INSTANCE_NOT_AVAILABLE
    assert status_of(lambda: pipes.create("m", MESSAGES, SOMEBODY, only_first=True)) is Status.ACCESS_DENIED
    ends = [pipes.open("m", 0x80000000, SOMEBODY) for _ in range(2)]
    assert status_of(lambda: pipes.open("m", 0x80000000, SOMEBODY)) is Status.PIPE_NOT_AVAILABLE
    assert status_of(lambda: ends[0].write(0, b"x")) is Status.ACCESS_DENIED
    first.disconnect()
    assert status_of(lambda: ends[0].read(0, 1)) is Status.PIPE_DISCONNECTED
    assert status_of(first.disconnect) is Status.PIPE_DISCONNECTED
    first.close()
    second.close()
    assert status_of(lambda: pipes.find("m")) is Status.OBJECT_NAME_NOT_FOUND


def test_does_a_pipe_without_waiting_say_that_it_is_empty_or_full() -> None:
    bench = Bench()
    reader, writer = Pipes(bench.scheduler).create_anonymous(4, SOMEBODY)
    reader.may_wait = writer.may_wait = False
    assert status_of(lambda: reader.read(0, 1)) is Status.PIPE_EMPTY
    assert (writer.write(0, b"abcd"), writer.write(0, b"e")) == (4, 0)
    assert reader.read(0, 9) == b"abcd"
    reader.close()
    assert status_of(lambda: writer.write(0, b"f")) is Status.PIPE_CLOSING


def test_does_who_waited_last_get_the_next_packet() -> None:
    bench = Bench()
    port = IoCompletion(bench.scheduler)

    def take(thread: CodeThread) -> None:
        bench.log.append((thread.id, port.remove(thread, 50 * MS)))

    for number in (1, 2):
        bench.thread(number, take)
    packets = [Packet(number, 0, 0, 0) for number in range(2)]
    bench.thread(3, lambda thread: [port.post(packet) for packet in packets].clear())
    bench.scheduler.run(lambda: False)
    assert bench.log == [(2, packets[0]), (1, packets[1])]
    bench.thread(4, take)
    bench.scheduler.run(lambda: False)
    assert bench.log[2:] == [(4, None)]


def test_does_a_plain_wait_leave_the_packets() -> None:
    bench = Bench()
    port = IoCompletion(bench.scheduler)
    port.post(Packet(1, 2, 3, 4))
    bench.waiter(1, port)
    bench.thread(2, lambda thread: bench.log.append(port.remove(thread, 0)))
    bench.scheduler.run(lambda: False)
    assert bench.log[1:] == [Packet(1, 2, 3, 4)]
    assert len(port) == 0


def test_who_may_open_a_pipe_and_make_instances_of_it() -> None:
    pipes, other = Pipes(Bench().scheduler), Token(Accounts().user("other"))
    pipes.create("m", MESSAGES, SOMEBODY)
    assert status_of(lambda: pipes.create("m", MESSAGES, other)) is Status.ACCESS_DENIED
    assert status_of(lambda: pipes.open("m", 0xC0000000, other)) is Status.ACCESS_DENIED
    assert pipes.open("m", 0x80000000, other).access == 0x120089
