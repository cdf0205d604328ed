"""What the commands are and what their columns mean: .help; ? alone does the same, and evaluates expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.tools.command import Command
from ntmm.tools.debugger import Debugger
from ntmm.tools.expressions import address_of
from ntmm.tools.rows import CommandError, Form, Layout, Row, Widths, column

QUIT: Final = "q"
"""The word that ends the prompt; it is no command, since it does nothing with the machine."""


@dataclass(frozen=True, slots=True)
class HelpRow(Row):
    """One command."""

    command: str = column("command", Form.TEXT, "its name")
    usage: str = column("arguments", Form.TEXT, "what may stand behind it")
    meaning: str = column("meaning", Form.TEXT, "what it does")


@dataclass(frozen=True, slots=True)
class ColumnRow(Row):
    """One column of what a command prints."""

    title: str = column("column", Form.TEXT, "its title, or its name in JSON where it has none")
    meaning: str = column("meaning", Form.TEXT, "what stands in it")


@dataclass(frozen=True, slots=True)
class ValueRow(Row):
    """The value of an expression."""

    LAYOUT: ClassVar[Layout] = Layout.LINES

    value: int = column("Value", Form.ADDRESS, "the value")
    symbol: str = column("Symbol", Form.TEXT, "the function it lies in")

    def lines(self, widths: Widths) -> Iterator[str]:
        yield f"Evaluate expression: {self.value} = {widths.address_text(self.value)} {self.symbol}".rstrip()


def help_command(commands: Mapping[str, Command]) -> Command:
    """`.help` for these commands, itself among them."""

    def show(debugger: Debugger, arguments: str) -> Iterator[Row]:
        return _columns(commands, arguments) if arguments else _list(commands)

    return Command(".help", "[COMMAND]", "all commands, or what one of them prints", show, (HelpRow, ColumnRow))


def evaluate_command(commands: Mapping[str, Command]) -> Command:
    """`?`: help alone, and the value of an expression."""

    def show(debugger: Debugger, arguments: str) -> Iterator[Row]:
        return _value(debugger, arguments) if arguments else _list(commands)

    return Command("?", "[EXPRESSION]", "all commands, or the value of an expression", show, (ValueRow,), True)


def _value(debugger: Debugger, text: str) -> Iterator[Row]:
    value = address_of(debugger, text)
    yield ValueRow(value, debugger.symbols.nearest(debugger.process, value))


def _list(commands: Mapping[str, Command]) -> Iterator[Row]:
    yield from (HelpRow(one.name, one.usage, one.meaning) for one in commands.values())
    yield HelpRow(QUIT, "", "end")


def _columns(commands: Mapping[str, Command], name: str) -> Iterator[Row]:
    command = commands.get(name) or commands.get(f"!{name}")
    if command is None:
        raise CommandError(f"there is no command {name!r}")
    yield HelpRow(command.name, command.usage, command.meaning)
    for kind in command.rows:
        yield from (ColumnRow(one.title or one.name, one.meaning) for one in kind.columns())
    yield from (ColumnRow(title, f"not here: {reason}") for title, reason in command.absent)
