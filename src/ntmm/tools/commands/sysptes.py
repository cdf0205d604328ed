"""System PTEs: !sysptes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.tools.command import Command, no_arguments
from ntmm.tools.debugger import Debugger
from ntmm.tools.kernel_view import system_ptes
from ntmm.tools.rows import Form, Layout, Row, column


@dataclass(frozen=True, slots=True)
class SystemPtesRow(Row):
    """The area of system PTEs."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    start: int = column("Start Pte", Form.ADDRESS, "where the self-map shows the first entry")
    end: int = column("End Pte", Form.ADDRESS, "where it shows the last")
    total: int = column("Total System Ptes", Form.COUNT, "entries there are")
    free: int = column("Free System Ptes", Form.COUNT, "entries nobody has taken")
    used: int = column("Used System Ptes", Form.COUNT, "entries of kernel stacks and other mappings")
    not_made: int = column("Not Made Yet", Form.COUNT, "free entries whose page tables do not exist yet")
    blocks: int = column("Free Blocks", Form.COUNT, "runs of adjacent free entries whose page tables exist")
    largest: int = column("Largest Free Block", Form.COUNT, "entries of the longest of them")


@dataclass(frozen=True, slots=True)
class FreeBlockRow(Row):
    """A run of adjacent free entries: a cluster of the list that the free entries themselves hold."""

    address: int = column("starting address", Form.ADDRESS, "the first page that they would map")
    entries: int = column("free", Form.COUNT, "how many entries")


@dataclass(frozen=True, slots=True)
class FreeSizeRow(Row):
    """Free runs of one length."""

    size: int = column("size", Form.COUNT, "entries of each run")
    runs: int = column("free runs", Form.COUNT, "how many runs of that length there are")


def _system_ptes(debugger: Debugger, arguments: str) -> Iterator[Row]:
    no_arguments("!sysptes", arguments)
    found = system_ptes(debugger.kernel)
    sizes = [entries for _, entries in found.free]
    used = found.total - found.unused
    not_made, longest = found.unused - sum(sizes), max(sizes, default=0)
    yield SystemPtesRow(found.start, found.end, found.total, found.unused, used, not_made, len(sizes), longest)
    yield from (FreeSizeRow(size, count) for size, count in sorted(Counter(sizes).items()))
    yield from (FreeBlockRow(address, entries) for address, entries in found.free)


COMMANDS: Final = (
    Command(
        "!sysptes",
        "",
        "system page-table entries that are free",
        _system_ptes,
        (SystemPtesRow, FreeSizeRow, FreeBlockRow),
    ),
)
