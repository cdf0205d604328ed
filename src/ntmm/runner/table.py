"""Tables without lines, for terminals and files."""

from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from ntmm.runner.text import printable

Cell = str | int


def table_of(rows: Iterable[Sequence[Cell]]) -> Table:
    """Columns without lines; numbers to the right with separators, text to the left."""
    table = Table.grid(padding=(0, 2))
    for row in rows:
        cells = [Text(f"{cell:,}", justify="right") if isinstance(cell, int) else Text(printable(cell)) for cell in row]
        table.add_row("", *cells)  # the empty column indents
    return table
