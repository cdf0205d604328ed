"""System PTEs: !sysptes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.tools.command import Command, no_arguments
from ntmm.tools.debugger import Debugger
from ntmm.tools.kernel_view import statistics
from ntmm.tools.rows import CommandError, Form, Layout, Row, column


@dataclass(frozen=True, slots=True)
class SystemPtesRow(Row):
    """The area of system PTEs."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    total: int = column("Total System Ptes", Form.COUNT, "entries there are")
    free: int = column("Free System Ptes", Form.COUNT, "entries nobody has taken")
    used: int = column("Used System Ptes", Form.COUNT, "entries of kernel stacks and other mappings")


def _system_ptes(debugger: Debugger, arguments: str) -> Iterator[Row]:
    no_arguments("!sysptes", arguments)
    kept = statistics(debugger.kernel)
    if kept is None:
        raise CommandError("this machine keeps no system PTEs")
    total, free = kept.system_ptes_total, kept.system_ptes_free
    yield SystemPtesRow(total, free, total - free)


COMMANDS: Final = (Command("!sysptes", "", "system page-table entries", _system_ptes, (SystemPtesRow,)),)
