"""What a thread can wait for: the signal state and waiter list of DISPATCHER_HEADER."""

from ntmm.kernel.ke.thread import KernelThread


class DispatcherObject:
    """Signalled or not, with the threads that wait for it in order of arrival."""

    def __init__(self) -> None:
        super().__init__()
        self.waiters: list[KernelThread] = []

    @property
    def signals_by_itself(self) -> bool:
        """True while nothing but time has to pass until it is signalled."""
        return False

    def is_signalled(self, thread: KernelThread) -> bool:
        """True if a wait by `thread` would be satisfied now."""
        raise NotImplementedError

    def wake_order(self) -> list[KernelThread]:
        """The waiting threads, in the order in which they are looked at when it is signalled."""
        return list(self.waiters)

    def satisfy(self, thread: KernelThread) -> bool:
        """Takes what the wait takes (an auto-reset event's signal, ownership); True if the object was abandoned."""
        raise NotImplementedError
