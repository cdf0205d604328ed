"""`ntmm run`: the programs' own output, then the report."""

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from ntmm.cli.arguments import (
    Arch,
    Arguments,
    Boot,
    BootIni,
    Disk,
    Edition,
    Events,
    GlobalFlag,
    Grant,
    LeadingSeparator,
    OutputLimit,
    Overlay,
    PagingFiles,
    ProcessorKind,
    Processors,
    Program,
    Ram,
    RamDisk,
    RegistryValues,
    Replacement,
    ReportFormat,
    Session,
    TimeLimit,
    User,
    Windows,
    paging_files_of,
    system_options,
)
from ntmm.cli.exit_codes import host_exit_code
from ntmm.cli.programs import program_lines
from ntmm.kernel.io.quota import DEFAULT_DISK
from ntmm.runner.checks import check_options
from ntmm.runner.errors import STOPPED_EXIT, UserError
from ntmm.runner.options import (
    DEFAULT_RAM,
    DEFAULT_TIMELINE_INTERVAL,
    ArchitectureChoice,
    ProcessorChoice,
    ReplacementChoice,
    RunOptions,
    WindowsChoice,
)
from ntmm.runner.report import RunReport

Report = Annotated[ReportFormat, typer.Option("--report", help="The report on standard error.")]
Check = Annotated[bool, typer.Option("--check", help="Audit the memory manager's books after the run.")]
Timeline = Annotated[
    Path | None,
    typer.Option("--timeline", metavar="FILE", help="Record the sizes of the page lists: CSV, or lines of JSON."),
]
TimelineInterval = Annotated[
    int | None,
    typer.Option(
        "--timeline-interval",
        metavar="MS",
        min=1,
        show_default=str(DEFAULT_TIMELINE_INTERVAL),
        help="Virtual time between two rows of the time line.",
    ),
]


def run(
    program: Program,
    arguments: Arguments = None,
    ram: Ram = DEFAULT_RAM,
    arch: Arch = ArchitectureChoice.AUTO,
    windows: Windows = WindowsChoice.AUTO,
    edition: Edition = "auto",
    cpu: ProcessorKind = ProcessorChoice.AUTO,
    boot: Boot = "",
    boot_ini: BootIni = None,
    registry: RegistryValues = None,
    ram_disk: RamDisk = "",
    processors: Processors = 1,
    replacement: Replacement = ReplacementChoice.AUTO,
    pagefile: PagingFiles = None,
    global_flag: GlobalFlag = 0,
    report: Report = ReportFormat.TEXT,
    user: User = "",
    session: Session = 0,
    events: Events = None,
    timeline: Timeline = None,
    timeline_interval: TimelineInterval = None,
    overlay: Overlay = None,
    grant: Grant = None,
    time_limit: TimeLimit = None,
    output_limit: OutputLimit = None,
    disk: Disk = DEFAULT_DISK,
    check: Check = False,
    leading_separator: LeadingSeparator = False,
) -> int:
    """Run Windows programs on one machine with the current folder as its C: drive.

    `--and` among the arguments begins another program: `ntmm run a.exe 1 --and b.exe 2`. The exit code is that of the
    first program that did not end with 0.
    """
    if timeline_interval is not None and timeline is None:
        raise UserError("--timeline-interval needs --timeline")
    first, *others = program_lines(program, arguments or ())
    options = RunOptions(
        program=first.program,
        arguments=first.arguments,
        others=tuple(others),
        ram=ram,
        architecture=arch,
        overlay=overlay,
        time_limit=time_limit,
        output_limit=output_limit,
        disk=disk,
        events=events,
        checking=check,
        windows=windows,
        replacement=replacement,
        processors=processors,
        paging_files=paging_files_of(pagefile),
        system=system_options(edition, cpu, boot, boot_ini, registry, ram_disk),
        user=user,
        session=session,
        granted=tuple(grant or ()),
        global_flag=global_flag,
        timeline=timeline,
        timeline_interval=timeline_interval or DEFAULT_TIMELINE_INTERVAL,
    )
    check_options(options)
    from ntmm.runner.run import run_program  # noqa: PLC0415 - brings in the whole machine; --help must not wait for it

    result = run_program(options)
    with contextlib.suppress(BrokenPipeError):
        _show(result, report)
    if result.stopped is not None:
        raise UserError(result.stopped, STOPPED_EXIT)
    return host_exit_code(result.ending_status)


def _show(result: RunReport, form: ReportFormat) -> None:
    """Writes the report, beginning a line of its own after whatever the program wrote."""
    if form is ReportFormat.NONE or sys.stderr is None:
        return
    from ntmm.runner.render import print_report, report_to_json  # noqa: PLC0415 - rich is slow to import

    if form is ReportFormat.JSON:
        print("\n" + report_to_json(result), file=sys.stderr, flush=True)
    else:
        print_report(result, sys.stderr)
