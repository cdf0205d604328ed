"""The ready queues: one for each of the 32 priorities, and a word with a bit for each that is not empty."""

from collections import deque
from typing import Final

from ntmm.kernel.ke.thread import KernelThread

PRIORITIES: Final = 32


class ReadyQueues:
    """Threads that could run, by priority, each priority first come, first served (KiDispatcherReadyListHead)."""

    def __init__(self) -> None:
        self._queues: tuple[deque[KernelThread], ...] = tuple(deque() for _ in range(PRIORITIES))
        self._summary = 0

    def append(self, thread: KernelThread) -> None:
        """Puts a thread last in its priority."""
        self._queues[thread.priority].append(thread)
        self._summary |= 1 << thread.priority

    def append_first(self, thread: KernelThread) -> None:
        """Puts a pre-empted thread first in its priority."""
        self._queues[thread.priority].appendleft(thread)
        self._summary |= 1 << thread.priority

    def highest(self) -> int:
        """The highest priority at which a thread is ready; -1 if none is."""
        return self._summary.bit_length() - 1

    def pop(self) -> KernelThread:
        """Takes the first thread of the highest priority."""
        priority = self.highest()
        thread = self._queues[priority].popleft()
        if not self._queues[priority]:
            self._summary &= ~(1 << priority)
        return thread

    def remove(self, thread: KernelThread) -> None:
        """Takes out a thread that is ready."""
        self._queues[thread.priority].remove(thread)
        if not self._queues[thread.priority]:
            self._summary &= ~(1 << thread.priority)

    def clear(self) -> None:
        """Empties all queues."""
        for queue in self._queues:
            queue.clear()
        self._summary = 0
