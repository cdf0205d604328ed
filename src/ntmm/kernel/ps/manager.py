"""Creating and ending processes and threads (PspCreateProcess, PspCreateThread, PspExitThread)."""

import contextlib
from bisect import insort
from collections.abc import Callable
from typing import Final

from ntmm.hw.cpu import Cpu
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread, ThreadExit, ThreadState
from ntmm.kernel.ke.trap import UserThread
from ntmm.kernel.mm.layout import UserRange
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.ob.waitable import Mutant
from ntmm.kernel.ps.impersonate import revert_to_self
from ntmm.kernel.ps.job import Job
from ntmm.kernel.ps.process import Process
from ntmm.kernel.ps.stack import StackPlace, create_user_stack, free_user_stack
from ntmm.kernel.ps.thread import Thread
from ntmm.kernel.se import Token, assign_security
from ntmm.kernel.se.token import ImpersonationLevel, TokenType
from ntmm.nt.status import Status, is_success
from ntmm.trace import ProcessEnded, ThreadCreated, ThreadEnded, Trace

SYSTEM_PROCESS_ID: Final = 4
_ID_STEP: Final = 4
_TEB_PAGES: Final = {4: 1, 8: 2}


class ProcessManager:
    """All processes of a machine; ids are multiples of four, the first user process's follows System's (4).

    Slots: `thread_ended` is filled by the loader: it frees what user mode needed for a thread. `process_started` is
    told of each process that is about to run for the first time, `process_changed` of one that has ended, and again
    when one of its threads has left the kernel since, or nobody uses it any more.
    """

    def __init__(
        self,
        mm: MemoryManager,
        cpu: Cpu,
        scheduler: Scheduler,
        run: Callable[[UserThread], None],
        trace: Trace,
        clock: Clock,
    ) -> None:
        self._mm = mm
        self._cpu = cpu
        self._scheduler = scheduler
        self._run = run
        self._next_id = SYSTEM_PROCESS_ID + _ID_STEP
        self.processes: list[Process] = []
        self.mutants: list[Mutant] = []
        self.trace, self._clock = trace, clock
        self.thread_ended: Callable[[Thread], None] = lambda thread: None
        self.thread_told: Callable[[int, int], None] = lambda process_id, thread_id: None
        """Slot: told of each thread that ends."""
        self.process_started: Callable[[Process], None] = lambda process: None
        self.process_changed: Callable[[Process], None] = lambda process: None
        scheduler.thread_gone = self._thread_gone

    def _new_id(self) -> int:
        number, self._next_id = self._next_id, self._next_id + _ID_STEP
        return number

    def create_process(
        self,
        name: str,
        parent: Process | None = None,
        inherit_handles: bool = False,
        token: Token | None = None,
        user: UserRange | None = None,
    ) -> Process | None:
        """A process with an empty address space and its PEB; None over the commit limit or where RAM is full.

        It runs with `token`, else with a copy of the token of `parent`, else for the machine's user; its descriptor is
        the default one of its token. It gets the views of `parent` that were mapped with ViewShare, at the same
        addresses; with `inherit_handles` its inheritable handles, under the same values. `user` is what its image may
        use of user space.
        """
        if not self._mm.has_room_for_space():
            return None
        process_id = self._new_id()
        space = self._mm.create_address_space(process_id, f"{name} ({process_id})", user)
        if token is None and parent is not None:
            token = parent.token.duplicate(TokenType.PRIMARY, ImpersonationLevel.ANONYMOUS)
        process = Process(process_id, parent.id if parent is not None else SYSTEM_PROCESS_ID, name, space, token)
        process.security = assign_security(None, None, process.token, Process.mapping).descriptor
        joined = is_success(self._mm.join_session(space, process.token.session_id))
        peb = self._mm.create_fixed_block(process, 2 if self._is_wow64(process) else 1, "PEB")
        shared = parent is None or is_success(self._mm.copy_inherited_views(parent, process))
        if peb is None or not shared or not joined:
            self._mm.delete_address_space(space)
            return None
        process.peb = peb
        if self._is_wow64(process):
            process.native_peb = peb + self._mm.architecture.page_size
        process.unused, process.forsaken = self._unused, self._forsaken
        if parent is not None and inherit_handles:
            process.handles = parent.handles.inherited()
        process.reference()
        process.created_100ns = self._clock.uptime_100ns()
        self.processes.append(process)
        return process

    def run_time_of(self, process: Process) -> int:
        """Time in 100 ns units for which a process's threads have run; user and kernel mode are not told apart."""
        return sum(self._scheduler.run_time_of(thread) for thread in process.threads)

    def create_job(self) -> Job:
        """An empty job without limits."""
        return Job(self._mm.architecture.page_size, self._end_in_job, self._current_process)

    def _end_in_job(self, process: Process, status: int) -> None:
        if not process.ended:
            self.exit_process(process, status)

    def _current_process(self) -> Process | None:
        thread = self._scheduler.current
        return thread.process if isinstance(thread, Thread) else None

    def create_thread(
        self, process: Process, reserve: int, commit: int, pc: int, own_stack: StackPlace | None = None
    ) -> tuple[Thread, StackPlace] | None:
        """A suspended-in-creation thread with TEB and stack; `start` makes it run. None if there is no memory.

        `reserve` and `commit` are the stack's sizes in bytes. `own_stack` is one that the creator has made, and keeps.
        """
        block = self._create_teb(process)
        if block is None:
            return None
        stack = own_stack or create_user_stack(self._mm, process, reserve, commit)
        if stack is None:
            self._mm.free_fixed_block(process, block)
            return None
        kernel_stack = self._mm.kernel_stacks.create()
        if kernel_stack is None:
            if own_stack is None:
                free_user_stack(self._mm, process, stack.allocation)
            self._mm.free_fixed_block(process, block)
            return None
        thread = Thread(self._new_id(), process, self._run)
        thread.security = assign_security(None, None, process.token, Thread.mapping).descriptor
        thread.kernel_stack = kernel_stack
        thread.stack = stack.allocation if own_stack is None else 0
        thread.teb = block
        if process.is_wow64:
            thread.native_teb, thread.teb = block, block + _TEB_PAGES[8] * self._mm.architecture.page_size
        bits = 8 * process.memory.pointer_size
        thread.context = self._cpu.create_context(process.space.directory, pc, stack.base, thread.teb, bits=bits)
        process.threads.append(thread)
        thread.reference()
        return thread, stack

    def _is_wow64(self, process: Process) -> bool:
        return process.memory.pointer_size < self._mm.architecture.pointer_size

    def _create_teb(self, process: Process) -> int | None:
        """Pages for a thread's TEB; in a 32-bit process of a 64-bit machine the native one comes first."""
        pages = _TEB_PAGES[process.memory.pointer_size]
        if process.is_wow64:
            pages += _TEB_PAGES[8]
        return self._mm.create_fixed_block(process, pages, "TEB")

    def start(self, thread: Thread) -> None:
        """Lets a thread run."""
        if self.trace.enabled:
            uptime = self._clock.uptime_100ns()
            self.trace.emit(ThreadCreated(uptime, thread.process.id, thread.id, thread.context.pc))
        self._scheduler.start(thread)

    def exit_thread(self, thread: Thread, status: int) -> None:
        """Ends a thread; the last one ends its process. Does not return for the current thread."""
        process = thread.process
        process.reference()
        self._stop_thread(thread, status)
        self._end_thread(thread)
        if all(other.ended for other in process.threads):
            self._end_process(process, status)
        process.dereference()
        if thread is self._scheduler.current:
            raise ThreadExit

    def exit_process(self, process: Process, status: int) -> None:
        """Ends all threads of a process; does not return if the current thread is one of them."""
        process.reference()
        threads = [thread for thread in process.threads if not thread.ended]
        for thread in threads:
            self._stop_thread(thread, status)
        for thread in threads:
            self._end_thread(thread)
        self._end_process(process, status)
        process.dereference()
        if self._scheduler.current in process.threads:
            raise ThreadExit

    def _stop_thread(self, thread: Thread, status: int) -> None:
        """From here on the thread does not enter user mode again, so that its stack and TEB can be taken away."""
        thread.exit_status, thread.ended = status, True
        if thread is not self._scheduler.current and thread.state is not ThreadState.INITIALIZED:
            self._scheduler.terminate(thread)

    def _end_thread(self, thread: Thread) -> None:
        if self.trace.enabled:
            uptime = self._clock.uptime_100ns()
            self.trace.emit(ThreadEnded(uptime, thread.process.id, thread.id, thread.exit_status))
        for mutant in list(self.mutants):
            mutant.abandon(thread)
        revert_to_self(thread)
        for request in list(thread.pending_requests):
            request.cancel()
        self._scheduler.signalled(thread)
        self.thread_told(thread.process.id, thread.id)
        with contextlib.suppress(GuestFault):  # the program has spoilt its own TEB; its pages are freed all the same
            self.thread_ended(thread)
        if thread.stack:
            free_user_stack(self._mm, thread.process, thread.stack)
        self._mm.free_fixed_block(thread.process, thread.teb_block)

    def _end_process(self, process: Process, status: int) -> None:
        if process.ended:
            return
        process.exit_status, process.ended = status, True
        process.ended_100ns = self._clock.uptime_100ns()
        if self.trace.enabled:
            self.trace.emit(ProcessEnded(self._clock.uptime_100ns(), process.id, status))
        process.handles.close_all()
        if process.job is not None:
            process.job.process_ended(process, self.run_time_of(process))
        self._scheduler.signalled(process)
        self.process_changed(process)
        process.dereference()

    def _forsaken(self, process: Process) -> None:
        self.exit_process(process, Status.SUCCESS)

    def _unused(self, process: Process) -> None:
        if process.space.deleted and process in self.processes:
            self.processes.remove(process)
        elif process.ended:
            self.process_changed(process)

    def abandon_process(self, process: Process) -> None:
        """Takes back a process none of whose threads was started."""
        process.ended = True
        if process.job is not None:
            process.job.process_ended(process, 0)
        process.handles.close_all()
        self.delete_process(process)

    def delete_process(self, process: Process) -> None:
        """Returns the memory of a process that has ended; its id and exit status stay while there are handles to it."""
        assert process.ended
        self.processes.remove(process)  # first, so that nobody opens it while this waits
        for thread in process.threads:
            self.delete_kernel_stack(thread)
        if not process.space.deleted:
            self._mm.delete_address_space(process.space)
        if process.handle_count:
            insort(self.processes, process, key=lambda each: each.id)

    @property
    def started_processes(self) -> list[Process]:
        """The processes that are loaded and whose memory is still there, in the order of their creation."""
        return [process for process in self.processes if not process.is_being_loaded]

    def _thread_gone(self, thread: KernelThread) -> None:
        """A thread has left the kernel for good."""
        self.delete_kernel_stack(thread)
        if isinstance(thread, Thread) and thread.process.ended:
            self.process_changed(thread.process)
            self._scheduler.signalled(thread.process)

    def delete_kernel_stack(self, thread: KernelThread) -> None:
        """Frees a thread's kernel stack: it has left it, or its machine is about to be closed."""
        if thread.kernel_stack is not None:
            self._mm.kernel_stacks.delete(thread.kernel_stack)
            thread.kernel_stack = None

    def find(self, process_id: int) -> Process | None:
        """The process with an id; not one that is still being loaded."""
        return next((process for process in self.started_processes if process.id == process_id), None)

    def find_thread(self, thread_id: int) -> Thread | None:
        """The thread with an id, if it has not ended."""
        threads = (thread for process in self.started_processes for thread in process.threads)
        return next((thread for thread in threads if thread.id == thread_id and not thread.ended), None)

    def kill(self, process: Process, status: int = Status.UNSUCCESSFUL) -> None:
        """Marks a process as ended when the run itself stops; its threads never run again."""
        for thread in process.threads:
            thread.exit_status = status if not thread.ended else thread.exit_status
            thread.ended = True
        process.exit_status = status if not process.ended else process.exit_status
        process.ended = True
