"""Do requests for pipes that go on end in order, once, with what they are owed?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.named_pipe import Pipes, PipeShape, ServerEnd
from ntmm.kernel.io.pending import MOST_PENDING, Pending
from ntmm.kernel.io.pipe import LARGEST_QUOTA, MOST_BYTES_PENDING, PipeEnd
from ntmm.kernel.se import Token
from ntmm.nt.status import Status
from tests.kernel.ke.kernel_threads import Bench

SOMEBODY = Token()
SHAPE = PipeShape(True, True, False, 1, 8, 8)

Outcome = tuple[str, Status, bytes, int]


class Requests:
    """Both ends of a pipe, and the outcomes of requests by name in the order in which they ended."""

    def __init__(self, shape: PipeShape = SHAPE) -> None:
        self.pipes = Pipes(Bench().scheduler)
        self.server: ServerEnd = self.pipes.create("p", shape, SOMEBODY, synchronous=False)
        self.ended: list[Outcome] = []

    def connect(self) -> PipeEnd:
        return self.pipes.open("p", 0xC0000000, SOMEBODY, synchronous=False)

    def make(self, name: str, end: PipeEnd, size: int = 0, by_message: bool = False) -> Pending:
        def finish(pending: Pending, status: Status, data: bytes, count: int) -> None:
            self.ended.append((name, status, data, count))

        return Pending(end, finish, size, by_message)

    def read(self, end: PipeEnd, name: str, size: int, by_message: bool = False) -> bytes | None:
        """What is read now, or None."""
        return None if end.begin_read(lambda: self.make(name, end, size, by_message)) else end.read(0, size)

    def write(self, end: PipeEnd, name: str, data: bytes) -> bool:
        """True if it goes on."""
        return end.begin_write(data, lambda: self.make(name, end, len(data)))


@given(
    st.lists(
        st.one_of(
            st.integers(min_value=1, max_value=12),
            st.binary(min_size=1, max_size=12),
        ),
        max_size=40,
    )
)
def test_are_all_bytes_read_in_order_however_reads_and_writes_come(steps: list[int | bytes]) -> None:
    requests = Requests()
    client = requests.connect()
    now: dict[int, bytes] = {}
    waiting: list[int] = []
    for number, step in enumerate(steps):
        if isinstance(step, bytes):
            requests.write(client, f"write {number}", step)
            continue
        data = requests.read(requests.server, str(number), step)
        if data is None:
            waiting.append(number)
        else:
            now[number] = data
    sizes = {f"write {number}": len(step) for number, step in enumerate(steps) if isinstance(step, bytes)}
    for name, status, data, count in requests.ended:
        assert (status, count) == (Status.SUCCESS, sizes.get(name, len(data)))
        if name not in sizes:
            now[int(name)] = data
    rest = requests.server.incoming.peek(1 << 20) if requests.server.incoming and not _is_empty(requests) else b""
    assert b"".join(now[number] for number in sorted(now)) + rest == b"".join(s for s in steps if isinstance(s, bytes))
    ended = [int(name) for name, *_ in requests.ended if "write" not in name]
    assert ended == waiting[: len(ended)]


def _is_empty(requests: Requests) -> bool:
    assert requests.server.incoming is not None
    return requests.server.incoming.size == 0


def test_does_a_listener_end_when_a_client_comes() -> None:
    requests = Requests()
    server = requests.server
    assert server.begin_listen(lambda: requests.make("listen", server)) is Status.PENDING
    requests.connect()
    assert requests.ended == [("listen", Status.SUCCESS, b"", 0)]
    assert server.begin_listen(lambda: requests.make("again", server)) is Status.PIPE_CONNECTED


@pytest.mark.parametrize(
    ("cut", "status"),
    [
        (lambda server, client: client.close(), Status.PIPE_BROKEN),
        (lambda server, client: server.close(), Status.CANCELLED),
        (lambda server, client: server.disconnect(), Status.PIPE_DISCONNECTED),
    ],
)
def test_how_do_requests_end_that_are_cut_off(cut: object, status: Status) -> None:
    requests = Requests()
    client = requests.connect()
    assert requests.read(requests.server, "read", 4) is None
    assert requests.write(requests.server, "write", b"123456789")
    assert callable(cut)
    cut(requests.server, client)
    assert sorted(requests.ended) == [("read", status, b"", 0), ("write", status, b"", 0)]


def test_is_a_cancelled_request_out_of_the_way() -> None:
    requests = Requests()
    client = requests.connect()
    made: list[Pending] = []

    def make() -> Pending:
        made.append(requests.make("first", requests.server, 4))
        return made[0]

    assert requests.server.begin_read(make)
    assert requests.read(requests.server, "second", 4) is None
    for _ in range(2):
        made[0].cancel()
    assert not requests.write(client, "write", b"abc")
    assert requests.ended == [("first", Status.CANCELLED, b"", 0), ("second", Status.SUCCESS, b"abc", 3)]


def test_does_a_message_that_is_too_long_end_the_read_with_a_warning() -> None:
    requests = Requests(PipeShape(True, True, True, 1, 64, 64))
    client = requests.connect()
    for name in ("first", "second"):
        assert requests.read(requests.server, name, 4, by_message=True) is None
    assert not requests.write(client, "write", b"message")
    assert requests.ended == [("first", Status.BUFFER_OVERFLOW, b"mess", 4), ("second", Status.SUCCESS, b"age", 3)]


def test_is_there_an_end_to_what_requests_may_hold() -> None:
    requests = Requests()
    requests.connect()
    for number in range(MOST_PENDING):
        assert requests.read(requests.server, str(number), 1) is None
    with pytest.raises(IoFailure) as failure:
        requests.read(requests.server, "more", 1)
    assert failure.value.status is Status.INSUFFICIENT_RESOURCES
    block = bytes(LARGEST_QUOTA)
    for _ in range(MOST_BYTES_PENDING // LARGEST_QUOTA + 1):
        assert requests.write(requests.server, "write", block)
    with pytest.raises(IoFailure) as failure:
        requests.write(requests.server, "write", block)
    assert failure.value.status is Status.INSUFFICIENT_RESOURCES
