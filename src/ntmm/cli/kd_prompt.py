"""The debugger's prompt: line editing, history, completion."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from ntmm.cli.kd_output import PROMPT, complain, show
from ntmm.runner.options import RunOptions
from ntmm.tools import shell
from ntmm.tools.session import DebugSession

_HISTORY = "kd_history"


def run(options: RunOptions, json: bool) -> int:
    """Reads commands until `q` or the end of input; raises UserError if the program cannot be loaded."""
    with DebugSession(options) as session:
        prompt: PromptSession[str] = PromptSession(
            history=_history(), completer=_Completer(session), complete_while_typing=False
        )
        show(session.first, session.widths, json)
        last = ""
        for line in _lines(prompt):
            commands = shell.split_line(line) or shell.split_line(last if not line.strip() else "")
            last = line if line.strip() else last
            for command in commands:
                if shell.is_quit(command):
                    return 0
                _carry_out(session, command, json)
    return 0


def _lines(prompt: PromptSession[str]) -> Iterator[str]:
    """Lines as they are typed; Ctrl-C drops the line, and the end of input ends them."""
    while True:
        try:
            yield prompt.prompt(PROMPT)
        except KeyboardInterrupt:
            continue
        except EOFError:
            return


def _carry_out(session: DebugSession, command: str, json: bool) -> None:
    show(session.execute(command), session.widths, json)
    if session.is_out_of_time:
        complain("the time limit was reached, so the program will not run on (--time-limit)")


def state_folder() -> Path:
    """Where this user's programs keep what they remember from one start to the next."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "ntmm"
    folder = os.environ.get("XDG_STATE_HOME", "")
    return (Path(folder) if folder.startswith("/") else Path.home() / ".local" / "state") / "ntmm"


def _history() -> History:
    """Of this user; of this prompt only where the folder cannot be written."""
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: the user has no home
        folder = state_folder()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / _HISTORY
        path.touch(mode=0o600)
        if os.access(path, os.R_OK | os.W_OK):
            return FileHistory(str(path))
    return InMemoryHistory()


class _Completer(Completer):
    """Commands, and the functions of the program where a command takes an address."""

    def __init__(self, session: DebugSession) -> None:
        self._session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        for word, length in shell.completions(self._session.debugger, document.text_before_cursor):
            yield Completion(word, start_position=-length)
