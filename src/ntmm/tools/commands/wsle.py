"""The working-set list of a process: !wsle."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.tools.command import Command, process_of, with_space
from ntmm.tools.debugger import Debugger
from ntmm.tools.kernel_view import frame, working_set_entries, working_set_limits
from ntmm.tools.protections import protection_name
from ntmm.tools.rows import Form, Layout, Row, column
from ntmm.tools.walk import TableWalk


@dataclass(frozen=True, slots=True)
class WorkingSetRow(Row):
    """The list as a whole, in pages."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    cid: int = column("Cid", Form.HEX, "id of the process")
    size: int = column("Size", Form.COUNT, "pages in the working set")
    peak: int = column("Peak", Form.COUNT, "the most it had")
    minimum: int | None = column("Minimum", Form.COUNT, "what trimming leaves it")
    maximum: int | None = column("Maximum", Form.COUNT, "where it begins to replace its own pages")


@dataclass(frozen=True, slots=True)
class WsleRow(Row):
    """One page of the working set."""

    address: int = column("Virtual Address", Form.ADDRESS, "the page")
    index: int | None = column("Index", Form.COUNT, "place in the list")
    age: int | None = column("Age", Form.COUNT, "passes of the working-set manager since the page was used")
    locked: str = column("Locked", Form.TEXT, "Locked for pages that may not be replaced")
    reference_count: int | None = column("ReferenceCount", Form.COUNT, "references to its frame")
    protection: str = column("Protection", Form.TEXT, "its protection in this process")


def _wsle(debugger: Debugger, arguments: str) -> Iterator[Row]:
    process = with_space(process_of(debugger, arguments))
    kernel = debugger.kernel
    entries = working_set_entries(kernel, process)
    limits = working_set_limits(kernel, process) or (None, None)
    yield WorkingSetRow(process.id, len(entries), process.space.working_set.peak, *limits)
    walk = TableWalk(kernel, process.space.directory)
    for entry in entries:
        physical = walk.physical(entry.address)
        references = None
        if physical is not None:
            references = frame(kernel, physical >> kernel.architecture.page_shift).reference_count
        locked = "Locked" if entry.is_locked else ""
        yield WsleRow(entry.address, entry.index, entry.age, locked, references, protection_name(entry.protection))


COMMANDS: Final = (Command("!wsle", "[ID]", "working-set list of a process", _wsle, (WorkingSetRow, WsleRow)),)
