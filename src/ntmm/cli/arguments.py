"""How options are read, shared by the commands."""

import math
from enum import StrEnum
from typing import Annotated

import typer

from ntmm.runner.options import ArchitectureChoice
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
TimeLimit = Annotated[
    float | None,
    typer.Option("--time-limit", parser=_seconds_option, metavar="SECONDS", help="Stop the program after this time."),
]
OutputLimit = Annotated[
    int | None,
    typer.Option("--output-limit", parser=_size_option, metavar="SIZE", help="Stop it after so much output."),
]
