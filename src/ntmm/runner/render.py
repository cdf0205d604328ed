"""Reports and rows as text for people and as JSON for tools. Both show the same numbers."""

import dataclasses
import json
from collections.abc import Iterable
from io import StringIO
from typing import Final, TextIO

from rich.console import Console, RenderableType
from rich.text import Text

from ntmm.runner.report import RunReport
from ntmm.runner.rows import InfoRow
from ntmm.runner.sections import headline, sections_of
from ntmm.runner.sizes import size_text
from ntmm.runner.table import Cell, table_of
from ntmm.runner.text import printable

JSON_FORMAT: Final = 1
"""Raised when a key of the JSON report changes its meaning or goes; new keys may come at any time."""

_PLAIN_WIDTH: Final = 110
"""Columns where the output is no terminal."""


def report_to_json(report: RunReport) -> str:
    """The whole report as one JSON object on one line, its keys in the order of RunReport's fields."""
    fields = {
        "format": JSON_FORMAT,
        **dataclasses.asdict(report),
        "exit_status_name": report.exit_status_name,
        "unexplained_faults": report.unexplained_faults,
    }
    return json.dumps(fields)


def rows_to_json(rows: Iterable[InfoRow]) -> str:
    """Rows as a JSON array, one object for each."""
    return json.dumps([dataclasses.asdict(row) for row in rows], indent=1)


def print_report(report: RunReport, stream: TextIO) -> None:
    """Writes the text form; parts with nothing to say are left out."""
    parts: list[RenderableType] = ["", Text(headline(report), style="bold")]
    for title, table in sections_of(report):
        parts += [Text(title, style="bold"), table]
    _print(parts, stream)


def print_rows(rows: Iterable[InfoRow], stream: TextIO) -> None:
    """Writes rows as one table for each section, in the order they come."""
    sections: dict[str, list[tuple[Cell, ...]]] = {}
    for row in rows:
        cells = (row.name, _address(row.start), _address(row.end), _size(row.size), row.note)
        sections.setdefault(row.section, []).append(cells)
    parts: list[RenderableType] = []
    for title, lines in sections.items():
        parts += [Text(printable(title), style="bold"), table_of(lines), ""]
    _print(parts[:-1], stream)


def _print(parts: Iterable[RenderableType], stream: TextIO) -> None:
    """Renders in memory first: rich itself would end the process when a reader has gone."""
    is_terminal = stream.isatty()
    rendered = StringIO()
    console = Console(
        file=rendered,
        force_terminal=is_terminal,
        width=None if is_terminal else _PLAIN_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )
    for part in parts:
        console.print(part)
    stream.writelines(f"{line.rstrip()}\n" for line in rendered.getvalue().splitlines())
    stream.flush()


def _address(address: int | None) -> str:
    return "" if address is None else f"{address:08x}"


def _size(size: int | None) -> str:
    return "" if size is None else size_text(size)
