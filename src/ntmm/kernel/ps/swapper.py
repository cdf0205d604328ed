"""The process and stack swapper (KeSwapProcessOrStack), called by its system thread.

Every fourth second it looks for threads whose programs have let them wait for long, and puts their kernel stacks out. A
process whose threads' stacks are all out leaves memory itself. Both come back when a thread could run again, or when
somebody else touches the process's memory: first the process, then the stack.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from ntmm.hw.cpu import Cpu
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread, ThreadState
from ntmm.kernel.ke.trap_frame import frame_size, load_registers, save_registers
from ntmm.kernel.mm.fault import FaultContext
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.ob import Event
from ntmm.kernel.ps.manager import ProcessManager
from ntmm.kernel.ps.process import Process
from ntmm.kernel.ps.thread import Thread

IDLE_100NS: Final = 150_000_000
"""A thread that has waited for 15 seconds is idle."""
SMALL_IDLE_100NS: Final = 30_000_000
"""3 seconds where RAM is small."""
SMALL_RAM: Final = 12 << 20
LOWEST_REAL_TIME_PRIORITY: Final = 16
"""Threads from this priority on keep their stacks."""


class Swapper:
    """`stacks_out`, `processes_out` and so on count what was moved since boot."""

    def __init__(
        self, mm: MemoryManager, cpu: Cpu, scheduler: Scheduler, clock: Clock, processes: ProcessManager, ram: int
    ) -> None:
        self._mm = mm
        self._cpu = cpu
        self._scheduler = scheduler
        self._clock = clock
        self._processes = processes
        self._idle_100ns = SMALL_IDLE_100NS if ram < SMALL_RAM else IDLE_100NS
        self._threads: deque[Thread] = deque()
        self._spaces: deque[AddressSpace] = deque()
        self._brought_back = Event(scheduler, manual_reset=True, signalled=False)
        self._frames = frame_size(mm.architecture.pointer_size)
        self.stacks_out = self.stacks_in = self.processes_out = self.processes_in = 0
        self.stack_moved: Callable[[int, str], None] = lambda thread, direction: None
        """Slot: told (thread id, "out" or "in")."""
        self.process_moved: Callable[[int, str], None] = lambda process, direction: None
        """Slot: told (process id, "out" or "in")."""
        mm.pageout.swap = self.look
        mm.faults.swap_in = self.swap_in
        scheduler.stack_needed = self._stack_needed

    # requests

    def _stack_needed(self, thread: KernelThread) -> None:
        assert isinstance(thread, Thread)
        self._threads.append(thread)
        self._call()

    def swap_in(self, context: FaultContext) -> None:
        """Waits until a process is in memory; outside any thread brings it in at once."""
        assert isinstance(context, AddressSpace)
        thread = self._scheduler.current
        while context.is_swapped_out:
            if thread is None:
                self._bring_in_process(context)
                continue
            self._spaces.append(context)
            self._brought_back.reset()
            self._call()
            self._scheduler.wait(thread, (self._brought_back,), for_system=True)

    def bring_stack_in(self, thread: Thread) -> None:
        """Waits until a waiting thread's kernel stack is in memory, so that it has registers; it goes on waiting."""
        current = self._scheduler.current
        while not thread.stack_resident:
            if current is None:
                self._bring_in_stack(thread)
                continue
            self._threads.append(thread)
            self._brought_back.reset()
            self._call()
            self._scheduler.wait(current, (self._brought_back,), for_system=True)

    def _call(self) -> None:
        if not self._mm.pageout.swap_called.signal_state:
            self._mm.pageout.swap_called.set()

    # the thread's work

    def look(self, look_for_idle: bool) -> None:
        """One turn: first what is waited for, then idle stacks and processes; may wait for the disk."""
        while self._spaces or self._threads:
            while self._spaces:
                space = self._spaces.popleft()
                if space.is_swapped_out:
                    self._bring_in_process(space)
                self._brought_back.set()
            if self._threads:
                thread = self._threads.popleft()
                if not thread.stack_resident:  # it may have been asked for twice
                    self._bring_in_stack(thread)
                self._brought_back.set()
        if look_for_idle:
            self._put_idle_out()

    def _bring_in_process(self, space: AddressSpace) -> None:
        self._mm.in_swap(space)
        self.processes_in += 1
        self.process_moved(space.process_id, "in")

    def _bring_in_stack(self, thread: Thread) -> None:
        """The thread's registers are built anew from the frames on its stack."""
        space, stack = thread.process.space, thread.kernel_stack
        if space.is_swapped_out:
            self._bring_in_process(space)
            self._brought_back.set()
        self._mm.stack_swapping.bring_back(stack, thread.id)
        frames = self._mm.kernel_stacks.read(stack.pointer, self._frames)
        stack.pointer = stack.base
        load_registers(self._cpu, thread.context, frames, space.directory, thread.teb)
        self.stacks_in += 1
        self.stack_moved(thread.id, "in")
        self._scheduler.stack_returned(thread)

    def _put_idle_out(self) -> None:
        """Without a paging file nothing would be won by it."""
        if not self._mm.paging_files.files:
            return
        now = self._clock.uptime_100ns()
        for thread in self._scheduler.waiting_threads:
            if isinstance(thread, Thread) and self._is_idle(thread, now):
                self._put_stack_out(thread)
        for process in self._processes.processes:
            if self._may_leave(process) and self._mm.out_swap(process.space):
                self.processes_out += 1
                self.process_moved(process.id, "out")

    def _is_idle(self, thread: Thread, now_100ns: int) -> bool:
        if not thread.wait_user_mode or not thread.stack_resident or thread.kernel_stack is None:
            return False
        return thread.priority < LOWEST_REAL_TIME_PRIORITY and now_100ns - thread.wait_start_100ns > self._idle_100ns

    def _put_stack_out(self, thread: Thread) -> None:
        """The thread's registers go onto its stack, and are nowhere else from then on."""
        stack = thread.kernel_stack
        stack.pointer = stack.base - self._frames
        self._mm.kernel_stacks.write(stack.pointer, save_registers(self._cpu, thread.context))
        thread.context.drop()
        thread.stack_resident = False
        self._mm.stack_swapping.take_out(stack, thread.id)
        self.stacks_out += 1
        self.stack_moved(thread.id, "out")

    @staticmethod
    def _may_leave(process: Process) -> bool:
        """It has threads, and all of those that still run code wait with their stacks out."""
        alive = [thread for thread in process.threads if thread.state is not ThreadState.TERMINATED]
        is_idle = all(thread.state is ThreadState.WAITING and not thread.stack_resident for thread in alive)
        return bool(alive) and is_idle and not process.ended
