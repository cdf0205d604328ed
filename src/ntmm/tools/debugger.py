"""The debugger: runs a machine until something stops it, and holds it there while commands look.

The machine runs in a greenlet of its own. A stop switches from the middle of a thread's trap to the greenlet that
called `go` and leaves everything as it is: the machine's threads and its scheduler go on from there at the next `go`.
"""

from dataclasses import dataclass
from typing import Final

from greenlet import GreenletExit, getcurrent, greenlet

from ntmm.hw.cpu import FAULT_FETCH, Context, ExitReason
from ntmm.kernel.io.console import OutputLimitReached
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.bugcheck import Bugcheck
from ntmm.kernel.ke.scheduler import Deadlock
from ntmm.kernel.ps import Process, Thread
from ntmm.loader.errors import LoaderError
from ntmm.pe.malformed import MalformedImage
from ntmm.runner.machine import Machine
from ntmm.runner.session import SessionManager
from ntmm.tools.breakpoints import Breakpoint, Breakpoints
from ntmm.tools.entries import leaf_state
from ntmm.tools.rows import CommandError, Widths
from ntmm.tools.stops import Reason, StopRow
from ntmm.tools.symbols import Symbols
from ntmm.tools.walk import TableWalk

_LONGEST_INSTRUCTION: Final = 15


@dataclass(slots=True)
class _Step:
    """A step of `thread` from an instruction at `pc`; `over` is not None for `p`: the stack pointer a call began at.

    While a called function runs, `awaits_return` is true.
    """

    thread: Thread
    pc: int
    over: int | None = None
    awaits_return: bool = False


def _is_fetch(pc: int, address: int, error_code: int) -> bool:
    """True for a fault that came before the instruction began; 2-level tables do not say so in the error code."""
    return bool(error_code & FAULT_FETCH) or pc <= address < pc + _LONGEST_INSTRUCTION


class Debugger:
    """Debugs all processes of one machine. It fills the machine's trap slots, so it must exist before the first run.

    All methods are to be called on one host thread. Close it before the machine.
    """

    def __init__(self, machine: Machine, session: SessionManager) -> None:
        self.machine = machine
        self.kernel = machine.kernel
        self.session = session
        self.breakpoints = Breakpoints(self.kernel.cpu)
        self.symbols = Symbols(self.kernel)
        self.thread: Thread | None = None
        """The thread that stopped; None after the end."""
        self.is_finished = self.is_running = False
        self._step: _Step | None = None
        self._machine_greenlet = greenlet(self._run_machine)
        self._stopped_at: greenlet = self._machine_greenlet
        self._prompt: greenlet | None = None
        self._chosen: Process | None = None
        self.kernel.cpu.breakpoints.is_wanted = self._is_wanted
        traps = self.kernel.traps
        self._answer_fault = traps.page_fault
        traps.page_fault, traps.stopped = self._page_fault, self._stopped

    # commands

    @property
    def process(self) -> Process:
        """The process that commands mean where they name none; raises CommandError if none was loaded."""
        if self._chosen is not None:
            return self._chosen
        if self.thread is not None:
            return self.thread.process
        processes = self.session.processes
        if not processes:
            raise CommandError("no program was loaded")
        return next((process for process in processes if not process.space.deleted), processes[0])

    def choose(self, process: Process | None) -> None:
        """Has commands mean a process until the program runs on; None: that of the stopped thread again."""
        self._chosen = process

    @property
    def widths(self) -> Widths:
        """How wide the machine's numbers are in text."""
        architecture = self.kernel.architecture
        return Widths(architecture.bits // 4, architecture.pte_size * 2)

    def begin(self) -> StopRow:
        """Loads the programs and stops before the first instruction; raises UserError where one cannot be loaded."""
        return self._resume(stops_at_once=True)

    def go(self) -> StopRow:
        """Runs the machine until the next stop; raises CommandError when it has ended."""
        self._check_running()
        return self._resume()

    def step(self, over: bool = False) -> StopRow:
        """Runs one instruction of the stopped thread; with `over`, a function that it calls as well."""
        self._check_running()
        thread = self.thread
        assert thread is not None
        context = thread.context
        self._step = _Step(thread, context.pc, context.sp if over else None)
        self.kernel.cpu.breakpoints.step(context)
        return self._resume()

    def _check_running(self) -> None:
        if self.is_finished:
            raise CommandError("the program has ended, so nothing can run")

    def _resume(self, stops_at_once: bool = False) -> StopRow:
        self._prompt = self._machine_greenlet.parent = getcurrent()
        self._chosen = None
        self.kernel.cpu.cancel_stop()  # one that came too late for the last stop
        if stops_at_once:
            self.kernel.cpu.request_stop()
        self.is_running = True
        try:
            stop: StopRow = self._stopped_at.switch()
        finally:
            self.is_running = False
            self.is_finished = self._machine_greenlet.dead
            self._end_step()
            self.breakpoints.forget_ended()
        return stop

    def _end_step(self) -> None:
        self._step = None
        self.kernel.cpu.breakpoints.step(None)
        self.breakpoints.drop_own()

    def close(self) -> None:
        """Leaves the machine where it is, never to run again."""
        if not self._machine_greenlet.dead:
            self._machine_greenlet.parent = getcurrent()
            self._machine_greenlet.throw(GreenletExit)

    # the machine

    def _run_machine(self) -> StopRow:
        stop = self._run_to_the_end()
        self.thread = None
        return stop

    def _run_to_the_end(self) -> StopRow:
        scheduler, session = self.kernel.scheduler, self.session
        try:
            scheduler.start(session)
            scheduler.run(lambda: session.ended)
        except (OutputLimitReached, Deadlock) as stop:
            return self._machine_stop(Reason.LIMIT, str(stop))
        except (LoaderError, MalformedImage) as error:
            return self._machine_stop(Reason.LIMIT, f"the program cannot go on: {error}")
        except GuestFault as fault:
            return self._machine_stop(
                Reason.LIMIT, f"the program cannot go on: its memory is bad at {fault.address:#x}"
            )
        except Bugcheck as error:
            return self._machine_stop(Reason.BUGCHECK, str(error))
        return self._machine_stop(Reason.ENDED, "")

    def _machine_stop(self, reason: Reason, text: str) -> StopRow:
        processes = self.session.processes
        failed = (process.exit_status for process in processes if process.exit_status)
        status = next(failed, 0) if reason is Reason.ENDED else None
        number = processes[0].id if processes else None
        return StopRow(reason, number, None, None, "", None, None, None, None, status, text)

    def _stop(
        self, thread: Thread, reason: Reason, hit: Breakpoint | None = None, fault: tuple[int, int] | None = None
    ) -> None:
        """Hands over to the prompt; returns when it lets the machine go on."""
        if hit is not None:
            hit.hits += 1
        address, error_code = fault or (None, None)
        state = leaf_state(self.kernel, thread.process, address) if address is not None else None
        pc = thread.context.pc
        symbol = self.symbols.nearest(thread.process, pc)
        number = hit.number if hit is not None else None
        stop = StopRow(reason, thread.process.id, thread.id, pc, symbol, number, address, error_code, state, None, "")
        self.thread, self._stopped_at = thread, getcurrent()
        assert self._prompt is not None
        self._prompt.switch(stop)

    # slots of the machine

    def _is_wanted(self, context: Context, address: int) -> bool:
        """Called inside the engine: whether the running thread stops at a breakpoint's address."""
        thread = self.kernel.scheduler.current
        return isinstance(thread, Thread) and self.breakpoints.is_wanted(thread.process, address)

    def _page_fault(self, thread: Thread, address: int, error_code: int) -> None:
        at_faults = self.breakpoints.at_faults
        if at_faults is not None:
            self._stop(thread, Reason.PAGE_FAULT, at_faults, (address, error_code))
        pc = thread.context.pc
        self._answer_fault(thread, address, error_code)
        if thread.context.pc == pc and (self._begins_at(thread, pc) or not _is_fetch(pc, address, error_code)):
            self._pass_over(thread)  # the instruction had begun, and is tried again

    def _begins_at(self, thread: Thread, pc: int) -> bool:
        return self._step is not None and self._step.thread is thread and self._step.pc == pc

    def _pass_over(self, thread: Thread) -> None:
        """Lets a thread's next instruction run, although it may have a breakpoint."""
        stepping = self._step is not None and self._step.thread is thread and not self._step.awaits_return
        if stepping or self.breakpoints.is_wanted(thread.process, thread.context.pc):
            self.kernel.cpu.breakpoints.pass_over(thread.context)

    def _stopped(self, thread: Thread, reason: ExitReason) -> None:
        if reason is not ExitReason.BREAKPOINT:
            self._stop(thread, Reason.BREAK_IN)
        else:
            self._reach(thread)
        self._pass_over(thread)

    def _reach(self, thread: Thread) -> None:
        """A breakpoint, the next instruction of a step, or the return from a call that is stepped over."""
        step = self._step
        hit = self.breakpoints.at(thread.process, thread.context.pc)
        if hit is not None:
            self._stop(thread, Reason.BREAKPOINT, hit)
        elif step is not None and step.thread is thread and self._is_over(step):
            self._stop(thread, Reason.STEP)

    def _is_over(self, step: _Step) -> bool:
        """False while a called function runs that is to be stepped over."""
        context = step.thread.context
        if step.over is None:
            return True
        if step.awaits_return:
            return context.sp >= step.over
        returns_to = self._return_address(step)
        if returns_to is None:
            return True
        step.awaits_return = True
        self.kernel.cpu.breakpoints.step(None)
        self.breakpoints.stop_once(step.thread.process, returns_to)
        return False

    def _return_address(self, step: _Step) -> int | None:
        """Where a call that was just made returns to; None if the instruction was another."""
        size, context = self.kernel.architecture.pointer_size, step.thread.context
        if step.over is None or context.sp != step.over - size:
            return None
        walk = TableWalk(self.kernel, step.thread.process.space.directory)
        found = walk.word(context.sp, size)
        return found if found is not None and step.pc < found <= step.pc + _LONGEST_INSTRUCTION else None
