"""Virtual address descriptors: !vad.

They are listed in address order; the level that each has in Windows' tree has no counterpart here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.tools.command import Command, process_of, with_space
from ntmm.tools.debugger import Debugger
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


_SPECIAL: Final = {VadKind.PHYSICAL: "AWE", VadKind.LARGE_PAGES: "LargePages"}


def _vads(debugger: Debugger, arguments: str) -> Iterator[Row]:
    process = with_space(process_of(debugger, arguments))
    vads = list(process.space.vads)
    yield from (_row(vad) for vad in vads)
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


COMMANDS: Final = (Command("!vad", "[ID]", "virtual address descriptors of a process", _vads, (VadRow, VadTotalRow)),)
