"""The programs of one command line: `a.exe ARGS --and --user NAME --session N b.exe ARGS`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ntmm.runner.errors import UserError
from ntmm.runner.options import ProgramLine

SEPARATOR: Final = "--and"
"""Stands between two programs; a program cannot be given this argument."""

_LARGEST_SESSION: Final = 9999
_USER: Final = "--user"
_OPTIONS: Final = (_USER, "--session")
_NONE_BEFORE: Final = f"{SEPARATOR} stands between two programs: there is none before it"


def refuse_leading_separator(given: bool) -> bool:
    """Where the separator is read as an option of ours, no program stands before it."""
    if given:
        raise UserError(_NONE_BEFORE)
    return given


def program_lines(program: Path, arguments: Sequence[str]) -> tuple[ProgramLine, ...]:
    """The first program and those after each separator; raises UserError where a program is missing.

    The options of the first one stand before it, among those of the machine.
    """
    groups: list[list[str]] = [[]]
    for word in (str(program), *arguments):
        if word == SEPARATOR:
            groups.append([])
        else:
            groups[-1].append(word)
    if not groups[0]:
        raise UserError(_NONE_BEFORE)
    if not all(groups):
        raise UserError(f"{SEPARATOR} stands between two programs: there is none after it")
    first, *others = groups
    return (ProgramLine(Path(first[0]), tuple(first[1:])), *(_line(words) for words in others))


def _line(words: list[str]) -> ProgramLine:
    """A program with its own options before it."""
    user, session = "", 0
    while (split := words[0].partition("="))[0] in _OPTIONS:
        option, has_value, value = split
        del words[0]
        if not has_value:
            value = words.pop(0) if words else ""
        if option == _USER:
            user = value
        else:
            session = parse_session(value)
        if not words:
            raise UserError(f"{SEPARATOR} stands between two programs: there is none after {option}")
    return ProgramLine(Path(words[0]), tuple(words[1:]), user, session)


def parse_session(text: str | int) -> int:
    """The number of a session; raises UserError. Defaults come already parsed."""
    digits = str(text)
    if not digits.isascii() or not digits.isdigit() or int(digits) > _LARGEST_SESSION:
        raise UserError(f"{digits!r} is not the number of a session: write 0 to {_LARGEST_SESSION}")
    return int(digits)
