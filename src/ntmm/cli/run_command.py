"""`ntmm run`: the programs' own output, then the report."""

import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ntmm.cli.arguments import Arguments, Program, ReportFormat
from ntmm.cli.exit_codes import host_exit_code
from ntmm.cli.groups import RunGroup
from ntmm.runner.checks import check_options
from ntmm.runner.errors import STOPPED_EXIT, UserError
from ntmm.runner.options import DEFAULT_TIMELINE_INTERVAL
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
    report: Report = ReportFormat.TEXT,
    timeline: Timeline = None,
    timeline_interval: TimelineInterval = None,
    check: Check = False,
    *,
    group: RunGroup,
) -> int:
    """Run Windows programs on one machine with the current folder as its C: drive.

    `--and` among the arguments begins another program: `ntmm run a.exe 1 --and b.exe 2`. The exit code is that of the
    first program that did not end with 0.
    """
    if timeline_interval is not None and timeline is None:
        raise UserError("--timeline-interval needs --timeline")
    options = replace(
        group.options(program, arguments),
        checking=check,
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
