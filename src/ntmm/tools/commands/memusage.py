"""What RAM is used for: !memusage."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.mm.pfn import PageState, PageUse
from ntmm.kernel.mm.statistics import MemoryStatistics
from ntmm.tools.command import Command, no_arguments
from ntmm.tools.debugger import Debugger
from ntmm.tools.kernel_view import (
    Frame,
    SectionFacts,
    control_areas,
    database_pages,
    frame,
    statistics,
    used_frames,
)
from ntmm.tools.rows import Form, Row, column


@dataclass(frozen=True, slots=True)
class StateRow(Row):
    """Pages in one state."""

    state: str = column("", Form.TEXT, "where the pages are")
    pages: int = column("pages", Form.COUNT, "how many")
    kilobytes: int = column("Kb", Form.COUNT, "the same in kilobytes")


@dataclass(frozen=True, slots=True)
class UsageRow(Row):
    """RAM that one file or one purpose holds, in kilobytes."""

    control: int | None = column("Control", Form.HEX, "number of the control area; none where no file is behind it")
    valid: int = column("Valid", Form.COUNT, "mapped by valid PTEs, Kb")
    standby: int = column("Standby", Form.COUNT, "on the standby list, Kb")
    dirty: int = column("Dirty", Form.COUNT, "on a modified list, Kb")
    shared: int = column("Shared", Form.COUNT, "mapped by more than one PTE, Kb")
    locked: int = column("Locked", Form.COUNT, "referenced for I/O or locked, Kb")
    page_tables: int = column("PageTables", Form.COUNT, "page tables, Kb")
    name: str = column("name", Form.TEXT, "the file, or what the pages serve")


_DIRTY: Final = (PageState.MODIFIED, PageState.MODIFIED_NO_WRITE)
_MAPPED: Final = (PageState.ACTIVE, PageState.TRANSITION)
_KINDS: Final = ("valid", "standby", "dirty", "shared", "locked", "tables")

_Owner = tuple[int | None, str]


def _usage(debugger: Debugger, arguments: str) -> Iterator[Row]:
    no_arguments("!memusage", arguments)
    kernel = debugger.kernel
    kilobytes = kernel.architecture.page_size // 1024
    for state, count in _states(statistics(kernel)):
        yield StateRow(state, count, count * kilobytes)
    areas = sorted(control_areas(kernel), key=lambda area: area.prototypes.start)
    starts = [area.prototypes.start for area in areas]
    sums: defaultdict[_Owner, Counter[str]] = defaultdict(Counter)
    for number in used_frames(kernel):
        entry = frame(kernel, number)
        if entry.use is not PageUse.UNUSED:
            sums[_owner(entry, areas, starts)].update(_kinds(entry))
    sums[None, "pfn database"]["valid"] += database_pages(kernel)
    for (control, name), pages in sorted(sums.items(), key=lambda item: (item[0][0] is None, item[0])):
        valid, standby, dirty, shared, locked, tables = (pages[kind] * kilobytes for kind in _KINDS)
        yield UsageRow(control, valid, standby, dirty, shared, locked, tables, name)


def _states(figures: MemoryStatistics) -> Iterator[tuple[str, int]]:
    yield "Zeroed", figures.zeroed
    yield "Free", figures.free
    yield "Standby", figures.standby
    yield "Modified", figures.modified
    yield "ModifiedNoWrite", figures.modified_no_write
    yield "Active/Valid", figures.active
    yield "Transition", figures.transition
    yield "Bad", figures.bad
    yield "TOTAL", figures.total_pages


def _owner(entry: Frame, areas: list[SectionFacts], starts: list[int]) -> _Owner:
    if entry.is_prototype:
        area = areas[bisect_right(starts, entry.pte_address) - 1] if areas else None
        if area is not None and entry.pte_address in area.prototypes:
            return area.index, area.name
    return None, entry.use.name.lower().replace("_", " ")


def _kinds(entry: Frame) -> Iterator[str]:
    if entry.use is PageUse.PAGE_TABLE:
        yield "tables"
    elif entry.state in _MAPPED:
        yield "valid"
        if entry.share_count > 1:
            yield "shared"
        if entry.reference_count > 1:
            yield "locked"
    elif entry.state is PageState.STANDBY:
        yield "standby"
    elif entry.state in _DIRTY:
        yield "dirty"


COMMANDS: Final = (
    Command("!memusage", "", "what RAM is used for: states, files, purposes", _usage, (StateRow, UsageRow)),
)
