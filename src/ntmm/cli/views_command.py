"""`ntmm views`: what each process has in memory."""

import sys
from dataclasses import replace
from typing import Annotated

import typer

from ntmm.cli.arguments import Arguments, Program
from ntmm.cli.exit_codes import host_exit_code
from ntmm.cli.groups import RunGroup
from ntmm.runner.checks import check_options
from ntmm.runner.errors import STOPPED_EXIT, UserError
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
    *,
    run: RunGroup,
) -> int:
    """Run Windows programs and show what each process had mapped: its figures, files and DLLs, memory by type.

    Each process is looked at when it has ended, just before its memory is returned, or all of them at the time --at.
    The exit code is that of `ntmm run`.
    """
    options = run.options(program, arguments)
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
