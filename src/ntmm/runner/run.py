"""`run_program`: programs from start to end on one machine, and the report of what their memory did."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ntmm.hw.cpu import Cpu
from ntmm.kernel.io.console import ConsoleFile, OutputLimit, OutputLimitReached
from ntmm.kernel.io.image import HostImage
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.bugcheck import Bugcheck
from ntmm.kernel.ke.scheduler import Deadlock
from ntmm.kernel.ke.trap import TimeLimitReached
from ntmm.kernel.ps import Thread
from ntmm.kernel.se.accounts import DEFAULT_USER_NAME
from ntmm.loader.errors import LoaderError
from ntmm.loader.parameters import ProcessParameters
from ntmm.nt.profile import SystemProfile
from ntmm.pe.headers import PeHeaders
from ntmm.pe.malformed import MalformedImage
from ntmm.runner.check import check_books
from ntmm.runner.compile import compile_program
from ntmm.runner.errors import MACHINE_FAILURE_EXIT, UserError
from ntmm.runner.images import guest_path, open_program
from ntmm.runner.machine import Machine, default_architecture, environment
from ntmm.runner.measure import make_report
from ntmm.runner.options import ProgramLine, RunOptions
from ntmm.runner.report import RunReport
from ntmm.runner.session import Program, SessionManager
from ntmm.runner.timeline import start_timeline
from ntmm.trace import JsonLinesRecorder, Trace

_STOP_INTERVAL_SECONDS: Final = 0.05
"""How often a machine that does not end is asked again: it may have been deep in the kernel."""


class _StopSwitch:
    """Stops the machine from another host thread, also one that is still being built."""

    def __init__(self) -> None:
        self.cpu: Cpu | None = None
        self.ended = False

    def press(self) -> None:
        """Asks the machine to stop; it does so at its next entry into the CPU or sooner."""
        if self.cpu is not None and not self.ended:
            self.cpu.request_stop()


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A booted machine and the session that is to run on it; `started` is the host's clock in seconds when it began."""

    machine: Machine
    session: SessionManager
    started: float


@contextmanager
def prepared_run(options: RunOptions) -> Iterator[PreparedRun]:
    """What a run needs, ready to begin, and closed afterwards; C sources are compiled first. Raises UserError."""
    with ExitStack() as resources:
        paths = [line.program for line in options.programs]
        if any(_is_source(path) for path in paths):
            folder = resources.enter_context(TemporaryDirectory(prefix="ntmm-"))
            paths = _compiled(options, Path(folder))
        started = time.monotonic()
        images = [_open(path, resources) for path in paths]
        profile = _profile(options, paths, [headers for _, headers in images])
        trace = Trace()
        if options.events is not None:
            trace.subscribe(resources.enter_context(JsonLinesRecorder(options.events)))
        machine = _build_machine(options, profile, trace)
        resources.callback(machine.close)
        session = SessionManager(machine, _programs(options, profile, paths, images))
        yield PreparedRun(machine, session, started)


def run_program(options: RunOptions, prepare: Callable[[PreparedRun], None] = lambda prepared: None) -> RunReport:
    """Runs programs to their end or to a limit. Raises UserError if it cannot be started or the machine fails.

    `prepare` is called before the programs are loaded, on the machine's thread.

    The machine lives on a host thread of its own, so that the main thread can watch the time and hear Ctrl-C.
    """
    switch = _StopSwitch()
    with ThreadPoolExecutor(1, "ntmm-machine") as pool:
        ending = pool.submit(_run_prepared, options, switch, prepare)
        try:
            wait([ending], options.time_limit)
        finally:  # the limit has passed, or Ctrl-C came
            while not ending.done():
                switch.press()
                wait([ending], _STOP_INTERVAL_SECONDS)
        return ending.result()


def _run_prepared(options: RunOptions, switch: _StopSwitch, prepare: Callable[[PreparedRun], None]) -> RunReport:
    with prepared_run(options) as prepared:
        prepare(prepared)
        machine, session = prepared.machine, prepared.session
        switch.cpu = machine.kernel.cpu
        try:
            with timeline_of(options, machine, session):
                stopped = _run(machine, session)
        finally:
            switch.ended = True
        if not machine.kernel.shut_down():
            stopped = stopped or "the host refused data that a program had written to a cached or mapped file"
        report = make_report(machine, session.measured(), stopped, time.monotonic() - prepared.started)
        if options.checking:
            check_books(machine)
            report = replace(report, audit_findings=0)
        return report


def _is_source(program: Path) -> bool:
    return program.suffix.lower() == ".c"


def _compiled(options: RunOptions, folder: Path) -> list[Path]:
    """The program files to run, in order; C sources are compiled, each of them once."""
    built: dict[Path, Path] = {}
    for line in options.programs:
        if _is_source(line.program) and line.program not in built:
            place = folder / str(len(built))
            place.mkdir()
            built[line.program] = compile_program(
                line.program, options.architecture, place, with_symbols=options.with_symbols
            )
    return [built.get(line.program, line.program) for line in options.programs]


def timeline_of(options: RunOptions, machine: Machine, session: SessionManager) -> AbstractContextManager[None]:
    """The time line of a run while it lasts, where one is asked for."""
    if options.timeline is None:
        return nullcontext()
    return start_timeline(machine, session, options.timeline, options.timeline_interval)


def _open(path: Path, resources: ExitStack) -> tuple[HostImage, PeHeaders]:
    image, headers = open_program(path)
    resources.callback(image.close)
    return image, headers


def _build_machine(options: RunOptions, profile: SystemProfile, trace: Trace) -> Machine:
    try:
        return Machine(
            profile,
            Path.cwd(),
            options.overlay,
            trace,
            options.checking,
            options.granted,
            options.disk,
            options.system.ram_disk,
        )
    except ValueError as error:
        raise UserError(str(error)) from error


def _profile(options: RunOptions, paths: Sequence[Path], headers: Sequence[PeHeaders]) -> SystemProfile:
    """The machine that all programs fit; raises UserError where there is none."""
    profile = options.profile(default_architecture(headers))
    for path, each in zip(paths, headers, strict=True):
        if each.is_64 and profile.architecture != "x64":
            name = profile.architecture
            raise UserError(f"{str(path)!r} is a 64-bit program, which cannot run on a machine of architecture {name}")
    return profile


def _programs(
    options: RunOptions, profile: SystemProfile, paths: Sequence[Path], images: Sequence[tuple[HostImage, PeHeaders]]
) -> list[Program]:
    limit = OutputLimit(options.output_limit)
    return [
        Program(
            path=str(path),
            name=line.program.name,
            image=image,
            headers=headers,
            parameters=_parameters(line, path, profile),
            streams=_streams(options, limit),
            user=line.user,
            session=line.session,
        )
        for line, path, (image, headers) in zip(options.programs, paths, images, strict=True)
    ]


def _parameters(line: ProgramLine, program: Path, profile: SystemProfile) -> ProcessParameters:
    path = guest_path(program, Path.cwd())
    command_line = subprocess.list2cmdline([path, *line.arguments])
    return ProcessParameters(path, command_line, "C:\\", environment(profile, line.user or DEFAULT_USER_NAME))


def _streams(options: RunOptions, limit: OutputLimit) -> tuple[ConsoleFile, ConsoleFile, ConsoleFile]:
    """One process's own files over the streams that all processes share."""
    return (
        ConsoleFile(options.standard_input, True, limit),
        ConsoleFile(options.standard_output, False, limit),
        ConsoleFile(options.standard_error, False, limit),
    )


def _run(machine: Machine, session: SessionManager) -> str | None:
    """Runs the machine until all processes have ended; a sentence if a limit or a deadlock ended it first."""
    kernel = machine.kernel
    try:
        kernel.scheduler.start(session)
        kernel.scheduler.run(lambda: session.ended)
    except (OutputLimitReached, Deadlock, TimeLimitReached) as stop:
        for process in list(kernel.ps.processes):
            kernel.ps.kill(process)
        return str(stop)
    except (LoaderError, MalformedImage) as error:
        raise UserError(f"{_running(machine)} cannot go on: {error}") from error
    except GuestFault as fault:
        raise UserError(f"{_running(machine)} cannot go on: its memory is bad at {fault.address:#x}") from fault
    except Bugcheck as error:
        raise UserError(str(error), MACHINE_FAILURE_EXIT) from error
    return None


def _running(machine: Machine) -> str:
    thread = machine.kernel.scheduler.current
    return repr(thread.process.name) if isinstance(thread, Thread) else "a program"
