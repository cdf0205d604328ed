"""Loaded modules: lm."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.tools.command import Command, no_arguments
from ntmm.tools.debugger import Debugger
from ntmm.tools.rows import Form, Row, column
from ntmm.tools.symbols import modules_of, short_name


@dataclass(frozen=True, slots=True)
class ModuleRow(Row):
    """One line of `lm`."""

    start: int = column("start", Form.ADDRESS, "first byte of the image")
    end: int = column("end", Form.ADDRESS, "first byte behind the image")
    module: str = column("module name", Form.TEXT, "name that stands before the ! of a function")
    path: str = column("path", Form.TEXT, "the file, as the program sees it")


def _list(debugger: Debugger, arguments: str) -> Iterator[Row]:
    no_arguments("lm", arguments)
    for module in sorted(modules_of(debugger.process), key=lambda module: module.base):
        yield ModuleRow(module.base, module.base + module.size, short_name(module), module.path)


COMMANDS: Final = (Command("lm", "", "loaded modules", _list, (ModuleRow,)),)
