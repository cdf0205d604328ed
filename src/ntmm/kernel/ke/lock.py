"""Locks of kernel code that may be held over a wait (KGUARDED_MUTEX, FAST_MUTEX, ERESOURCE held exclusively)."""

from types import TracebackType

from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread


class KernelMutex(DispatcherObject):
    """Owned by one thread at a time, handed on in order of arrival; taking it twice is a bug of ours.

    A thread that owns one is neither ended nor suspended until it leaves the kernel. Outside any thread nobody can
    wait, so there it is only checked that no thread owns the lock.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self._scheduler = scheduler
        self.owner: KernelThread | None = None

    def is_signalled(self, thread: KernelThread) -> bool:
        return self.owner is None

    def satisfy(self, thread: KernelThread) -> bool:
        self.owner = thread
        return False

    def acquire(self) -> None:
        """Takes the lock, after a wait for its owner if it has one (KeAcquireGuardedMutex)."""
        thread = self._scheduler.current
        if self.owner is None:
            self.owner = thread
            return
        assert thread is not None, "a lock is held by a thread, and nobody is here to wait for it"
        assert self.owner is not thread, "a thread takes a lock that it owns"
        self._scheduler.wait(thread, (self,), for_system=True)

    def release(self) -> None:
        """Hands the lock to the thread that has waited longest, or frees it (KeReleaseGuardedMutex)."""
        assert self.owner is self._scheduler.current, "a lock is released by a thread that does not own it"
        self.owner = None
        if self.waiters:
            self._scheduler.signalled(self)

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
