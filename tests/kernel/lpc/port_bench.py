"""Servers and clients as kernel threads, with a memory manager that only remembers views."""

from collections.abc import Callable
from itertools import count
from types import SimpleNamespace
from typing import Any

from ntmm.kernel.lpc import Client, ConnectionPort, Message, Ports
from ntmm.kernel.lpc.queue import Queued
from ntmm.kernel.se import Token
from ntmm.nt.status import Status
from tests.kernel.ke.kernel_threads import Bench, CodeThread


class FakeViews:
    """Maps every view at an address of its own; `refused` is the status of the next one, if not SUCCESS."""

    def __init__(self) -> None:
        self.views: dict[tuple[int, int], Any] = {}
        self.refused = Status.SUCCESS
        self._next = count(0x10000, 0x10000)

    def map_view(
        self, process: Any, section: Any, *, offset: int, view_size: int, inherit: int, page_protection: int
    ) -> Any:
        if self.refused is not Status.SUCCESS:
            return SimpleNamespace(status=self.refused, base=0, size=0)
        base = next(self._next)
        self.views[process.id, base] = section
        return SimpleNamespace(status=Status.SUCCESS, base=base, size=(view_size + 0xFFF) & ~0xFFF)

    def unmap_view(self, process: Any, address: int) -> Status:
        del self.views[process.id, address]
        return Status.SUCCESS


class FakeProcess:
    """A process as far as ports ask."""

    def __init__(self, number: int) -> None:
        self.id = number
        self.space = SimpleNamespace(deleted=False)
        self.references = 0

    def reference(self) -> None:
        self.references += 1

    def dereference(self) -> None:
        self.references -= 1


class PortBench(Bench):
    """Ports, and threads whose code is given a Client."""

    def __init__(self) -> None:
        super().__init__()
        self.views = FakeViews()
        self.ports = Ports(self.scheduler, self.views, 4)
        self.port: ConnectionPort = self.ports.create(20, 100)
        self.port.reference()
        self.processes: dict[int, FakeProcess] = {}

    def client(self, number: int, code: Callable[[Client], None]) -> CodeThread:
        """A thread of process `number` with the id number + 1."""
        process = self.processes.setdefault(number, FakeProcess(number))
        return self.thread(number + 1, lambda thread: code(Client(thread, process, number, number + 1, Token())))

    def receive(self, client: Client, port: Any = None) -> Queued:
        """The next message; there must be one."""
        status, queued = self.ports.receive(client, port or self.port)
        assert queued is not None, status
        return queued

    def accept(self, client: Client, answer: bytes = b"", context: int = 0, view: Any = None) -> Any:
        """Accepts and completes the next connection; the server's end."""
        request = self.receive(client).message
        message = Message(answer, request.type, request.process_id, request.thread_id, request.message_id)
        accepted = self.ports.accept(client, message, accepted=True, context=context, view=view)
        assert accepted.port is not None, accepted.status
        self.ports.complete(accepted.port)
        return accepted
