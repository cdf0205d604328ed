"""`ntmm info`: layout and limits of the simulated machine."""

import sys
from typing import Annotated

import typer

from ntmm.cli.arguments import (
    Arch,
    Boot,
    BootIni,
    Edition,
    PagingFiles,
    ProcessorKind,
    Processors,
    Ram,
    RamDisk,
    RegistryValues,
    Replacement,
    Windows,
    paging_files_of,
    system_options,
)
from ntmm.runner.options import (
    DEFAULT_RAM,
    ArchitectureChoice,
    ProcessorChoice,
    ReplacementChoice,
    WindowsChoice,
    profile_for,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def info(
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
    json: AsJson = False,
) -> int:
    """Print the layout and the limits of the simulated machine."""
    profile = profile_for(
        arch,
        ram,
        windows=windows,
        replacement=replacement,
        processors=processors,
        paging_files=paging_files_of(pagefile),
        system=system_options(edition, cpu, boot, boot_ini, registry, ram_disk),
    )
    from ntmm.runner.info import machine_rows  # noqa: PLC0415 - as in run_command
    from ntmm.runner.render import print_rows, rows_to_json  # noqa: PLC0415

    rows = machine_rows(profile)
    if json:
        print(rows_to_json(rows))
    else:
        print_rows(rows, sys.stdout)
    return 0
