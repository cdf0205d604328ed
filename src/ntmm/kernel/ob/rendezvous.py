"""Threads that meet at an address or a key: what keyed events and waits on an address have in common.

Each waiting thread has an event of its own, in a queue for the key it waits at, so that waking takes them in order of
arrival and a thread that ends or times out leaves the queue.
"""

from collections import deque
from collections.abc import Hashable

from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.ob.waitable import Event
from ntmm.nt.status import Status


class Rendezvous:
    """Queues of waiting threads by key."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._queues: dict[Hashable, deque[Event]] = {}

    def wait(self, thread: KernelThread, key: Hashable, timeout_100ns: int | None, alertable: bool = False) -> int:
        """Waits until it is woken: SUCCESS, or TIMEOUT after a relative time in 100 ns units (None: without end).

        Alertably, a user APC or an alert ends the wait too, with USER_APC or ALERTED.
        """
        event = Event(self._scheduler, manual_reset=True, signalled=False)
        queue = self._queues.setdefault(key, deque())
        queue.append(event)
        try:
            return self._scheduler.wait(
                thread, (event,), timeout_100ns=timeout_100ns, user_mode=True, alertable=alertable
            )
        finally:
            if not event.signal_state:
                queue.remove(event)
            if not queue and self._queues.get(key) is queue:
                del self._queues[key]

    def wake(self, key: Hashable) -> bool:
        """Wakes the thread that has waited longest; False if none waits."""
        queue = self._queues.get(key)
        if not queue:
            return False
        queue.popleft().set()
        return True

    def wake_all(self, key: Hashable) -> int:
        """Wakes all threads that wait at a key; answers how many."""
        count = 0
        while self.wake(key):
            count += 1
        return count


class KeyedEvent:
    """Threads wait at keys and others release them; who comes first waits for the other (KEYED_EVENT)."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._waiting = Rendezvous(scheduler)
        self._releasing = Rendezvous(scheduler)

    def wait(self, thread: KernelThread, key: Hashable, timeout_100ns: int | None, alertable: bool = False) -> int:
        """Waits for a release of the key."""
        if self._releasing.wake(key):
            return Status.SUCCESS
        return self._waiting.wait(thread, key, timeout_100ns, alertable)

    def release(self, thread: KernelThread, key: Hashable, timeout_100ns: int | None, alertable: bool = False) -> int:
        """Releases one thread that waits at the key, or waits for one that will."""
        if self._waiting.wake(key):
            return Status.SUCCESS
        return self._releasing.wait(thread, key, timeout_100ns, alertable)
