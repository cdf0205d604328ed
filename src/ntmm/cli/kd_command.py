"""`ntmm kd`: a debugger prompt on a run, or a script of its commands."""

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ntmm.cli.arguments import Arguments, Program
from ntmm.cli.groups import RunGroup
from ntmm.runner.checks import check_options
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
    program: Program, arguments: Arguments = None, script: Script = None, json: AsJson = False, *, run: RunGroup
) -> int:
    """Debug Windows programs and look into their memory manager: .help at the prompt lists the commands.

    The programs are loaded, and stopped before their first instruction. Without a terminal, commands are read from
    standard input. The exit code is 1 if a command of a script could not be carried out.
    """
    options = replace(run.options(program, arguments), with_symbols=True)
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
