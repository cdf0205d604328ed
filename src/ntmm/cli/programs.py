"""The programs of one command line: `a.exe ARGS --and b.exe ARGS`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ntmm.runner.errors import UserError
from ntmm.runner.options import ProgramLine

SEPARATOR: Final = "--and"
"""Stands between two programs; a program cannot be given this argument."""

_NONE_BEFORE: Final = f"{SEPARATOR} stands between two programs: there is none before it"


def refuse_leading_separator(given: bool) -> bool:
    """Where the separator is read as an option of ours, no program stands before it."""
    if given:
        raise UserError(_NONE_BEFORE)
    return given


def program_lines(program: Path, arguments: Sequence[str]) -> tuple[ProgramLine, ...]:
    """The first program and those after each separator; raises UserError where a program is missing."""
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
    return tuple(ProgramLine(Path(words[0]), tuple(words[1:])) for words in groups)
