"""One entry of the PFN database: !pfn."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.kernel.mm.pfn import PageState
from ntmm.tools.command import Command
from ntmm.tools.debugger import Debugger
from ntmm.tools.expressions import number_of
from ntmm.tools.kernel_view import colour_of, entry_address, frame, frame_count
from ntmm.tools.rows import CommandError, Form, Layout, Row, column

STATE_NAMES: Final = {
    PageState.ZEROED: "Zeroed",
    PageState.FREE: "Free",
    PageState.STANDBY: "Standby",
    PageState.MODIFIED: "Modified",
    PageState.MODIFIED_NO_WRITE: "ModifiedNoWrite",
    PageState.BAD: "Bad",
    PageState.ACTIVE: "Active",
    PageState.TRANSITION: "Transition",
}
"""WinDbg's words."""


@dataclass(frozen=True, slots=True)
class PfnRow(Row):
    """One frame. A page on a list has links, an active one a share count."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    pfn: int = column("PFN", Form.HEX, "number of the frame")
    address: int = column("at address", Form.ADDRESS, "where the entry lies")
    flink: int | None = column("flink", Form.HEX, "next frame of its list; none for the last and off the lists")
    blink: int | None = column("blink", Form.HEX, "frame before it on its list")
    share_count: int | None = column(
        "share count", Form.COUNT, "valid PTEs that map it; of a table: entries and itself"
    )
    pte_address: int = column("pteaddress", Form.ADDRESS, "the PTE that maps it, or its prototype PTE")
    reference_count: int = column("reference count", Form.COUNT, "1 while it is shared, and one for each I/O and lock")
    color: int = column("color", Form.HEX, "its list among those of zeroed or free pages: low bits of its number")
    restore_pte: int = column("restore pte", Form.ENTRY, "what the PTE becomes when the page is given away")
    containing: int = column("containing page", Form.HEX, "frame of the page table that holds the PTE")
    state: str = column("state", Form.TEXT, "Zeroed, Free, Standby, Modified, Active, Transition, Bad")
    flags: str = column(
        "flags",
        Form.TEXT,
        "M modified, P its PTE is a prototype PTE, R being read, W being written, D its owner has gone",
    )
    use: str = column("use", Form.TEXT, "what the page serves")


def _pfn(debugger: Debugger, arguments: str) -> Iterator[Row]:
    number = number_of(arguments)
    if number is None:
        raise CommandError("!pfn needs the number of a frame in hexadecimal")
    count = frame_count(debugger.kernel)
    if number >= count:
        raise CommandError(f"there is no frame {number:x}: the last one is {count - 1:x}")
    entry = frame(debugger.kernel, number)
    is_mapped = entry.state in (PageState.ACTIVE, PageState.TRANSITION)
    yield PfnRow(
        entry.number,
        entry_address(debugger.kernel, number),
        None if is_mapped else entry.flink,
        None if is_mapped else entry.blink,
        entry.share_count if is_mapped else None,
        entry.pte_address,
        entry.reference_count,
        colour_of(debugger.kernel, number),
        entry.original_pte,
        entry.containing,
        STATE_NAMES[entry.state],
        entry.flags,
        entry.use.name.lower().replace("_", " "),
    )


COMMANDS: Final = (Command("!pfn", "FRAME", "one entry of the PFN database", _pfn, (PfnRow,)),)
