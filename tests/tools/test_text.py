"""Are rows shown as text and as JSON, and command lines split and completed?"""

import io
import json
from dataclasses import dataclass
from typing import ClassVar

import pytest

from ntmm.runner.options import RunOptions
from ntmm.tools import shell
from ntmm.tools.commands import COMMANDS
from ntmm.tools.expressions import number_of
from ntmm.tools.render import to_json, to_text
from ntmm.tools.rows import Form, Layout, Result, Row, Widths, column
from ntmm.tools.session import DebugSession
from tests.tools.debugging import debugging, sample

NARROW, WIDE = Widths(8, 8), Widths(16, 16)


@dataclass(frozen=True, slots=True)
class Pair(Row):
    """For tables."""

    address: int = column("Address", Form.ADDRESS, "where")
    count: int | None = column("Count", Form.COUNT, "how many")
    name: str = column("Name", Form.TEXT, "what")


@dataclass(frozen=True, slots=True)
class Sum(Row):
    """For records."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    entry: int = column("Long title", Form.ENTRY, "an entry")
    number: int = column("Id", Form.HEX, "a number")


def test_do_tables_and_records_follow_each_other_in_text() -> None:
    rows = (Pair(0x401000, 7, "one"), Pair(0x20, None, "\x1btwo"), Sum(0x67, 0xAB))
    assert to_text(Result("x", rows), NARROW) == (
        "Address   Count  Name\n00401000      7  one\n00000020      -  \\x1btwo\nLong title  00000067\nId          ab"
    )
    assert to_text(Result("x", rows[:1]), WIDE).splitlines()[1] == "00000000`00401000      7  one"


def test_is_json_one_object_of_plain_numbers() -> None:
    assert json.loads(to_json(Result("lm", (Pair(0x401000, None, "one"),)))) == {
        "command": "lm",
        "rows": [{"address": 0x401000, "count": None, "name": "one"}],
    }
    assert json.loads(to_json(Result("x", error="no"))) == {"command": "x", "error": "no"}


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("g", ["g"]),
        (" bp main ; g;;  r ", ["bp main", "g", "r"]),
        ("", []),
        ("* all; of this", []),
        ("# and this", []),
    ],
)
def test_is_a_line_split_at_semicolons(line: str, commands: list[str]) -> None:
    assert shell.split_line(line) == commands


@pytest.mark.parametrize(
    ("text", "number"),
    [("10", 16), ("0x10", 16), ("0n10", 10), ("fffff680`00000000", 0xFFFFF68000000000), ("", None), ("0x", None)],
)
def test_are_numbers_hexadecimal_unless_they_say_otherwise(text: str, number: int | None) -> None:
    assert number_of(text) == number


def test_does_every_column_of_every_command_say_what_it_means() -> None:
    for command in COMMANDS.values():
        assert command.meaning
        for kind in command.rows:
            assert kind.columns() and all(one.meaning for one in kind.columns()), kind


def test_does_help_list_all_commands_and_explain_each() -> None:
    with debugging(sample("x86", "hello")) as debugged:
        listed = {getattr(row, "command", "") for row in debugged.rows(".help")}
        assert listed == {*COMMANDS, "q"}
        assert debugged.rows("?") == debugged.rows(".help")
        for name in COMMANDS:
            assert len(debugged.rows(f".help {name}")) >= 1
        assert len(debugged.rows(".help pte")) > 10


def test_are_commands_functions_and_nothing_else_completed() -> None:
    with DebugSession(RunOptions(program=sample("x86", "hello"), standard_output=io.BytesIO())) as session:

        def words(text: str) -> set[str]:
            return {word for word, _ in shell.completions(session.debugger, text)}

        assert words("!v") == {"!vad", "!vm"}
        assert words("g; !vm; !vad; l") == {"lm"}
        assert words("bp kernel32!setendof") == words("bp SetEndOf") == {"kernel32!SetEndOfFile"}
        assert words("!pfn 4") == words("bp ") == words("frob x") == set()
        assert "kernel32!VirtualAlloc" in words("!pte Virtual")


def test_does_an_expression_evaluate() -> None:
    with debugging(sample("x86", "hello")) as debugged:
        values = [
            getattr(debugged.rows(f"? {text}")[0], "value", None)
            for text in ("10", "0n10+10", "@esp-@esp", "kernel32!WriteFile + 4 - kernel32!WriteFile")
        ]
        assert values == [16, 26, 0, 4]
