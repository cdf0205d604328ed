"""Commands of the debugger from a script or from standard input."""

import sys
from collections.abc import Iterable

from ntmm.cli.exit_codes import INTERRUPTED_EXIT
from ntmm.cli.kd_output import PROMPT, show
from ntmm.runner.errors import MACHINE_FAILURE_EXIT, STOPPED_EXIT, UserError
from ntmm.runner.options import RunOptions
from ntmm.runner.text import printable
from ntmm.tools.session import DebugSession
from ntmm.tools.shell import is_quit, split_line
from ntmm.tools.stops import Reason, StopRow

FAILED_EXIT = 1
"""Exit code when a command could not be carried out; those behind it were."""


def run(options: RunOptions, lines: Iterable[str], json: bool) -> int:
    """Carries out commands to the end or `q`; answers the exit code. Raises UserError, also at the time limit."""
    with DebugSession(options) as session:
        show(session.first, session.widths, json)
        code = 0
        for command in (command for line in lines for command in split_line(line)):
            if is_quit(command):
                break
            if not json:
                print(f"{PROMPT}{printable(command)}", flush=True)
            result = session.execute(command)
            show(result, session.widths, json)
            if result.error is not None and code == 0:
                code = FAILED_EXIT
            if any(isinstance(row, StopRow) and row.reason == Reason.BUGCHECK for row in result.rows):
                code = MACHINE_FAILURE_EXIT
            if session.is_interrupted:
                return INTERRUPTED_EXIT
            if session.is_out_of_time:
                raise UserError("the time limit was reached before the commands were done (--time-limit)", STOPPED_EXIT)
        sys.stdout.flush()
        return code
