"""Command lines: split, looked up, carried out. Nothing a user types ends in a traceback."""

from collections.abc import Iterator

from ntmm.tools.commands import COMMANDS
from ntmm.tools.commands.help import QUIT
from ntmm.tools.debugger import Debugger
from ntmm.tools.rows import CommandError, Result

_COMMENT = "*"


def split_line(line: str) -> list[str]:
    """The commands of a line: `;` stands between them. A line that begins with * or # is a comment."""
    if line.lstrip().startswith((_COMMENT, "#")):
        return []
    return [command.strip() for command in line.split(";") if command.strip()]


def is_quit(command: str) -> bool:
    """True for the word that ends the prompt."""
    return command == QUIT


def execute(debugger: Debugger, command: str) -> Result:
    """One command's rows, or the sentence that says why there are none."""
    name, _, arguments = command.partition(" ")
    known = COMMANDS.get(name)
    if known is None:
        return Result(command, error=f"there is no command {name!r}: .help lists them")
    try:
        return Result(command, tuple(known.run(debugger, arguments.strip())))
    except CommandError as error:
        return Result(command, error=str(error))


def completions(debugger: Debugger, text: str) -> Iterator[tuple[str, int]]:
    """(word, length of what it replaces) for the word at the end of `text`: commands, then functions."""
    line = text.rpartition(";")[2].lstrip()
    name, space, arguments = line.partition(" ")
    if not space:
        yield from ((command, len(name)) for command in (*COMMANDS, QUIT) if command.startswith(name))
        return
    known = COMMANDS.get(name)
    word = arguments.lstrip()
    if known is None or not known.takes_address or not word:
        return
    lower = word.lower()
    for function in debugger.symbols.names(debugger.process):
        if function.lower().startswith(lower) or function.partition("!")[2].lower().startswith(lower):
            yield function, len(word)
