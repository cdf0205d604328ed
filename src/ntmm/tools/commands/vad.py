"""Virtual address descriptors: !vad.

They are listed in address order; the level that each has in Windows' tree has no counterpart here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.tools.command import Command, process_of, with_flags, with_space
from ntmm.tools.debugger import Debugger
from ntmm.tools.kernel_view import prototype_address
from ntmm.tools.protections import protection_name
from ntmm.tools.rows import Form, Layout, Row, column


@dataclass(frozen=True, slots=True)
class VadRow(Row):
    """One descriptor."""

    start: int = column("start", Form.HEX, "first virtual page number")
    end: int = column("end", Form.HEX, "last virtual page number")
    commit: int = column("commit", Form.COUNT, "pages charged for this range")
    kind: str = column("", Form.TEXT, "Mapped for views of sections, Private for the rest")
    exe: str = column("", Form.TEXT, "Exe for views of images")
    protection: str = column("protection", Form.TEXT, "the protection it was reserved with")
    details: str = column(
        "details", Form.TEXT, "its file or purpose, AWE or LargePages; NoChange where programs may not change it"
    )


@dataclass(frozen=True, slots=True)
class VadTotalRow(Row):
    """The sums of a process's descriptors."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    count: int = column("Total VADs", Form.COUNT, "number of descriptors")
    pages: int = column("Total pages", Form.COUNT, "pages in all ranges")
    commit: int = column("Total commit", Form.COUNT, "pages charged for all ranges")


@dataclass(frozen=True, slots=True)
class VadDetailRow(Row):
    """One descriptor in full (flag 1)."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    start: int = column("Start VPN", Form.HEX, "first virtual page number")
    end: int = column("End VPN", Form.HEX, "last virtual page number")
    control_area: int | None = column("Control Area", Form.COUNT, "number of a view's control area (!ca)")
    first_prototype: int | None = column("First ProtoPte", Form.ADDRESS, "prototype PTE of a view's first page")
    last_prototype: int | None = column("Last PTE", Form.ADDRESS, "prototype PTE of its last page in the segment")
    commit: int = column("Commit Charge", Form.COUNT, "pages charged for this range")
    offset: int | None = column("Offset", Form.HEX, "bytes from the section's start to the view's")
    inherit: str = column("ViewShare", Form.TEXT, "ViewShare if a child process gets the view too, else ViewUnmap")
    no_change: str = column("NoChange", Form.TEXT, "NoChange where programs may not change it")
    protection: str = column("protection", Form.TEXT, "the protection it was reserved with")
    details: str = column("details", Form.TEXT, "its file or purpose, AWE or LargePages")


_SPECIAL: Final = {VadKind.PHYSICAL: "AWE", VadKind.LARGE_PAGES: "LargePages"}


def _vads(debugger: Debugger, arguments: str) -> Iterator[Row]:
    name, flags = with_flags("!vad", arguments, 0)
    process = with_space(process_of(debugger, name))
    vads = list(process.space.vads)
    yield from (_in_full(debugger.kernel, vad) if flags & 1 else _row(vad) for vad in vads)
    yield VadTotalRow(len(vads), sum(vad.pages for vad in vads), sum(vad.commit_charge for vad in vads))


def _row(vad: Vad) -> VadRow:
    kind = "Mapped" if vad.is_view else "Private"
    exe = "Exe" if vad.kind is VadKind.IMAGE else ""
    file = vad.control_area.name if vad.control_area is not None else ""
    special = _SPECIAL.get(vad.kind, "")
    details = [word for word in (file, vad.purpose, special, "NoChange" if vad.no_change else "") if word]
    return VadRow(
        vad.start_vpn, vad.end_vpn, vad.commit_charge, kind, exe, protection_name(vad.protection), ", ".join(details)
    )


def _in_full(kernel: Kernel, vad: Vad) -> VadDetailRow:
    row, area, page_shift = _row(vad), vad.control_area, kernel.architecture.page_shift
    inherit = ("ViewShare" if vad.inherit else "ViewUnmap") if vad.is_view else ""
    first = last = None
    if area is not None:
        first = prototype_address(kernel, vad, vad.start_vpn << page_shift)
        pages = min(vad.pages, area.total_pages - vad.first_page)
        last = prototype_address(kernel, vad, vad.start_vpn + pages - 1 << page_shift)
    return VadDetailRow(
        row.start,
        row.end,
        None if area is None else area.index,
        first,
        last,
        row.commit,
        vad.first_page << page_shift if area is not None else None,
        inherit,
        "NoChange" if vad.no_change else "",
        row.protection,
        row.details.removesuffix("NoChange").removesuffix(", "),
    )


_ABSENT: Final = (
    (
        "address, level, average level, maximum depth",
        "descriptors are kept in order, not in a tree in simulated RAM",
    ),
    ("Secured", "no driver secures memory here"),
)

COMMANDS: Final = (
    Command(
        "!vad",
        "[ID [FLAGS]]",
        "virtual address descriptors of a process; with flag 1 in full",
        _vads,
        (VadRow, VadDetailRow, VadTotalRow),
        absent=_ABSENT,
    ),
)
