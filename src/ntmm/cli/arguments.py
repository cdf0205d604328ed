"""How options are read, shared by the commands."""

import functools
import math
import operator
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from ntmm.cli.programs import SEPARATOR, parse_session, refuse_leading_separator
from ntmm.nt.profile import PagingFileSize
from ntmm.runner.options import ArchitectureChoice, ReplacementChoice, WindowsChoice
from ntmm.runner.sizes import parse_size


class ReportFormat(StrEnum):
    """How the report of a run is written."""

    TEXT = "text"
    JSON = "json"
    NONE = "none"


def parse_seconds(text: str) -> float:
    """A finite number of seconds above zero; raises ValueError with a sentence."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"{text!r} is not a time: write seconds above zero")
    return seconds


def parse_paging_file(text: str) -> PagingFileSize:
    """A file of fixed size for "64M", one that may grow for "64M-128M"; raises ValueError with a sentence."""
    minimum, dash, maximum = text.partition("-")
    size = parse_size(minimum)
    return PagingFileSize(size, parse_size(maximum) if dash else size)


def paging_files_of(texts: Sequence[str] | None) -> tuple[PagingFileSize, ...] | None:
    """The paging files that the options ask for; None where there was no such option."""
    if not texts:
        return None
    if "none" in texts:
        if len(texts) > 1:
            raise typer.BadParameter("'none' cannot stand beside a size", param_hint="'--pagefile'")
        return ()
    try:
        return tuple(parse_paging_file(text) for text in texts)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'--pagefile'") from error


_GLOBAL_FLAGS: Final = {"htc": 0x10, "hfc": 0x20, "hpc": 0x40, "hvc": 0x80, "dhc": 0x200000}
"""Bits of NtGlobalFlag that heaps obey, by their usual abbreviations."""


def parse_global_flag(text: str) -> int:
    """A number of 32 bits, or abbreviations joined by "+"; raises ValueError with a sentence."""
    words = text.lower().split("+")
    if all(word in _GLOBAL_FLAGS for word in words):
        return functools.reduce(operator.or_, (_GLOBAL_FLAGS[word] for word in words))
    try:
        value = int(text, 0)
    except ValueError:
        value = -1
    if not 0 <= value < 1 << 32:
        known = ", ".join(_GLOBAL_FLAGS)
        raise ValueError(f"{text!r} is no global flag: write a number of 32 bits, or some of {known} joined by +")
    return value


def _global_flag_option(text: str | int) -> int:
    if isinstance(text, int):
        return text
    try:
        return parse_global_flag(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _size_option(text: str | int) -> int:
    """Defaults come already parsed."""
    if isinstance(text, int):
        return text
    try:
        return parse_size(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _seconds_option(text: str | float) -> float:
    if isinstance(text, float):
        return text
    try:
        return parse_seconds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


Ram = Annotated[
    int, typer.Option("--ram", parser=_size_option, metavar="SIZE", show_default="64M", help="RAM of the machine.")
]
Arch = Annotated[
    ArchitectureChoice,
    typer.Option("--arch", help="Page tables: auto is pae for 32-bit programs and x64 for 64-bit ones."),
]
Windows = Annotated[
    WindowsChoice,
    typer.Option("--windows", help="Release: auto is xp for 32-bit programs and 2003 for 64-bit ones."),
]
Replacement = Annotated[
    ReplacementChoice,
    typer.Option(
        "--replacement",
        help="Which page leaves a full working set: auto is fifo on nt4, clock on 2000 (fifo with several "
        "processors), ageing on xp and 2003.",
    ),
]
Processors = Annotated[
    int,
    typer.Option(
        "--processors",
        metavar="N",
        help="Processors, 1 to 32, that programs are told of and that --replacement auto goes by; "
        "one is simulated, whatever N is.",
    ),
]
PagingFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--pagefile",
        metavar="SIZE[-MAX]",
        show_default="1.5 to 3 times the RAM",
        help="A paging file; up to 16, each with an option of its own. none: no paging file.",
    ),
]
GlobalFlag = Annotated[
    int,
    typer.Option(
        "--global-flag",
        parser=_global_flag_option,
        metavar="FLAGS",
        show_default=False,
        help="NtGlobalFlag: a number, or heap checks joined by +: htc (tails), hfc (free blocks), hpc (parameters), "
        "hvc (whole heap at each call), dhc (no coalescing).",
    ),
]
TimeLimit = Annotated[
    float | None,
    typer.Option("--time-limit", parser=_seconds_option, metavar="SECONDS", help="Stop the program after this time."),
]
OutputLimit = Annotated[
    int | None,
    typer.Option("--output-limit", parser=_size_option, metavar="SIZE", help="Stop it after so much output."),
]
Program = Annotated[Path, typer.Argument(metavar="PROGRAM", help="A Windows program, or a C source to compile first.")]
Arguments = Annotated[
    list[str] | None,
    typer.Argument(metavar="ARGS", help="Handed to the program untouched, options too. --and begins another program."),
]
User = Annotated[
    str,
    typer.Option(
        "--user",
        metavar="NAME",
        help="Who runs the program: an ordinary user of that name. Also after --and.",
        show_default="an administrator",
    ),
]
Session = Annotated[
    int,
    typer.Option("--session", parser=parse_session, metavar="N", help="The program's session. Also after --and."),
]
Events = Annotated[Path | None, typer.Option("--events", metavar="FILE", help="Record all events as lines of JSON.")]
LeadingSeparator = Annotated[
    bool, typer.Option(SEPARATOR, hidden=True, is_eager=True, callback=refuse_leading_separator)
]
Grant = Annotated[
    list[str] | None,
    typer.Option(
        "--grant",
        metavar="PRIVILEGE",
        help="Assign a privilege to the user, which programs may then enable: SeLockMemoryPrivilege for large pages.",
    ),
]
Overlay = Annotated[Path | None, typer.Option("--overlay", metavar="DIR", help="Keep changes to files in this folder.")]
