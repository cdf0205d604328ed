"""Rows: what every command of the debugger yields. A row class declares its columns, and how text shows its rows."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, ClassVar, Final


class Form(Enum):
    """How a column's values are written in text; JSON has the numbers themselves."""

    ADDRESS = auto()
    """A pointer of the machine, in hexadecimal and of full width."""
    ENTRY = auto()
    """A page-table entry, in hexadecimal and of full width."""
    HEX = auto()
    COUNT = auto()
    SIZE = auto()
    """Bytes; text has kilobytes."""
    TEXT = auto()


class Layout(Enum):
    """How text shows rows of one class that follow each other."""

    TABLE = auto()
    """One header, one line for each row."""
    RECORD = auto()
    """One line for each column, with its title."""
    LINES = auto()
    """What `lines(widths)` says."""


@dataclass(frozen=True, slots=True)
class Widths:
    """Hexadecimal digits of a pointer and of a page-table entry on the machine."""

    address: int
    entry: int

    def address_text(self, value: int) -> str:
        """A pointer as WinDbg writes it: 64 bits with a grave accent in the middle."""
        return _grouped(f"{value:0{self.address}x}")

    def entry_text(self, value: int) -> str:
        """A page-table entry."""
        return f"{value:0{self.entry}x}"


def _grouped(digits: str) -> str:
    return f"{digits[:-8]}`{digits[-8:]}" if len(digits) > 8 else digits


_METADATA: Final = "column"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, its form, and its meaning in one line."""

    name: str
    title: str
    form: Form
    meaning: str


def column(title: str, form: Form, meaning: str) -> Any:
    """A field of a row class."""
    return dataclasses.field(metadata={_METADATA: (title, form, meaning)})


@dataclass(frozen=True, slots=True)
class Row:
    """The base of all row classes. None in a column means that it does not apply."""

    LAYOUT: ClassVar[Layout] = Layout.TABLE

    @classmethod
    def columns(cls) -> tuple[Column, ...]:
        """All columns, in order."""
        return tuple(
            Column(field.name, *field.metadata[_METADATA])
            for field in dataclasses.fields(cls)
            if _METADATA in field.metadata
        )

    def lines(self, widths: Widths) -> Iterable[str]:
        """The row as lines of text, for classes of layout LINES."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Result:
    """What one command answered: rows, or one sentence that says why there are none."""

    command: str
    rows: tuple[Row, ...] = ()
    error: str | None = None


class CommandError(Exception):
    """A command that cannot be carried out, told in one sentence without a full stop."""
