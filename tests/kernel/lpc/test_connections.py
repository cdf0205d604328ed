"""Do clients and servers find together, with their sections, and part again?"""

import pytest

from ntmm.kernel.lpc import Client, Message, MessageType, PortView, ViewRequest
from ntmm.kernel.ob import KernelObject
from ntmm.nt.status import Status
from tests.kernel.lpc.port_bench import PortBench

SERVER, CLIENT = 8, 16


@pytest.fixture
def bench() -> PortBench:
    return PortBench()


def test_does_information_go_both_ways(bench: PortBench) -> None:
    def server(own: Client) -> None:
        queued = bench.receive(own)
        bench.log.append((queued.message.type, queued.message.data, queued.message.process_id, queued.context))
        answer = Message(b"and back" * 5, 0, *ids(queued.message))
        accepted = bench.ports.accept(own, answer, accepted=True, context=7, view=None)
        assert accepted.port is not None
        assert bench.ports.complete(accepted.port) is Status.SUCCESS
        bench.log.append(bench.ports.complete(accepted.port))

    def client(own: Client) -> None:
        connected = bench.ports.connect(own, bench.port, b"there" * 5, None)
        bench.log.append((connected.status, connected.information))

    bench.client(SERVER, server)
    bench.client(CLIENT, client)
    bench.run()
    assert (
        bench.log
        == [
            (MessageType.CONNECTION_REQUEST, (b"there" * 5)[:20], CLIENT, 0),
            Status.INVALID_PARAMETER,  # it was complete
            (Status.SUCCESS, (b"and back" * 5)[:20]),
        ]
    )


def ids(message: Message) -> tuple[int, int, int]:
    return message.process_id, message.thread_id, message.message_id


def test_is_a_refused_client_told_so(bench: PortBench) -> None:
    def server(own: Client) -> None:
        request = bench.receive(own).message
        wrong = Message(b"", 0, request.process_id, request.thread_id + 4, request.message_id)
        assert bench.ports.accept(own, wrong, accepted=False, context=0, view=None)[0] is Status.REPLY_MESSAGE_MISMATCH
        answer = Message(b"no", 0, *ids(request))
        assert bench.ports.accept(own, answer, accepted=False, context=0, view=None)[0] is Status.SUCCESS
        assert bench.ports.accept(own, answer, accepted=True, context=0, view=None)[0] is Status.REPLY_MESSAGE_MISMATCH

    def client(own: Client) -> None:
        connected = bench.ports.connect(own, bench.port, b"", None)
        bench.log.append((connected.status, connected.port, connected.information))

    bench.client(SERVER, server)
    bench.client(CLIENT, client)
    bench.run()
    assert bench.log == [(Status.PORT_CONNECTION_REFUSED, None, b"no")]
    assert bench.port.connecting == []


def test_does_the_end_of_a_server_refuse_those_who_wait(bench: PortBench) -> None:
    bench.client(CLIENT, lambda own: bench.log.append(bench.ports.connect(own, bench.port, b"", None).status))
    bench.client(SERVER, lambda own: bench.port.dereference())
    bench.client(24, lambda own: bench.log.append(bench.ports.connect(own, bench.port, b"", None).status))
    bench.run()
    assert bench.log == [Status.PORT_CONNECTION_REFUSED] * 2


def test_do_both_ends_see_both_sections(bench: PortBench) -> None:
    first, second = KernelObject(), KernelObject()
    views: list[PortView | None] = []

    def server(own: Client) -> None:
        accepted = bench.accept(own, view=ViewRequest(second, 0, 0x800))
        views.append(accepted.view)
        bench.log.append(("server", accepted.client_view))
        bench.scheduler.wait(own.thread, (), timeout_100ns=10)
        accepted.port.close()

    def client(own: Client) -> None:
        connected = bench.ports.connect(own, bench.port, b"", ViewRequest(first, 0, 0x3000))
        assert connected.port is not None
        views.append(connected.view)
        bench.log.append(("client", connected.server_view))
        bench.log.append(sorted(bench.views.views))
        connected.port.close()
        bench.log.append(sorted(bench.views.views))

    bench.client(SERVER, server)
    bench.client(CLIENT, client)
    bench.run()
    servers, clients = views
    assert servers == PortView(ViewRequest(second, 0, 0x800), 0x1000, 0x30000, 0x40000)
    assert clients == PortView(ViewRequest(first, 0, 0x3000), 0x3000, 0x10000, 0x20000)
    assert bench.log == [
        ("server", (0x3000, 0x20000)),
        ("client", (0x1000, 0x40000)),
        [(SERVER, 0x20000), (SERVER, 0x30000), (CLIENT, 0x10000), (CLIENT, 0x40000)],
        [(SERVER, 0x20000), (SERVER, 0x30000)],
    ]
    assert bench.views.views == {}
    assert all(process.references == 0 for process in bench.processes.values())


def test_is_a_section_that_cannot_be_mapped_a_refusal(bench: PortBench) -> None:
    section = KernelObject()

    def server(own: Client) -> None:
        request = bench.receive(own).message
        bench.views.refused = Status.NO_MEMORY
        answer = Message(b"", 0, *ids(request))
        bench.log.append(bench.ports.accept(own, answer, True, 0, ViewRequest(section, 0, 0x1000)).status)

    def client(own: Client) -> None:
        bench.log.append(bench.ports.connect(own, bench.port, b"", ViewRequest(section, 0, 0x1000)).status)
        bench.log.append(bench.ports.connect(own, bench.port, b"", ViewRequest(section, 0, 0x1000)).status)

    bench.client(SERVER, server)
    bench.client(CLIENT, client)
    bench.run()
    assert bench.log == [Status.NO_MEMORY, Status.PORT_CONNECTION_REFUSED, Status.NO_MEMORY]
    assert bench.views.views == {}


def test_does_a_client_that_is_killed_leave_nothing(bench: PortBench) -> None:
    section = KernelObject()
    victim = bench.client(CLIENT, lambda own: bench.log.append(connect(bench, own, section)))

    def server(own: Client) -> None:
        request = bench.receive(own).message
        bench.scheduler.terminate(victim)
        bench.scheduler.wait(own.thread, (), timeout_100ns=10)
        bench.log.append(bench.ports.accept(own, Message(b"", 0, *ids(request)), True, 0, None).status)

    bench.client(SERVER, server)
    bench.run()
    assert bench.log == [Status.REPLY_MESSAGE_MISMATCH]
    assert bench.views.views == {}
    assert bench.port.connecting == []


def connect(bench: PortBench, own: Client, section: KernelObject) -> Status:
    return bench.ports.connect(own, bench.port, b"", ViewRequest(section, 0, 0x1000)).status
