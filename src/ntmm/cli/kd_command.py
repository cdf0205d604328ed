"""`ntmm kd`: a debugger prompt on a run, or a script of its commands."""

import io
import sys
from dataclasses import replace
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
    Session,
    TimeLimit,
    User,
    Windows,
    paging_files_of,
    system_options,
)
from ntmm.cli.programs import program_lines
from ntmm.kernel.io.quota import DEFAULT_DISK
from ntmm.runner.checks import check_options
from ntmm.runner.options import (
    DEFAULT_RAM,
    ArchitectureChoice,
    ProcessorChoice,
    ReplacementChoice,
    RunOptions,
    WindowsChoice,
)
from ntmm.runner.streams import standard_error

Script = Annotated[
    str | None,
    typer.Option(
        "--script",
        metavar="COMMANDS|FILE",
        help="Carry out these commands, with ; between them, or those in this file, and end.",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object for each command; the program writes to standard error.")
]


def kd(
    program: Program,
    arguments: Arguments = None,
    script: Script = None,
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
    global_flag: GlobalFlag = 0,
    events: Events = None,
    overlay: Overlay = None,
    grant: Grant = None,
    time_limit: TimeLimit = None,
    output_limit: OutputLimit = None,
    disk: Disk = DEFAULT_DISK,
    leading_separator: LeadingSeparator = False,
) -> int:
    """Debug Windows programs and look into their memory manager: .help at the prompt lists the commands.

    The programs are loaded, and stopped before their first instruction. Without a terminal, commands are read from
    standard input. The exit code is 1 if a command of a script could not be carried out.
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
        global_flag=global_flag,
        with_symbols=True,
    )
    if json:
        options = replace(options, standard_output=standard_error())
    check_options(options)
    from ntmm.cli import kd_prompt, kd_script  # noqa: PLC0415 - as in run_command

    if script is not None:
        return kd_script.run(options, _script_lines(script), json)
    if sys.stdin is None or not sys.stdin.isatty():
        return kd_script.run(replace(options, standard_input=io.BytesIO()), sys.stdin or (), json)
    return kd_prompt.run(options, json)


def _script_lines(script: str) -> list[str]:
    """The lines of a file of this name, or the text itself."""
    path = Path(script)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):  # no file can have such a name
        is_file = False
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if is_file else script.splitlines()
