"""`ntmm info`: layout and limits of the simulated machine."""

import sys
from typing import Annotated

import typer

from ntmm.cli.groups import MachineGroup

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def info(json: AsJson = False, *, machine: MachineGroup) -> int:
    """Print the layout and the limits of the simulated machine."""
    profile = machine.profile()
    from ntmm.runner.info import machine_rows  # noqa: PLC0415 - as in run_command
    from ntmm.runner.render import print_rows, rows_to_json  # noqa: PLC0415

    rows = machine_rows(profile)
    if json:
        print(rows_to_json(rows))
    else:
        print_rows(rows, sys.stdout)
    return 0
