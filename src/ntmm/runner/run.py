"""`run_program`: one program from start to end, and the report of what its memory did."""

import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ntmm.hw.cpu import Cpu
from ntmm.kernel.io.console import ConsoleFile, OutputLimit, OutputLimitReached
from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.bugcheck import Bugcheck
from ntmm.kernel.ke.scheduler import Deadlock
from ntmm.kernel.ke.trap import TimeLimitReached
from ntmm.kernel.ps import Process
from ntmm.loader.errors import LoaderError
from ntmm.loader.parameters import ProcessParameters
from ntmm.nt.profile import SystemProfile
from ntmm.pe.headers import PeHeaders
from ntmm.pe.malformed import MalformedImage
from ntmm.runner.check import check_books
from ntmm.runner.compile import compile_program
from ntmm.runner.errors import MACHINE_FAILURE_EXIT, UserError
from ntmm.runner.images import guest_path, open_program
from ntmm.runner.machine import ENVIRONMENT, Machine, default_architecture
from ntmm.runner.measure import make_report
from ntmm.runner.options import RunOptions, profile_for
from ntmm.runner.report import RunReport
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


def run_program(options: RunOptions) -> RunReport:
    """Runs a program to its end or to a limit. Raises UserError if it cannot be started or the machine fails.

    The machine lives on a host thread of its own, so that the main thread can watch the time and hear Ctrl-C.
    """
    switch = _StopSwitch()
    with ThreadPoolExecutor(1, "ntmm-machine") as pool:
        ending = pool.submit(_run_prepared, options, switch)
        try:
            wait([ending], options.time_limit)
        finally:  # the limit has passed, or Ctrl-C came
            while not ending.done():
                switch.press()
                wait([ending], _STOP_INTERVAL_SECONDS)
        return ending.result()


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A booted machine with the program loaded; `started` is the host's clock in seconds when that began."""

    machine: Machine
    process: Process
    started: float


@contextmanager
def prepared_run(options: RunOptions) -> Iterator[PreparedRun]:
    """What a run needs, ready to be run, and closed afterwards; a C source is compiled first. Raises UserError."""
    with ExitStack() as resources:
        program = options.program
        if program.suffix.lower() == ".c":
            folder = resources.enter_context(TemporaryDirectory(prefix="ntmm-"))
            program = compile_program(program, options.architecture, Path(folder))
        started = time.monotonic()
        image, headers = open_program(program)
        resources.callback(image.close)
        profile = _profile(options, headers)
        trace = Trace()
        if options.events is not None:
            recorder = resources.enter_context(JsonLinesRecorder(options.events))
            trace.subscribe(recorder)
        machine = _build_machine(options, profile, trace)
        resources.callback(machine.close)
        with _told(program):
            process = machine.load(image, headers, _parameters(options, program), _streams(options))
            yield PreparedRun(machine, process, started)


@contextmanager
def _told(program: Path) -> Iterator[None]:
    """What went wrong with the program or the machine, as one sentence."""
    try:
        yield
    except (LoaderError, MalformedImage) as error:
        raise UserError(f"{str(program)!r} cannot be run: {error}") from error
    except GuestFault as fault:
        raise UserError(f"{str(program)!r} cannot be run: its image is bad at {fault.address:#x}") from fault
    except Bugcheck as error:
        raise UserError(str(error), MACHINE_FAILURE_EXIT) from error


def _run_prepared(options: RunOptions, switch: _StopSwitch) -> RunReport:
    with prepared_run(options) as prepared:
        machine, process = prepared.machine, prepared.process
        switch.cpu = machine.kernel.cpu
        try:
            stopped = _run(machine, process)
        finally:
            switch.ended = True
        report = make_report(machine, process, options, stopped, time.monotonic() - prepared.started)
        if options.checking:
            check_books(machine, process)
        return report


def _build_machine(options: RunOptions, profile: SystemProfile, trace: Trace) -> Machine:
    try:
        return Machine(profile, Path.cwd(), options.overlay, trace, options.checking)
    except ValueError as error:
        raise UserError(str(error)) from error


def _profile(options: RunOptions, headers: PeHeaders) -> SystemProfile:
    profile = profile_for(options.architecture, options.ram, default_architecture(headers))
    if headers.is_64 != (profile.architecture == "x64"):
        bits = 64 if headers.is_64 else 32
        raise UserError(f"a {bits}-bit program cannot run on a machine of architecture {profile.architecture}")
    return profile


def _parameters(options: RunOptions, program: Path) -> ProcessParameters:
    path = guest_path(program, Path.cwd())
    command_line = subprocess.list2cmdline([path, *options.arguments])
    return ProcessParameters(path, command_line, "C:\\", dict(ENVIRONMENT))


def _streams(options: RunOptions) -> tuple[ConsoleFile, ConsoleFile, ConsoleFile]:
    limit = OutputLimit(options.output_limit)
    return (
        ConsoleFile(options.standard_input, True, limit),
        ConsoleFile(options.standard_output, False, limit),
        ConsoleFile(options.standard_error, False, limit),
    )


def _run(machine: Machine, process: Process) -> str | None:
    """Runs the machine until the process has ended; a sentence if a limit or a deadlock ended it first."""
    kernel = machine.kernel
    try:
        kernel.scheduler.run(lambda: process.ended)
    except (OutputLimitReached, Deadlock, TimeLimitReached) as stop:
        kernel.ps.kill(process)
        return str(stop)
    return None
