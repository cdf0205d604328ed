"""Rows with named columns, for a prompt, for rich, and for Jupyter."""

from collections.abc import Iterator, Sequence
from html import escape

from rich.table import Table as RichTable


def paragraph(text: str) -> str:
    """A line of text as HTML."""
    return f"<p>{escape(text)}</p>"


class Table(Sequence[tuple[object, ...]]):
    """A frozen table; numbers stand to the right. Item: a row as a tuple; `column(name)`: all values of a column."""

    def __init__(self, title: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> None:
        self.title = title
        self.columns = tuple(columns)
        self._rows = tuple(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> tuple[object, ...]:  # type: ignore[override]
        return self._rows[index]

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        return iter(self._rows)

    def column(self, name: str) -> list[object]:
        """The values of a column, top to bottom; raises ValueError for a name that there is not."""
        if name not in self.columns:
            raise ValueError(f"{name!r} is no column: choose one of {', '.join(self.columns)}")
        place = self.columns.index(name)
        return [row[place] for row in self._rows]

    def __repr__(self) -> str:
        cells = [[str(cell) for cell in row] for row in self._rows]
        widths = [max(len(cell) for cell in column) for column in zip(self.columns, *cells, strict=True)]
        lines = [self.title, self._line(self.columns, widths)]
        lines += [self._line(row, widths) for row in cells]
        return "\n".join(lines)

    def _line(self, cells: Sequence[str], widths: Sequence[int]) -> str:
        right = [all(isinstance(row[place], int) for row in self._rows) for place in range(len(self.columns))]
        parts = (
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(cells, widths, right, strict=True)
        )
        return "  ".join(parts).rstrip()

    def __rich__(self) -> RichTable:
        table = RichTable(title=self.title)
        for place, name in enumerate(self.columns):
            numbers = all(isinstance(row[place], int) for row in self._rows)
            table.add_column(name, justify="right" if numbers else "left")
        for row in self._rows:
            table.add_row(*(str(cell) for cell in row))
        return table

    def _repr_html_(self) -> str:
        """What a Jupyter notebook shows."""
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in self._rows
        )
        caption = f"<caption>{escape(self.title)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
