"""The scheduler's view of a thread: a greenlet, a state, and what it waits for (KTHREAD)."""

from enum import Enum, auto
from typing import Any

from greenlet import greenlet

NORMAL_PRIORITY = 8


class ThreadState(Enum):
    """READY -> RUNNING -> (READY | WAITING | SUSPENDED | TERMINATED); WAITING and SUSPENDED -> READY."""

    INITIALIZED = auto()
    READY = auto()
    RUNNING = auto()
    WAITING = auto()
    SUSPENDED = auto()
    TERMINATED = auto()


class ThreadExit(Exception):
    """Raised inside a thread's kernel code to end that thread."""


class KernelThread:
    """A thread that runs kernel code as a greenlet and may block anywhere in it."""

    def initialize(self, thread_id: int, priority: int = NORMAL_PRIORITY) -> None:
        """Sets the scheduler's fields; called once, by the constructor of the class that is a thread."""
        self.id = thread_id
        self.priority = priority
        self.state = ThreadState.INITIALIZED
        self.quantum = 0
        self.suspend_count = 0
        self.must_exit = False
        self.waits_for: tuple[Any, ...] = ()
        self.wait_all = False
        self.deadline_100ns: int | None = None
        self.wait_status = 0
        self.greenlet: greenlet | None = None

    def main(self) -> None:
        """The thread's kernel-mode start; subclasses override it."""
        raise NotImplementedError
