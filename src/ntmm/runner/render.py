"""Reports and rows as text for people and as JSON for tools. Both show the same numbers."""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final, TextIO

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from ntmm.runner.report import NamedCount, RunReport
from ntmm.runner.rows import InfoRow
from ntmm.runner.sizes import size_text
from ntmm.runner.text import printable

JSON_FORMAT: Final = 1
"""Raised when a key of the JSON report changes its meaning or goes; new keys may come at any time."""

_PLAIN_WIDTH: Final = 110
"""Columns where the output is no terminal."""

Cell = str | int


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
    parts: list[RenderableType] = ["", Text(_headline(report), style="bold")]
    for title, table in _sections(report):
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
        parts += [Text(printable(title), style="bold"), _table(lines), ""]
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


def _table(rows: Iterable[Sequence[Cell]]) -> Table:
    """Columns without lines; numbers to the right with separators, text to the left."""
    table = Table.grid(padding=(0, 2))
    for row in rows:
        cells = [Text(f"{cell:,}", justify="right") if isinstance(cell, int) else Text(printable(cell)) for cell in row]
        table.add_row("", *cells)  # the empty column indents
    return table


def _address(address: int | None) -> str:
    return "" if address is None else f"{address:08x}"


def _size(size: int | None) -> str:
    return "" if size is None else size_text(size)


def _headline(report: RunReport) -> str:
    status = f"{report.exit_status:#x}" if report.exit_status >= 0x80000000 else str(report.exit_status)
    name = f" ({report.exit_status_name})" if report.exit_status_name else ""
    machine = f"{report.architecture}, {size_text(report.ram)} of RAM"
    return f"{printable(report.program)} on {machine}: exit status {status}{name}"


def _sections(report: RunReport) -> Iterable[tuple[str, Table]]:
    if report.stopped:
        yield "Stopped", _table([(report.stopped,)])
    yield "Page faults", _table(_fault_rows(report))
    yield "Memory", _table(_memory_rows(report))
    for title, counts in (
        ("Page tables made", report.page_tables),
        ("Pages of a new address space", report.address_space_pages),
        ("Pages mapped before their first touch", report.eager_pages),
    ):
        if counts:
            yield title, _table(_count_rows(counts))
    if report.system_calls:
        calls = sorted(report.system_calls, key=lambda row: (-row.count, row.dll, row.name))
        yield "System calls", _table((f"{row.dll}!{row.name}", row.count) for row in calls)
    yield from _lacking(report)
    if report.changed_files:
        yield "Changed files, held in the overlay", _table((row.change, row.path) for row in report.changed_files)
    yield "Time", _table(_time_rows(report))


def _fault_rows(report: RunReport) -> Iterable[tuple[Cell, ...]]:
    counts = {(row.kind, row.origin): row.count for row in report.faults}
    yield "", "by the CPU", "by the kernel"
    for kind in dict.fromkeys(row.kind for row in report.faults):
        yield kind, counts.get((kind, "cpu"), 0), counts.get((kind, "kernel"), 0)
    yield "sum", report.faults_from("cpu"), report.faults_from("kernel")
    verdict = "every one explained" if not report.unexplained_faults else f"{report.unexplained_faults} unexplained"
    yield "#PF counted by the CPU", report.cpu_page_fault_count, verdict


def _memory_rows(report: RunReport) -> Iterable[tuple[Cell, ...]]:
    for name, pages in (
        ("peak working set", report.peak_working_set),
        ("peak commit", report.peak_commit),
        ("private pages", report.private_pages),
        ("image pages", report.image_pages),
        ("mapped before a touch", sum(row.count for row in report.eager_pages)),
    ):
        yield name, pages, "pages", size_text(pages * report.page_size)


def _count_rows(counts: Sequence[NamedCount]) -> Iterable[tuple[Cell, ...]]:
    yield from ((row.name, row.count) for row in counts)
    if len(counts) > 1:
        yield "sum", sum(row.count for row in counts)


def _lacking(report: RunReport) -> Iterable[tuple[str, Table]]:
    if report.missing_functions:
        rows = sorted(report.missing_functions, key=lambda row: (not row.called, row.dll, row.name))
        yield "Missing functions", _table((f"{row.dll}!{row.name}", "called" if row.called else "") for row in rows)
    if report.missing_dlls:
        yield "Missing DLLs", _table((name,) for name in report.missing_dlls)
    if report.unsupported:
        yield "Not supported, but asked for", _table(_count_rows(report.unsupported))


def _time_rows(report: RunReport) -> Iterable[tuple[Cell, ...]]:
    if report.instructions is not None:
        yield "instructions", report.instructions
    yield "virtual time", f"{report.virtual_time_100ns / 10_000_000:.6f} s"
    yield "host time", f"{report.host_seconds:.3f} s"
