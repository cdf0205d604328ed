"""Results as text for people and as lines of JSON for tools. Both show the same rows."""

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from ntmm.runner.text import printable
from ntmm.tools.rows import Column, Form, Layout, Result, Row, Widths

_RIGHT: Final = frozenset({Form.COUNT, Form.HEX, Form.SIZE})
_ABSENT: Final = "-"


def to_json(result: Result) -> str:
    """One object on one line: "command", then "rows", or "error" with a sentence. Addresses are numbers."""
    if result.error is not None:
        return json.dumps({"command": result.command, "error": result.error})
    return json.dumps({"command": result.command, "rows": [dataclasses.asdict(row) for row in result.rows]})


def to_text(result: Result, widths: Widths) -> str:
    """Lines without the last line's end; nothing at all for a command that has nothing to say."""
    if result.error is not None:
        return printable(result.error)
    parts = ["\n".join(_block(kind, list(rows), widths)) for kind, rows in groupby(result.rows, key=type)]
    return "\n".join(parts)


def _block(kind: type[Row], rows: Sequence[Row], widths: Widths) -> Iterable[str]:
    if kind.LAYOUT is Layout.LINES:
        return [printable(line) for row in rows for line in row.lines(widths)]
    if kind.LAYOUT is Layout.RECORD:
        return [line for row in rows for line in _record(row, widths)]
    return _table(kind.columns(), rows, widths)


def _record(row: Row, widths: Widths) -> Iterator[str]:
    columns = row.columns()
    room = max(len(column.title) for column in columns)
    for column in columns:
        yield f"{column.title:<{room}}  {cell_text(column, row, widths)}".rstrip()


def _table(columns: Sequence[Column], rows: Sequence[Row], widths: Widths) -> Iterator[str]:
    lines = [[column.title for column in columns]]
    lines += [[cell_text(column, row, widths) for column in columns] for row in rows]
    room = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for cells in lines:
        aligned = (
            text.rjust(width) if column.form in _RIGHT else text.ljust(width)
            for column, text, width in zip(columns, cells, room, strict=True)
        )
        yield "  ".join(aligned).rstrip()


def cell_text(column: Column, row: Row, widths: Widths) -> str:
    """One value as text."""
    value = getattr(row, column.name)
    if value is None:
        return _ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if column.form is Form.ADDRESS:
        return widths.address_text(value)
    if column.form is Form.ENTRY:
        return widths.entry_text(value)
    if column.form is Form.HEX:
        return f"{value:x}"
    if column.form is Form.COUNT:
        return f"{value:d}"
    if column.form is Form.SIZE:
        return f"{-(-value // 1024):,} K"
    return printable(str(value))
