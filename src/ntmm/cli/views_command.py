"""`ntmm views`: what each process has in memory."""

import sys
from dataclasses import replace
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
    ArchitectureChoice,
    ProcessorChoice,
    ReplacementChoice,
    RunOptions,
    WindowsChoice,
)
from ntmm.runner.streams import standard_error

At = Annotated[
    int | None,
    typer.Option(
        "--at",
        metavar="MS",
        min=0,
        help="Look after so many milliseconds of virtual time, not when each process ends; the programs run on.",
    ),
]
Regions = Annotated[bool, typer.Option("--regions", help="Show every region too; JSON always has them.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object; the program writes to standard error.")]


def views(
    program: Program,
    arguments: Arguments = None,
    at: At = None,
    regions: Regions = False,
    json: AsJson = False,
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
    user: User = "",
    session: Session = 0,
    events: Events = None,
    overlay: Overlay = None,
    grant: Grant = None,
    time_limit: TimeLimit = None,
    output_limit: OutputLimit = None,
    disk: Disk = DEFAULT_DISK,
    leading_separator: LeadingSeparator = False,
) -> int:
    """Run Windows programs and show what each process had mapped: its figures, files and DLLs, memory by type.

    Each process is looked at when it has ended, just before its memory is returned, or all of them at the time --at.
    The exit code is that of `ntmm run`.
    """
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
        windows=windows,
        replacement=replacement,
        processors=processors,
        paging_files=paging_files_of(pagefile),
        system=system_options(edition, cpu, boot, boot_ini, registry, ram_disk),
        user=user,
        session=session,
        granted=tuple(grant or ()),
    )
    if json:
        options = replace(options, standard_output=standard_error())
    check_options(options)
    from ntmm.tools.views.render import views_to_json, views_to_text  # noqa: PLC0415 - as in run_command
    from ntmm.tools.views.snapshot import run_and_view  # noqa: PLC0415 - as in run_command

    taken = run_and_view(options, at)
    if sys.stdout is not None:
        print(views_to_json(taken) if json else views_to_text(taken, regions), flush=True)
    if taken.report.stopped is not None:
        raise UserError(taken.report.stopped, STOPPED_EXIT)
    return host_exit_code(taken.report.ending_status)
