"""The working-set list of a process: !wsle."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.mm.working_set.working_set import LOCKED_IN_MEMORY, LOCKED_IN_SET
from ntmm.tools.command import Command, process_of, with_space
from ntmm.tools.debugger import Debugger
from ntmm.tools.kernel_view import frame, working_set_entries, working_set_header
from ntmm.tools.protections import protection_name
from ntmm.tools.rows import Form, Layout, Row, column
from ntmm.tools.walk import TableWalk

_LOCKS: Final = ((LOCKED_IN_SET, "ws"), (LOCKED_IN_MEMORY, "mem"))


@dataclass(frozen=True, slots=True)
class WorkingSetRow(Row):
    """The list as a whole."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    cid: int = column("Cid", Form.HEX, "id of the process")
    size: int = column("Size", Form.COUNT, "pages in the working set")
    peak: int = column("Peak", Form.COUNT, "the most it had")
    minimum: int = column("Minimum", Form.COUNT, "pages that trimming leaves it")
    maximum: int = column("Maximum", Form.COUNT, "pages from which it replaces its own")
    quota: int = column(
        "Quota", Form.COUNT, "pages from which the next one must find room: more than the maximum at ease"
    )
    first_free: int = column("FirstFree", Form.COUNT, "first free entry below the end, -1 for none")
    first_dynamic: int = column("FirstDynamic", Form.COUNT, "entries below are never replaced")
    last_entry: int = column("LastEntry", Form.COUNT, "highest entry ever used")
    next_slot: int = column("NextSlot", Form.COUNT, "where the search for a page to replace goes on")
    last_initialized: int = column("LastInitialized", Form.COUNT, "highest entry that the list's pages have room for")
    non_direct: int = column("NonDirect", Form.COUNT, "pages of sections: their entry is not named by their PFN entry")


@dataclass(frozen=True, slots=True)
class WsleRow(Row):
    """One page of the working set."""

    address: int = column("Virtual Address", Form.ADDRESS, "the page")
    index: int = column("Index", Form.COUNT, "place in the list")
    age: int = column("Age", Form.COUNT, "passes of the working set manager since the page was used, 3 at most")
    locked: str = column(
        "Locked", Form.TEXT, "pages that are not replaced: ws in the working set (VirtualLock), mem in RAM"
    )
    reference_count: int | None = column("ReferenceCount", Form.COUNT, "references to its frame")
    protection: str = column("Protection", Form.TEXT, "its protection in this process")


def _wsle(debugger: Debugger, arguments: str) -> Iterator[Row]:
    process = with_space(process_of(debugger, arguments))
    kernel = debugger.kernel
    header = working_set_header(process)
    yield WorkingSetRow(
        process.id,
        header.size,
        header.peak,
        header.minimum,
        header.maximum,
        header.quota,
        header.first_free,
        header.first_dynamic,
        header.last_entry,
        header.next_slot,
        header.last_initialized,
        header.shared,
    )
    walk = TableWalk(kernel, process.space.directory)
    for entry in working_set_entries(kernel, process):
        references = _references(kernel, walk.physical(entry.address))
        locked = " ".join(word for bit, word in _LOCKS if entry.locked & bit)
        protection = protection_name(entry.protection)
        yield WsleRow(entry.address, entry.index, entry.age, locked, references, protection)


def _references(kernel: Kernel, physical: int | None) -> int | None:
    if physical is None:
        return None
    return frame(kernel, physical >> kernel.architecture.page_shift).reference_count


_ABSENT: Final = (("HashTable", "pages of sections are found by a table of the kernel that is not in simulated RAM"),)

COMMANDS: Final = (
    Command("!wsle", "[ID]", "working-set list of a process", _wsle, (WorkingSetRow, WsleRow), absent=_ABSENT),
)
