"""Whose turn it is: starting threads, priorities, quanta, and switching between greenlets (KiSwapThread and friends).

A thread runs until it waits, gives way, or leaves a trap while a thread of a higher priority is ready or its quantum
is used up. Threads of one priority take turns in order of readiness, so a run is repeatable.
"""

from collections.abc import Callable
from typing import Final

from greenlet import getcurrent, greenlet

from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.ready import ReadyQueues
from ntmm.kernel.ke.thread import KernelThread, ThreadExit, ThreadState
from ntmm.kernel.ke.timers import Timer, TimerQueue

QUANTUM_100NS: Final = 20_000
"""Virtual time after which a thread gives way to a ready one of its priority: 2 ms, or 2,000 kernel entries."""


class Deadlock(Exception):
    """Every thread waits and nothing can end a wait; the message is one sentence for the tool's user."""


def _no_quantum(thread: KernelThread, left_100ns: int) -> None:
    """Nobody counts guest code."""


def _no_swapper(thread: KernelThread) -> None:
    raise AssertionError(f"thread {thread.id}'s kernel stack is out and nobody can bring it in")


class Switching:
    """One processor: its ready queues, timers and current thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._timers = TimerQueue(clock)
        self._ready = ReadyQueues()
        self._alive: dict[KernelThread, None] = {}
        self._programs_alive = 0
        self._hub: greenlet | None = None
        self._running: KernelThread | None = None
        self._dropping = False
        self._switched_100ns = 0
        self.current: KernelThread | None = None
        """The running thread; None outside any thread and while timers expire."""
        self.ready_count = 0
        self.competitors = 0
        """Non-system threads that do not run now but are ready, or will be when time passes."""
        self.turn_pending = False
        """A ready thread has at least the running one's priority."""
        self.attention = 0
        """Not zero: the trap loop must ask whose turn it is. Competitors, a pending turn, and what it adds itself."""
        self.quantum_begins: Callable[[KernelThread, int], None] = _no_quantum
        """Slot, called with a thread and the 100 ns units it may run, whenever one is switched to or a quantum ends."""
        self.stack_needed: Callable[[KernelThread], None] = _no_swapper
        """Slot, called when a thread could run but its kernel stack is out; it must not wait."""
        self.thread_gone: Callable[[KernelThread], None] = lambda thread: None
        """Slot, called when a thread has left its kernel stack for good; it must not wait."""

    @property
    def threads(self) -> tuple[KernelThread, ...]:
        """The threads that have not ended, in order of their start."""
        return tuple(self._alive)

    def now_100ns(self) -> int:
        """The time as a FILETIME."""
        return self._clock.now_100ns()

    def uptime_100ns(self) -> int:
        """Time since boot in 100 ns units."""
        return self._clock.uptime_100ns()

    def call_at(self, due_100ns: int, callback: Callable[[], None]) -> Timer:
        """Has `callback` run once uptime has reached `due_100ns`, in no thread's context: it must not wait."""
        return self._timers.add(due_100ns, callback)

    # the main loop

    def start(self, thread: KernelThread) -> None:
        """Makes a new thread runnable, or suspended if its suspend count is not zero."""

        def body() -> None:
            try:
                self.deliver(thread)
                thread.main()
            except ThreadExit:
                pass
            finally:
                thread.state = ThreadState.TERMINATED

        thread.greenlet = greenlet(body)
        self._alive[thread] = None
        self._programs_alive += not thread.is_system
        self._make_runnable(thread)

    def run(self, until: Callable[[], bool]) -> None:
        """Runs threads until none but system threads is left or `until()` is true.

        Raises Deadlock, and what a thread's code raises.
        """
        self._hub = getcurrent()
        while self._programs_alive and not until():
            if self._clock.entries >= self._clock.alarm_entries:
                self.expire_timers()
            if self.ready_count:
                self._dispatch(self._take_ready())
            else:
                self._pass_time()

    def _pass_time(self) -> None:
        if not self.competitors:
            raise Deadlock("every thread of the program waits for another and none can go on: it is deadlocked")
        due = self._timers.next_due()
        assert due is not None, "a thread waits for the system, which does nothing"
        self._clock.advance(max(0, due - self._clock.uptime_100ns()))
        self.expire_timers()

    def try_pass_time(self, due_100ns: int) -> bool:
        """Lets time pass up to `due_100ns` in the current thread; False, and nothing done, if another could run before.

        It is what a wait until then would come to, without the way through the main loop and back. Outside any thread
        (boot, tools) nobody can use the time.
        """
        if self.current is not None and (self.ready_count or self._clock.alarm_100ns <= due_100ns):
            return False
        self._clock.advance_to(due_100ns)
        return True

    def pass_time_until(self, done: Callable[[], bool]) -> None:
        """Outside any thread: lets time pass from timer to timer until `done()`; no thread runs meanwhile."""
        assert self.current is None, "a thread lets time pass that others could use"
        while not done():
            due = self._timers.next_due()
            assert due is not None, "nothing more will happen"
            self._clock.advance(max(0, due - self._clock.uptime_100ns()))
            self.expire_timers()

    def expire_timers(self) -> None:
        """Runs the callbacks of timers that are due on the virtual clock (KiTimerExpiration)."""
        current, self.current = self.current, None
        try:
            self._timers.expire()
        finally:
            self.current = current

    def _dispatch(self, thread: KernelThread) -> None:
        assert thread.greenlet is not None
        self._begin_quantum(thread, thread.quantum_left_100ns or QUANTUM_100NS)
        thread.quantum_left_100ns = 0
        thread.state = ThreadState.RUNNING
        self.current = self._running = thread
        self._note_turn(self._ready.highest() >= thread.priority)
        thread.greenlet.parent = getcurrent()
        self._switched_100ns = self._clock.uptime_100ns()
        try:
            thread.greenlet.switch()
        finally:
            thread.run_time_100ns = self.run_time_of(thread)
            self.current = self._running = None
            if thread.state is ThreadState.TERMINATED:
                self._forget(thread)

    def run_time_of(self, thread: KernelThread) -> int:
        """Time for which a thread has run, in 100 ns units."""
        slice_100ns = self._clock.uptime_100ns() - self._switched_100ns if thread is self._running else 0
        return thread.run_time_100ns + slice_100ns

    def _begin_quantum(self, thread: KernelThread, length_100ns: int) -> None:
        thread.quantum_end_100ns = self._clock.uptime_100ns() + length_100ns
        self.quantum_begins(thread, length_100ns)

    def _forget(self, thread: KernelThread) -> None:
        del self._alive[thread]
        self._programs_alive -= not thread.is_system
        self.thread_gone(thread)

    def _switch_away(self) -> None:
        assert self._hub is not None, "a wait outside any thread"
        if self._dropping:
            raise ThreadExit
        self._hub.switch()

    # readiness

    def _note_turn(self, pending: bool) -> None:
        self.attention += pending - self.turn_pending
        self.turn_pending = pending

    def _compete(self, thread: KernelThread, change: int) -> None:
        if not thread.is_system:
            self.competitors += change
            self.attention += change

    def _take_ready(self) -> KernelThread:
        thread = self._ready.pop()
        self.ready_count -= 1
        self._compete(thread, -1)
        return thread

    def _make_runnable(self, thread: KernelThread) -> None:
        """A thread is no longer held up by a wait: ready, unless it is suspended or its kernel stack is out."""
        if thread.suspend_count and not thread.waits_for_system:
            thread.state = ThreadState.SUSPENDED
            return
        thread.waits_for_system = False
        self._compete(thread, 1)
        if thread.stack_resident:
            self._make_ready(thread)
        else:
            thread.state = ThreadState.TRANSITION
            self.stack_needed(thread)

    def _make_ready(self, thread: KernelThread, first: bool = False) -> None:
        thread.state = ThreadState.READY
        if first:
            self._ready.append_first(thread)
        else:
            self._ready.append(thread)
        self.ready_count += 1
        if self._running is not None and thread.priority >= self._running.priority:
            self._note_turn(True)

    def stack_returned(self, thread: KernelThread) -> None:
        """A thread's kernel stack is in memory again: if it only lacked that, it is ready."""
        thread.stack_resident = True
        if thread.state is ThreadState.TRANSITION:
            self._make_ready(thread)

    def set_priority(self, thread: KernelThread, priority: int) -> None:
        """Changes a started thread's priority (KeSetPriorityThread); a ready one goes last in its new queue."""
        if thread.state is ThreadState.READY:
            self._ready.remove(thread)
            thread.priority = priority
            self._ready.append(thread)
        else:
            thread.priority = priority
        if self._running is not None:
            self._note_turn(self._ready.highest() >= self._running.priority)

    # giving way

    def yield_now(self) -> bool:
        """Lets the other ready threads of at least this priority go first; False if there was none."""
        thread = self.current
        assert thread is not None
        if self._clock.entries >= self._clock.alarm_entries:
            self.expire_timers()
        if not self.ready_count or self._ready.highest() < thread.priority:
            return False
        self._give_way(thread, first=False)
        return True

    def take_turns(self) -> None:
        """Gives way to a ready thread of higher priority, or at the end of the quantum to one of the same.

        Called by the trap loop: the pre-empted thread comes first in its priority with what is left of its quantum.
        """
        thread = self.current
        assert thread is not None
        clock = self._clock
        now = clock.uptime_100ns()
        if now >= clock.alarm_100ns or now >= clock.next_tick_100ns:  # with counted code, `alarm_entries` is late
            self.expire_timers()
        left = thread.quantum_end_100ns - now
        highest = self._ready.highest()
        if left > 0 and highest > thread.priority:
            thread.quantum_left_100ns = left
            self._give_way(thread, first=True)
        elif left <= 0 and highest >= thread.priority:
            self._give_way(thread, first=False)
        elif left <= 0:
            self._begin_quantum(thread, QUANTUM_100NS)

    def _give_way(self, thread: KernelThread, first: bool) -> None:
        self._compete(thread, 1)
        self._make_ready(thread, first)
        self._switch_away()
        if thread.must_exit:
            raise ThreadExit

    def deliver(self, thread: KernelThread) -> None:
        """Ends or suspends the current thread where that was asked for meanwhile (its kernel APCs)."""
        thread.apc_pending = False
        while thread.suspend_count and not thread.must_exit:
            thread.state = ThreadState.SUSPENDED
            self._switch_away()
        if thread.must_exit:
            raise ThreadExit
