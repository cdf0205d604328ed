"""I/O completion ports: queues of packets about requests that have ended (IoCompletion objects, KQUEUE)."""

from collections import deque
from typing import Final, NamedTuple

from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.ob.objects import KernelObject
from ntmm.kernel.se.access import IO_COMPLETION_MAPPING
from ntmm.nt.status import Status

MOST_PACKETS: Final = 1 << 18
"""Packets that may wait at a port: 8 MB of nonpaged pool, where Windows would run out of it."""


class Packet(NamedTuple):
    """What a port tells of a request: the file's key, the request's own number, its status and count of bytes."""

    key: int
    context: int
    status: int
    information: int


class IoCompletion(KernelObject, DispatcherObject):
    """Packets leave first come, first served; of the threads that wait the one that came last gets the next.

    `concurrency`, how many threads may work on packets at a time, is kept and not enforced.
    """

    type_name = "IoCompletion"
    mapping = IO_COMPLETION_MAPPING

    def __init__(self, scheduler: Scheduler, concurrency: int = 0) -> None:
        super().__init__()
        self.concurrency = concurrency
        self._scheduler = scheduler
        self._packets: deque[Packet] = deque()
        self._removing: dict[KernelThread, Packet | None] = {}

    def __len__(self) -> int:
        return len(self._packets)

    def is_signalled(self, thread: KernelThread) -> bool:
        return bool(self._packets)

    def satisfy(self, thread: KernelThread) -> bool:
        if thread in self._removing:  # a plain wait for the port leaves its packets alone
            self._removing[thread] = self._packets.popleft()
        return False

    def wake_order(self) -> list[KernelThread]:
        return self.waiters[::-1]

    def post(self, packet: Packet) -> bool:
        """Adds a packet (KeInsertQueue); False, and nothing added, if there are too many."""
        if len(self._packets) >= MOST_PACKETS:
            return False
        self._packets.append(packet)
        self._scheduler.signalled(self)
        return True

    def remove(self, thread: KernelThread, timeout_100ns: int | None) -> Packet | None:
        """The next packet; waits for one, None after the timeout (KeRemoveQueue)."""
        self._removing[thread] = None
        try:
            status = self._scheduler.wait(thread, (self,), timeout_100ns=timeout_100ns, user_mode=True)
            return None if status == Status.TIMEOUT else self._removing[thread]
        finally:
            del self._removing[thread]


class CompletionPlace(NamedTuple):
    """Where a file's requests are reported: a port, and the key that names the file there."""

    port: IoCompletion
    key: int
