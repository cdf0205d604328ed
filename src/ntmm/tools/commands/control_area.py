"""Control areas, segments and subsections: !ca."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.kernel.mm.section import ControlArea
from ntmm.tools.command import Command
from ntmm.tools.debugger import Debugger
from ntmm.tools.expressions import address_of, number_of
from ntmm.tools.object_view import ControlAreaFacts, control_area_at, control_areas_with_frames
from ntmm.tools.protections import protection_name
from ntmm.tools.rows import CommandError, Form, Layout, Row, column


@dataclass(frozen=True, slots=True)
class ControlAreaRow(Row):
    """One control area."""

    control: int = column("Control", Form.HEX, "its number")
    segment: int | None = column("Segment", Form.ADDRESS, "its first prototype PTE, once there is one")
    section_references: int = column("Section Ref", Form.COUNT, "section objects over it, and 1 while it is cached")
    pfn_references: int = column("Pfn Ref", Form.COUNT, "frames that hold its pages, standby and modified ones too")
    mapped_views: int = column("Mapped Views", Form.COUNT, "views of it in all processes")
    user_references: int = column("User Ref", Form.COUNT, "section objects and views together, without the cache's")
    subsections: int = column("Subsections", Form.COUNT, "its subsections; those of data files are made when mapped")
    pages: int = column("Pages", Form.COUNT, "pages of its segment")
    flags: str = column("Flags", Form.TEXT, "Image, File or PagingFile; Cached; Unused; WriteFailed")
    file: str = column("File", Form.TEXT, "the file behind it")


@dataclass(frozen=True, slots=True)
class SegmentRow(Row):
    """The segment of a control area."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    total_ptes: int = column("Total Ptes", Form.COUNT, "pages of the segment")
    made_ptes: int = column("Made Ptes", Form.COUNT, "prototype PTEs that exist")
    size: int = column("SizeOfSegment", Form.HEX, "bytes")
    committed: int = column("Committed", Form.COUNT, "pages charged for it, where the paging file backs it")
    image_base: int | None = column("Based address", Form.ADDRESS, "where an image wants to be")


@dataclass(frozen=True, slots=True)
class SubsectionRow(Row):
    """One subsection."""

    subsection: int | None = column("Subsection", Form.ADDRESS, "its place in nonpaged pool, as prototype PTEs name it")
    offset: int = column("Offset", Form.HEX, "where its bytes begin in the file")
    bytes: int = column("Bytes", Form.HEX, "how many of them the file may have")
    base_pte: int = column("Base Pte", Form.ADDRESS, "its first prototype PTE")
    ptes: int = column("Ptes In subsect", Form.COUNT, "its pages")
    first_page: int = column("First Page", Form.HEX, "number of its first page in the segment")
    protection: str = column("Protection", Form.TEXT, "what its pages allow")


def _control_areas(debugger: Debugger, arguments: str) -> Iterator[Row]:
    facts = control_areas_with_frames(debugger.kernel)
    if not arguments:
        yield from map(_area_row, facts)
        return
    one = _find(debugger, facts, arguments)
    yield _area_row(one)
    yield _segment_row(one.area)
    yield from _subsection_rows(one.area)


def _find(debugger: Debugger, facts: list[ControlAreaFacts], text: str) -> ControlAreaFacts:
    """By number, or by an address that belongs to it."""
    number = number_of(text)
    if number is None or all(one.area.index != number for one in facts):
        number = control_area_at(debugger.kernel, debugger.process, address_of(debugger, text))
    found = next((one for one in facts if one.area.index == number), None)
    if found is None:
        raise CommandError(f"no control area has the number {text} or is mapped there")
    return found


def _area_row(facts: ControlAreaFacts) -> ControlAreaRow:
    area = facts.area
    first = area.first_prototype or next((part.first_prototype for part in area.subsections), None)
    return ControlAreaRow(
        area.index,
        first,
        area.section_references + area.cache_references,
        facts.frames,
        area.mapped_views,
        area.section_references + area.mapped_views,
        len(area.subsections),
        area.total_pages,
        _flags(area),
        area.name,
    )


def _flags(area: ControlArea) -> str:
    marks = ((area.cache_references, "Cached"), (not area.is_used, "Unused"), (area.write_failed, "WriteFailed"))
    kind = area.kind.name.title().replace("_", "")
    return " ".join((kind, *(word for is_set, word in marks if is_set)))


def _segment_row(area: ControlArea) -> SegmentRow:
    return SegmentRow(
        area.total_pages,
        sum(1 for _ in area.pages()),
        area.size or area.total_pages * area.page_size,
        area.account.pages if area.account is not None else 0,
        area.preferred_base or None,
    )


def _subsection_rows(area: ControlArea) -> Iterator[SubsectionRow]:
    for part in area.subsections:
        yield SubsectionRow(
            part.address or None,
            part.file_offset,
            part.file_size,
            part.first_prototype,
            part.pages,
            part.first_page,
            protection_name(part.protection),
        )


COMMANDS: Final = (
    Command(
        "!ca",
        "[NUMBER|ADDRESS]",
        "control areas of files and shared memory: all, or one with its subsections",
        _control_areas,
        (ControlAreaRow, SegmentRow, SubsectionRow),
        takes_address=True,
    ),
)
