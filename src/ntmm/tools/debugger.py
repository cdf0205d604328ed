"""The debugger: runs a machine until something stops it, and holds it there while commands look.

The machine runs in a greenlet of its own. A stop switches from the middle of a thread's trap to the greenlet that
called `go` and leaves everything as it is: the machine's threads and its scheduler go on from there at the next `go`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from greenlet import GreenletExit, getcurrent, greenlet

from ntmm.hw.cpu import Vector
from ntmm.kernel.io.console import OutputLimitReached
from ntmm.kernel.ke.bugcheck import Bugcheck
from ntmm.kernel.ke.scheduler import Deadlock
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.ps import Process, Thread
from ntmm.runner.machine import Machine
from ntmm.tools.breakpoints import Breakpoint, Breakpoints
from ntmm.tools.rows import CommandError, Widths
from ntmm.tools.stops import Reason, StopRow
from ntmm.tools.symbols import Symbols
from ntmm.tools.walk import TableWalk

_TRAP_FLAG: Final = 0x100
_DEBUGGER_PRIORITY: Final = 31


@dataclass(slots=True)
class _Step:
    """One instruction of a thread run with the trap flag set: for `t`, or to pass a breakpoint that was `lifted`."""

    lifted: Breakpoint | None
    is_wanted: bool


class _Planter(KernelThread):
    """Plants breakpoints before the program's first instruction: writing may wait for pages, so it needs a thread."""

    is_system = True

    def __init__(self, plant: Callable[[], None]) -> None:
        self.initialize(0, _DEBUGGER_PRIORITY)
        self._plant = plant

    def main(self) -> None:
        self._plant()


class Debugger:
    """Debugs all processes of one machine. It fills the machine's trap slots, so it must exist before the first run.

    All methods are to be called on one host thread. Close it before the machine.
    """

    def __init__(self, machine: Machine, program: Process) -> None:
        self.machine = machine
        self.kernel = machine.kernel
        self.program = program
        self.breakpoints = Breakpoints(self.kernel)
        self.symbols = Symbols(self.kernel)
        self.thread: Thread | None = None
        """The thread that stopped; None before the first stop and after the end."""
        self.is_finished = self.is_running = False
        self._steps: dict[Thread, _Step] = {}
        self._wants_step = self._steps_first = False
        self._machine_greenlet: greenlet | None = None
        self._prompt: greenlet | None = None
        self._stopped_at: greenlet | None = None
        traps = self.kernel.traps
        self._answer_fault, self._answer_call, self._answer_exception = (
            traps.page_fault,
            traps.system_call,
            traps.exception,
        )
        traps.page_fault, traps.system_call = self._page_fault, self._system_call
        traps.exception, traps.stopped = self._exception, self._break_in

    # commands

    @property
    def process(self) -> Process:
        """The process that commands mean where they name none."""
        return self.thread.process if self.thread is not None else self.program

    @property
    def widths(self) -> Widths:
        """How wide the machine's numbers are in text."""
        architecture = self.kernel.architecture
        return Widths(architecture.bits // 4, architecture.pte_size * 2)

    def byte(self, process: Process, address: int) -> int | None:
        """A byte of a process's memory as the program has it, without our int3; None where no page is in RAM."""
        hidden = self.breakpoints.hidden_byte(process, address)
        return hidden if hidden is not None else TableWalk(self.kernel, process.space.directory).byte(address)

    def go(self) -> StopRow:
        """Runs the machine until the next stop; raises CommandError when it has ended."""
        for step in self._steps.values():
            step.is_wanted = False
        return self._resume(wants_step=False)

    def step(self) -> StopRow:
        """Runs one instruction of the stopped thread; before the first stop, that of the thread that runs first."""
        return self._resume(wants_step=True)

    def _resume(self, wants_step: bool) -> StopRow:
        if self.is_finished:
            raise CommandError("the program has ended, so nothing can run")
        self._prompt, self._wants_step = getcurrent(), wants_step
        if self._machine_greenlet is None:
            self._machine_greenlet = self._stopped_at = greenlet(self._run_machine)
            if wants_step:
                self._steps_first = True
                self.kernel.cpu.request_stop()  # so that the first thread arrives at `_break_in` before it runs
        self._machine_greenlet.parent = self._prompt
        assert self._stopped_at is not None
        self.is_running = True
        try:
            stop: StopRow = self._stopped_at.switch()
        finally:
            self.is_running = False
            self.is_finished = self._machine_greenlet.dead
        return stop

    def close(self) -> None:
        """Leaves the machine where it is, never to run again."""
        if self._machine_greenlet is not None and not self._machine_greenlet.dead:
            self._machine_greenlet.parent = getcurrent()
            self._machine_greenlet.throw(GreenletExit)

    # the machine

    def _run_machine(self) -> StopRow:
        stop = self._run_to_the_end()
        self.thread = None
        return stop

    def _run_to_the_end(self) -> StopRow:
        kernel = self.kernel
        try:
            if self.breakpoints.has_work:
                kernel.scheduler.start(_Planter(self.breakpoints.apply))
            kernel.scheduler.run(lambda: self.program.ended)
        except (OutputLimitReached, Deadlock) as stop:
            return self._machine_stop(Reason.LIMIT, str(stop))
        except Bugcheck as error:
            return self._machine_stop(Reason.BUGCHECK, str(error))
        return self._machine_stop(Reason.ENDED, "")

    def _machine_stop(self, reason: Reason, text: str) -> StopRow:
        status = self.program.exit_status if reason is Reason.ENDED else None
        return StopRow(reason, self.program.id, None, None, "", None, None, None, status, text)

    def _stop(
        self, thread: Thread, reason: Reason, hit: Breakpoint | None = None, fault: tuple[int, int] | None = None
    ) -> None:
        """Hands over to the prompt, and prepares what it asked for when it lets the thread go on."""
        if hit is not None:
            hit.hits += 1
        address, error_code = fault or (None, None)
        pc = thread.context.pc
        stop = StopRow(
            reason,
            thread.process.id,
            thread.id,
            pc,
            self.symbols.nearest(thread.process, pc),
            hit.number if hit is not None else None,
            address,
            error_code,
            None,
            "",
        )
        self.thread, self._stopped_at = thread, getcurrent()
        assert self._prompt is not None
        self._prompt.switch(stop)
        wants_step = self._wants_step
        self.breakpoints.apply()
        self._begin_step(thread, wants_step)

    # steps

    def _begin_step(self, thread: Thread, is_wanted: bool) -> None:
        running = self._steps.get(thread)
        if running is not None:
            running.is_wanted = running.is_wanted or is_wanted
            return
        lifted = self.breakpoints.at(thread.process, thread.context.pc)
        if lifted is not None and lifted.is_planted:
            self.breakpoints.lift(lifted)
        else:
            lifted = None
        if lifted is not None or is_wanted:
            self._steps[thread] = _Step(lifted, is_wanted)
            self._set_trap_flag(thread, True)

    def _end_step(self, thread: Thread) -> bool:
        """Undoes `_begin_step`; True if the prompt waits for the thread to have stepped."""
        step = self._steps.pop(thread, None)
        if step is None:
            return False
        self._set_trap_flag(thread, False)
        if step.lifted is not None:
            self.breakpoints.plant(step.lifted)
        return step.is_wanted

    @staticmethod
    def _set_trap_flag(thread: Thread, is_set: bool) -> None:
        flags = thread.context.flags
        thread.context.flags = flags | _TRAP_FLAG if is_set else flags & ~_TRAP_FLAG

    # trap slots

    def _page_fault(self, thread: Thread, address: int, error_code: int) -> None:
        at_faults = self.breakpoints.at_faults
        if at_faults is not None:
            self._stop(thread, Reason.PAGE_FAULT, at_faults, (address, error_code))
        if thread not in self._steps:
            self._answer_fault(thread, address, error_code)
            return
        pc = thread.context.pc
        self._set_trap_flag(thread, False)  # an exception must not show the program our trap flag
        self._answer_fault(thread, address, error_code)
        if thread.context.pc == pc:
            self._set_trap_flag(thread, True)
        elif self._end_step(thread) and not thread.must_exit:
            self._stop(thread, Reason.STEP)

    def _system_call(self, thread: Thread) -> None:
        is_wanted = self._end_step(thread)
        self._answer_call(thread)
        if is_wanted and not thread.must_exit:
            self._stop(thread, Reason.STEP)

    def _exception(self, thread: Thread, vector: int) -> None:
        if vector == Vector.DEBUG and thread in self._steps:
            if self._end_step(thread):
                self._stop(thread, Reason.STEP)
            return
        pc = thread.context.pc
        hit = self.breakpoints.at(thread.process, pc - 1) if vector == Vector.BREAKPOINT else None
        if hit is not None and hit.is_planted:
            thread.context.pc = pc - 1
            self._end_step(thread)
            self._stop(thread, Reason.BREAKPOINT, hit)
            return
        is_wanted = self._end_step(thread)
        self._answer_exception(thread, vector)
        if is_wanted and not thread.must_exit:
            self._stop(thread, Reason.STEP)

    def _break_in(self, thread: Thread) -> None:
        if self._steps_first:
            self._steps_first = False
            self._begin_step(thread, is_wanted=True)
        else:
            self._stop(thread, Reason.BREAK_IN)
