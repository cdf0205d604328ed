"""The dispatcher: priorities, waits and timeouts over greenlets, on the virtual clock (KiSwapThread and friends).

Threads of one priority take turns in order of readiness, so a run is repeatable. When all threads wait, time jumps
to the next timeout; when there is none the program is deadlocked, which is reported and never hangs.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from greenlet import getcurrent, greenlet

from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.thread import KernelThread, ThreadExit, ThreadState
from ntmm.nt.status import Status

QUANTUM_ENTRIES: Final = 2000
"""Kernel entries after which a thread gives way to a ready one of its priority."""

MAXIMUM_WAIT_OBJECTS: Final = 64


class Deadlock(Exception):
    """Every thread waits and no timeout is pending; the message is one sentence for the tool's user."""


class Scheduler:
    """One processor's ready queues and wait lists."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ready: dict[int, deque[KernelThread]] = {}
        self._waiting: list[KernelThread] = []
        self._alive: list[KernelThread] = []
        self._hub: greenlet | None = None
        self.current: KernelThread | None = None
        self.ready_count = 0
        self.timed_waits = 0
        """Waiting threads with a timeout: while there are any, a running thread must look at the clock."""

    def start(self, thread: KernelThread) -> None:
        """Makes a new thread runnable, or suspended if its suspend count is not zero."""

        def body() -> None:
            try:
                if not thread.must_exit:
                    thread.main()
            except ThreadExit:
                pass
            finally:
                thread.state = ThreadState.TERMINATED

        thread.greenlet = greenlet(body)
        self._alive.append(thread)
        if thread.suspend_count:
            thread.state = ThreadState.SUSPENDED
        else:
            self._make_ready(thread)

    def run(self, until: Callable[[], bool]) -> None:
        """Runs threads until none is left or `until()` is true; raises Deadlock, and what a thread's code raises."""
        self._hub = getcurrent()
        while self._alive and not until():
            thread = self._next_ready()
            if thread is None:
                self._advance_to_next_timeout()
                continue
            self._dispatch(thread)

    def _dispatch(self, thread: KernelThread) -> None:
        assert thread.greenlet is not None
        self.current, thread.state, thread.quantum = thread, ThreadState.RUNNING, QUANTUM_ENTRIES
        thread.greenlet.parent = getcurrent()
        thread.greenlet.switch()
        self.current = None
        if thread.state is ThreadState.TERMINATED:
            self._alive.remove(thread)

    def _next_ready(self) -> KernelThread | None:
        for priority in sorted(self._ready, reverse=True):
            queue = self._ready[priority]
            if queue:
                self.ready_count -= 1
                return queue.popleft()
        return None

    def _make_ready(self, thread: KernelThread) -> None:
        thread.state = ThreadState.READY
        self._ready.setdefault(thread.priority, deque()).append(thread)
        self.ready_count += 1

    def _advance_to_next_timeout(self) -> None:
        timed = [thread for thread in self._waiting if thread.deadline_100ns is not None]
        if not timed:
            raise Deadlock("every thread of the program waits for another and none can go on: it is deadlocked")
        first = min(timed, key=lambda thread: thread.deadline_100ns or 0)
        self._clock.advance(max(0, (first.deadline_100ns or 0) - self._clock.uptime_100ns()))
        self.wake_expired()

    def wake_expired(self) -> None:
        """Makes threads ready whose timeout has passed on the virtual clock."""
        now = self._clock.uptime_100ns()
        for thread in list(self._waiting):
            if thread.deadline_100ns is not None and thread.deadline_100ns <= now:
                self._wake(thread, Status.TIMEOUT)

    def _switch_away(self) -> None:
        assert self._hub is not None, "a wait outside any thread"
        self._hub.switch()
        thread = self.current
        if thread is not None and thread.must_exit:
            raise ThreadExit

    def yield_now(self) -> bool:
        """Lets the other ready threads of at least this priority go first; False if there was none."""
        thread = self.current
        assert thread is not None
        if self._waiting:
            self.wake_expired()
        if not self.ready_count or not any(
            queue for priority, queue in self._ready.items() if priority >= thread.priority
        ):
            return False
        self._make_ready(thread)
        self._switch_away()
        return True

    def wait(
        self,
        thread: KernelThread,
        objects: Sequence[DispatcherObject],
        wait_all: bool = False,
        timeout_100ns: int | None = None,
    ) -> int:
        """Waits for one or all of `objects`; answers WAIT_0 + index, ABANDONED_WAIT_0 + index or TIMEOUT.

        `timeout_100ns` is relative; None waits without end and 0 only looks. With no objects it is a delay.
        """
        assert len(objects) <= MAXIMUM_WAIT_OBJECTS
        thread.waits_for, thread.wait_all = tuple(objects), wait_all
        status = self._try_satisfy(thread)
        if status is not None:
            return status
        if timeout_100ns == 0:
            return Status.TIMEOUT
        thread.deadline_100ns = None if timeout_100ns is None else self._clock.uptime_100ns() + timeout_100ns
        for target in objects:
            target.waiters.append(thread)
        thread.state = ThreadState.WAITING
        self._waiting.append(thread)
        self.timed_waits += thread.deadline_100ns is not None
        self._switch_away()
        return thread.wait_status

    def _try_satisfy(self, thread: KernelThread) -> int | None:
        targets = thread.waits_for
        if thread.wait_all:
            if not targets or not all(target.is_signalled(thread) for target in targets):
                return None
            abandoned = [target.satisfy(thread) for target in targets]
            return Status.ABANDONED_WAIT_0 if any(abandoned) else Status.SUCCESS
        for index, target in enumerate(targets):
            if target.is_signalled(thread):
                return (Status.ABANDONED_WAIT_0 if target.satisfy(thread) else 0) + index
        return None

    def signalled(self, target: DispatcherObject) -> None:
        """Called when an object became signalled: satisfies waits in order of arrival (KiWaitTest)."""
        for thread in list(target.waiters):
            status = self._try_satisfy(thread)
            if status is not None:
                self._wake(thread, status)

    def _wake(self, thread: KernelThread, status: int) -> None:
        self._waiting.remove(thread)
        self.timed_waits -= thread.deadline_100ns is not None
        for target in thread.waits_for:
            if thread in target.waiters:
                target.waiters.remove(thread)
        thread.wait_status, thread.deadline_100ns, thread.waits_for = status, None, ()
        if thread.suspend_count:
            thread.state = ThreadState.SUSPENDED
        else:
            self._make_ready(thread)

    def suspend(self, thread: KernelThread) -> int:
        """Raises the suspend count and answers the old one; a running thread stops at once."""
        old = thread.suspend_count
        thread.suspend_count += 1
        if thread.state is ThreadState.READY:
            self._ready[thread.priority].remove(thread)
            self.ready_count -= 1
            thread.state = ThreadState.SUSPENDED
        elif thread is self.current:
            thread.state = ThreadState.SUSPENDED
            self._switch_away()
        return old

    def resume(self, thread: KernelThread) -> int:
        """Lowers the suspend count and answers the old one; at zero the thread is runnable again."""
        old = thread.suspend_count
        if old:
            thread.suspend_count -= 1
        if old == 1 and thread.state is ThreadState.SUSPENDED:
            self._make_ready(thread)
        return old

    def terminate(self, thread: KernelThread) -> None:
        """Ends a thread wherever it is; its kernel code is unwound by ThreadExit when it next would run."""
        if thread.state is ThreadState.TERMINATED:
            return
        if thread is self.current:
            raise ThreadExit
        thread.must_exit = True
        thread.suspend_count = 0
        if thread.state is ThreadState.WAITING:
            self._wake(thread, Status.ALERTED)
        elif thread.state is ThreadState.SUSPENDED:
            self._make_ready(thread)

    def drop_all(self) -> None:
        """Unwinds every thread that is still alive; the machine is being closed."""
        for thread in list(self._alive):
            thread.must_exit = True
            if thread.greenlet is not None and not thread.greenlet.dead and thread.greenlet:
                self.current = thread
                thread.greenlet.parent = getcurrent()
                thread.greenlet.throw(ThreadExit)
        self._alive.clear()
        self.current = None
