"""`run_program`: one program from start to end, and the report of what its memory did."""

import subprocess
import threading
import time
from pathlib import Path

from ntmm.kernel.io.console import ConsoleFile, OutputLimit, OutputLimitReached
from ntmm.kernel.ke.bugcheck import Bugcheck
from ntmm.kernel.ke.scheduler import Deadlock
from ntmm.kernel.ke.trap import TimeLimitReached
from ntmm.kernel.ps import Process
from ntmm.loader.errors import LoaderError
from ntmm.loader.parameters import ProcessParameters
from ntmm.nt.profile import SystemProfile
from ntmm.pe.headers import PeHeaders
from ntmm.pe.malformed import MalformedImage
from ntmm.runner.errors import MACHINE_FAILURE_EXIT, UserError
from ntmm.runner.images import guest_path, open_program
from ntmm.runner.machine import ENVIRONMENT, Machine, default_architecture
from ntmm.runner.measure import make_report
from ntmm.runner.options import RunOptions, profile_for
from ntmm.runner.report import RunReport
from ntmm.trace import JsonLinesRecorder, Trace


def run_program(options: RunOptions) -> RunReport:
    """Runs a program to its end or to a limit. Raises UserError if it cannot be started or the machine fails."""
    started = time.monotonic()
    image, headers = open_program(options.program)
    profile = _profile(options, headers)
    trace = Trace()
    recorder = None if options.events is None else JsonLinesRecorder(options.events)
    if recorder is not None:
        trace.subscribe(recorder)
    try:
        machine = Machine(profile, Path.cwd(), options.overlay, trace)
        try:
            parameters = _parameters(options)
            try:
                process = machine.load(image, headers, parameters, _streams(options))
            except (LoaderError, MalformedImage) as error:
                raise UserError(f"{str(options.program)!r} cannot be run: {error}") from error
            stopped = _run(machine, process, options)
            return make_report(machine, process, options, stopped, time.monotonic() - started)
        except Bugcheck as error:
            raise UserError(str(error), MACHINE_FAILURE_EXIT) from error
        finally:
            machine.close()
    finally:
        image.close()
        if recorder is not None:
            recorder.close()


def _profile(options: RunOptions, headers: PeHeaders) -> SystemProfile:
    profile = profile_for(options.architecture, options.ram, default_architecture(headers))
    if headers.is_64 != (profile.architecture == "x64"):
        bits = 64 if headers.is_64 else 32
        raise UserError(f"a {bits}-bit program cannot run on a machine of architecture {profile.architecture}")
    return profile


def _parameters(options: RunOptions) -> ProcessParameters:
    path = guest_path(options.program, Path.cwd())
    command_line = subprocess.list2cmdline([path, *options.arguments])
    return ProcessParameters(path, command_line, "C:\\", dict(ENVIRONMENT))


def _streams(options: RunOptions) -> tuple[ConsoleFile, ConsoleFile, ConsoleFile]:
    limit = OutputLimit(options.output_limit)
    return (
        ConsoleFile(options.standard_input, True, limit),
        ConsoleFile(options.standard_output, False, limit),
        ConsoleFile(options.standard_error, False, limit),
    )


def _run(machine: Machine, process: Process, options: RunOptions) -> str | None:
    """Runs the machine until the process has ended; a sentence if a limit or a deadlock ended it first."""
    kernel = machine.kernel
    timer = None
    if options.time_limit is not None:
        timer = threading.Timer(options.time_limit, kernel.cpu.request_stop)
        timer.daemon = True
        timer.start()
    try:
        kernel.scheduler.run(lambda: process.ended)
    except (TimeLimitReached, OutputLimitReached, Deadlock) as stop:
        kernel.ps.kill(process)
        return str(stop)
    finally:
        if timer is not None:
            timer.cancel()
    return None
