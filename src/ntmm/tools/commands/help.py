"""What the commands are and what their columns mean: `.help` and `?`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ntmm.tools.command import Command
from ntmm.tools.debugger import Debugger
from ntmm.tools.rows import CommandError, Form, Row, column

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


def help_command(name: str, commands: Mapping[str, Command]) -> Command:
    """`.help` or `?` for these commands, itself among them."""

    def show(debugger: Debugger, arguments: str) -> Iterator[Row]:
        if arguments and arguments != QUIT:
            yield from _columns(commands, arguments)
            return
        yield from (HelpRow(one.name, one.usage, one.meaning) for one in commands.values())
        yield HelpRow(QUIT, "", "end")

    return Command(name, "[COMMAND]", "all commands, or what one of them prints", show, (HelpRow, ColumnRow))


def _columns(commands: Mapping[str, Command], name: str) -> Iterator[Row]:
    command = commands.get(name) or commands.get(f"!{name}")
    if command is None:
        raise CommandError(f"there is no command {name!r}")
    yield HelpRow(command.name, command.usage, command.meaning)
    for kind in command.rows:
        yield from (ColumnRow(one.title or one.name, one.meaning) for one in kind.columns())
