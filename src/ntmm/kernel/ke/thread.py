"""The scheduler's view of a thread: a greenlet, a state, and what it waits for (KTHREAD)."""

from collections import deque
from enum import Enum, auto
from typing import Any

from greenlet import greenlet

from ntmm.kernel.ke.apc import UserApc
from ntmm.kernel.ke.timers import Timer

NORMAL_PRIORITY = 8


class ThreadState(Enum):
    """READY -> RUNNING -> (READY | WAITING | SUSPENDED | TERMINATED); WAITING and SUSPENDED -> READY.

    On the way to READY a thread whose kernel stack is out stays in TRANSITION until it is back.
    """

    INITIALIZED = auto()
    READY = auto()
    RUNNING = auto()
    WAITING = auto()
    TRANSITION = auto()
    SUSPENDED = auto()
    TERMINATED = auto()


class ThreadExit(Exception):
    """Raised inside a thread's kernel code to end that thread."""


class KernelThread:
    """A thread that runs kernel code as a greenlet and may block anywhere in it."""

    is_system = False
    """True for threads of the system's own: a run does not wait for their end, and their waits are no deadlock."""

    def initialize(self, thread_id: int, priority: int = NORMAL_PRIORITY) -> None:
        """Sets the scheduler's fields; called once, by the constructor of the class that is a thread.

        `priority` is 0 to 31; once the thread is started only `Scheduler.set_priority` changes it.
        """
        self.id = thread_id
        self.priority = priority
        self.state = ThreadState.INITIALIZED
        self.quantum_end_100ns = 0
        self.quantum_left_100ns = 0
        """What a pre-empted thread still has of its quantum; 0 for a new one."""
        self.run_time_100ns = 0
        """Time for which it has run, up to its last switch."""
        self.suspend_count = 0
        self.must_exit = False
        self.apc_pending = False
        """It must end or be suspended before it enters user mode again: what NT does by kernel APCs."""
        self.user_apcs: deque[UserApc] = deque()
        """What it will call when it next waits alertably."""
        self.user_apc_pending = False
        """The first of them is called before it goes on in user mode."""
        self.alertable = False
        """Its wait ends for a user APC or an alert."""
        self.alerted = False
        self.stack_resident = True
        """False while the kernel stack is out of memory: the thread cannot run."""
        self.kernel_stack: Any = None
        """The memory manager's; None for a thread that has none."""
        self.waits_for: tuple[Any, ...] = ()
        self.wait_all = False
        self.wait_timer: Timer | None = None
        self.wait_user_mode = False
        """The wait is the program's own: its kernel stack may be taken meanwhile."""
        self.waits_for_system = False
        """The wait is one for the system itself (paging I/O, free pages, a lock): it always ends."""
        self.wait_ends_by_itself = False
        """Time alone ends the wait."""
        self.wait_start_100ns = 0
        self.wait_status = 0
        self.greenlet: greenlet | None = None

    def main(self) -> None:
        """The thread's kernel-mode start; subclasses override it."""
        raise NotImplementedError
