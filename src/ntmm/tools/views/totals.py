"""The regions of a process added up by type, with the free rest of the address space and a line for all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ntmm.kernel.ps import Process
from ntmm.tools.rows import Form, Row, column
from ntmm.tools.views.regions import RegionRow, RegionType

_TOTAL = "Total"


@dataclass(frozen=True, slots=True)
class TypeRow(Row):
    """All regions of one type."""

    type: str = column("Type", Form.TEXT, "what they hold")
    size: int = column("Size", Form.SIZE, "addresses that they take")
    committed: int | None = column("Committed", Form.SIZE, "how much of them can be used")
    private: int | None = column("Private", Form.SIZE, "charged to this process")
    total_ws: int | None = column("Total WS", Form.SIZE, "how much of them is in the working set")
    private_ws: int | None = column("Private WS", Form.SIZE, "of that, pages of this process alone")
    shareable_ws: int | None = column("Shareable WS", Form.SIZE, "of that, pages of sections")
    shared_ws: int | None = column("Shared WS", Form.SIZE, "of that, pages of sections mapped more than once now")
    locked_ws: int | None = column("Locked WS", Form.SIZE, "of that, locked pages")
    blocks: int = column("Blocks", Form.COUNT, "number of regions")
    largest: int = column("Largest", Form.SIZE, "size of the largest region")


def totals(process: Process, regions: Sequence[RegionRow]) -> list[TypeRow]:
    """A row for each type that occurs, then all of them together, then what is free."""
    kinds = [kind for kind in RegionType if any(region.type == kind for region in regions)]
    rows = [_sum(kind, [region for region in regions if region.type == kind]) for kind in kinds]
    return [*rows, _sum(_TOTAL, regions), _free(process, regions)]


def _sum(name: str, regions: Sequence[RegionRow]) -> TypeRow:
    return TypeRow(
        name,
        sum(region.size for region in regions),
        sum(region.committed for region in regions),
        sum(region.private for region in regions),
        sum(region.total_ws for region in regions),
        sum(region.private_ws for region in regions),
        sum(region.shareable_ws for region in regions),
        sum(region.shared_ws for region in regions),
        sum(region.locked_ws for region in regions),
        len(regions),
        max((region.size for region in regions), default=0),
    )


def _free(process: Process, regions: Iterable[RegionRow]) -> TypeRow:
    user = process.space.user
    gaps, end = [], user.lowest
    for region in regions:
        if region.address > user.highest_vad:
            break
        gaps.append(region.address - end)
        end = region.address + region.size
    gaps = [gap for gap in (*gaps, user.highest_vad + 1 - end) if gap > 0]
    return TypeRow(
        RegionType.FREE, sum(gaps), None, None, None, None, None, None, None, len(gaps), max(gaps, default=0)
    )
