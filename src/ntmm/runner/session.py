"""The Session Manager's part (smss.exe): it starts the programs of a run and returns the memory of those that end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.io.console import ConsoleFile
from ntmm.kernel.io.image import ImageBacking
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.ob import Event
from ntmm.kernel.ps import Process
from ntmm.kernel.ps.manager import SYSTEM_PROCESS_ID
from ntmm.loader.errors import LoaderError
from ntmm.loader.parameters import ProcessParameters
from ntmm.pe.headers import PeHeaders
from ntmm.pe.malformed import MalformedImage
from ntmm.runner.errors import UserError
from ntmm.runner.machine import Machine
from ntmm.runner.measure_process import MeasuredProcess, measure_process

SESSION_THREAD_ID: Final = 0
"""It belongs to no process of the machine, so events during loading name no thread."""

SESSION_PRIORITY: Final = 11
"""Above programs', as smss.exe has it: memory is returned at once, however busy they are."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program ready to be loaded: `path` and `name` are the host's, for messages and the report."""

    path: str
    name: str
    image: ImageBacking
    headers: PeHeaders
    parameters: ProcessParameters
    streams: tuple[ConsoleFile, ConsoleFile, ConsoleFile]
    user: str = ""
    session: int = 0


class SessionManager(KernelThread):
    """Loads all programs in order, then returns the memory of each process that ends while others run on.

    It is a thread, so that loading may wait for paging. The run lasts as long as it does, which is why it is no system
    thread: before the first program is loaded there would be nothing to run for. Processes that programs create belong
    to the run as well.
    """

    is_system = False

    def __init__(self, machine: Machine, programs: Sequence[Program]) -> None:
        self.initialize(SESSION_THREAD_ID, SESSION_PRIORITY)
        self._machine = machine
        self._programs = programs
        self._measured: dict[int, MeasuredProcess] = {}
        self._is_returning_memory = False
        self._changed = Event(machine.kernel.scheduler, manual_reset=False, signalled=False)
        machine.kernel.ps.process_started = self._note_child
        machine.kernel.ps.process_changed = lambda process: self._wake()
        self.processes: list[Process] = []
        """Those of the command line that are loaded so far, in the order of the programs."""
        self.children: list[Process] = []
        """Those that programs have created, in the order in which they began."""
        self.measuring: Callable[[Process], None] = lambda process: None
        """Slot: told of each process that has ended or was stopped, once, while its memory is still there."""

    def main(self) -> None:
        """Raises UserError where a program cannot be loaded."""
        for program in self._programs:
            self.processes.append(self._load(program))
        while self._some_run():  # the last one's memory stays for the report and the audit
            self._machine.kernel.scheduler.wait(self, (self._changed,))
            self._return_what_is_unused()

    def _note_child(self, process: Process) -> None:
        if process.parent_id != SYSTEM_PROCESS_ID:
            self.children.append(process)

    def _wake(self) -> None:
        self._changed.set()

    def _some_run(self) -> bool:
        return any(not process.ended for process in self._everyone)

    @property
    def _everyone(self) -> list[Process]:
        return [*self.processes, *self.children]

    def _return_what_is_unused(self) -> None:
        """Returns the memory of processes that have ended, once nobody works in it."""
        for process in self._everyone:
            if process.may_return_memory and self._some_run():
                self._is_returning_memory = True
                self._measured[process.id] = self._measure(process)
                self._machine.kernel.ps.delete_process(process)
                self._is_returning_memory = False

    def _load(self, program: Program) -> Process:
        what = f"{program.path!r} cannot be run"
        try:
            return self._machine.load(
                program.image,
                program.headers,
                program.parameters,
                program.streams,
                program.user,
                program.session,
            )
        except (LoaderError, MalformedImage) as error:
            raise UserError(f"{what}: {error}") from error
        except GuestFault as fault:
            raise UserError(f"{what}: its image is bad at {fault.address:#x}") from fault

    def _measure(self, process: Process) -> MeasuredProcess:
        self.measuring(process)
        own = process in self.processes
        name = self._programs[self.processes.index(process)].name if own else process.name
        return measure_process(self._machine, process, name)

    @property
    def program_names(self) -> list[str]:
        """The names of all programs of the command line, in order."""
        return [program.name for program in self._programs]

    @property
    def ended(self) -> bool:
        """All programs were loaded, all processes have ended, and none is half deleted."""
        if self._is_returning_memory:
            return False
        return len(self.processes) == len(self._programs) and not self._some_run()

    def measured(self) -> list[MeasuredProcess]:
        """The figures of every process, programs first, then in order of creation; asked for when the run is over."""
        return [self._measured.get(process.id) or self._measure(process) for process in self._everyone]
