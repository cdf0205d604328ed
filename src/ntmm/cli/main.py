"""The entry of the command: every error becomes one sentence and an exit code, never a traceback."""

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from ntmm.cli.app import app
from ntmm.cli.exit_codes import BROKEN_PIPE_EXIT, INTERRUPTED_EXIT
from ntmm.runner.errors import USER_ERROR_EXIT, UserError
from ntmm.runner.text import printable


def run_from_shell() -> NoReturn:
    """`ntmm` as installed."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Runs one command; returns the exit code. Bugs of ours still show their traceback."""
    try:
        code = _invoke(arguments)
    except UserError as error:
        code = _complain(error.sentence, error.exit_code)
    except TyperException as error:
        code = _complain(_sentence(error.format_message()), USER_ERROR_EXIT)
    except KeyboardInterrupt:
        code = INTERRUPTED_EXIT
    except BrokenPipeError:
        code = BROKEN_PIPE_EXIT
    except OSError as error:
        where = f"{error.filename!r}: " if error.filename is not None else ""
        code = _complain(f"{where}{_sentence(error.strerror or str(error))}", USER_ERROR_EXIT)
    _release_streams()
    return code


def _invoke(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    result = command.main(args=list(arguments), prog_name="ntmm", standalone_mode=False)
    return result if isinstance(result, int) else 0


def _sentence(message: str) -> str:
    """A library's message in our form: one line, lower case at the start, no full stop."""
    line = " ".join(message.split()).rstrip(".").replace(": Value error, ", ": ")
    return line[:1].lower() + line[1:]


def _complain(sentence: str, exit_code: int) -> int:
    with contextlib.suppress(OSError):  # nobody may be left to be told
        print(f"ntmm: {printable(sentence)}", file=sys.stderr, flush=True)
    return exit_code


def _release_streams() -> None:
    """Flushes what is left; a stream that nobody reads any more is let go, so that the interpreter's end is quiet."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
