"""Events, mutants and semaphores: the objects that threads synchronise with (KEVENT, KMUTANT, KSEMAPHORE)."""

from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.ob.objects import KernelObject
from ntmm.kernel.se.access import EVENT_MAPPING, MUTANT_MAPPING, SEMAPHORE_MAPPING


class Event(KernelObject, DispatcherObject):
    """A notification event (`manual_reset`: stays signalled) or a synchronisation event (one waiter takes it)."""

    type_name = "Event"
    mapping = EVENT_MAPPING

    def __init__(self, scheduler: Scheduler, manual_reset: bool, signalled: bool) -> None:
        super().__init__()
        self._scheduler = scheduler
        self.manual_reset = manual_reset
        self.signal_state = signalled

    def is_signalled(self, thread: KernelThread) -> bool:
        return self.signal_state

    def satisfy(self, thread: KernelThread) -> bool:
        if not self.manual_reset:
            self.signal_state = False
        return False

    def set(self) -> bool:
        """Signals the event and answers whether it was signalled before (KeSetEvent)."""
        previous, self.signal_state = self.signal_state, True
        self._scheduler.signalled(self)
        return previous

    def reset(self) -> bool:
        """Clears the signal and answers whether it was set (KeResetEvent)."""
        previous, self.signal_state = self.signal_state, False
        return previous


class Semaphore(KernelObject, DispatcherObject):
    """A count between 0 and `maximum`; every satisfied wait takes one."""

    type_name = "Semaphore"
    mapping = SEMAPHORE_MAPPING

    def __init__(self, scheduler: Scheduler, count: int, maximum: int) -> None:
        super().__init__()
        self._scheduler = scheduler
        self.count = count
        self.maximum = maximum

    def is_signalled(self, thread: KernelThread) -> bool:
        return self.count > 0

    def satisfy(self, thread: KernelThread) -> bool:
        self.count -= 1
        return False

    def release(self, amount: int) -> int | None:
        """Adds `amount` and answers the old count, or None if the maximum would be passed (KeReleaseSemaphore)."""
        previous = self.count
        if amount <= 0 or previous + amount > self.maximum:
            return None
        self.count += amount
        self._scheduler.signalled(self)
        return previous


class Mutant(KernelObject, DispatcherObject):
    """A mutex that its owner may take again; abandoned if the owner ends without releasing it."""

    type_name = "Mutant"
    mapping = MUTANT_MAPPING

    def __init__(self, scheduler: Scheduler, owner: KernelThread | None) -> None:
        super().__init__()
        self._scheduler = scheduler
        self.owner = owner
        self.recursion = 1 if owner else 0
        self.abandoned = False

    def is_signalled(self, thread: KernelThread) -> bool:
        return self.owner is None or self.owner is thread

    def satisfy(self, thread: KernelThread) -> bool:
        self.owner = thread
        self.recursion += 1
        abandoned, self.abandoned = self.abandoned, False
        return abandoned

    def release(self, thread: KernelThread) -> bool:
        """Gives up one level of ownership; False if `thread` is not the owner (KeReleaseMutant)."""
        if self.owner is not thread:
            return False
        self.recursion -= 1
        if not self.recursion:
            self.owner = None
            self._scheduler.signalled(self)
        return True

    def abandon(self, thread: KernelThread) -> None:
        """The owner has ended: the next waiter gets the mutant and is told that it was abandoned."""
        if self.owner is thread:
            self.owner, self.recursion, self.abandoned = None, 0, True
            self._scheduler.signalled(self)
