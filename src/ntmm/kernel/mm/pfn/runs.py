"""Many pages at once: runs of adjacent frames, and pages that their owner keeps until it frees them itself.

A machine may have millions of frames, so whole columns are written with numpy.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from ntmm.kernel.mm.pfn.columns import column
from ntmm.kernel.mm.pfn.database import RESERVE_PAGES, PfnDatabase
from ntmm.kernel.mm.pfn.lists import NO_FRAME
from ntmm.kernel.mm.pfn.state import PageState, PageUse

Frames = npt.NDArray[np.uint32]

_TAKEABLE: Final = (PageState.ZEROED, PageState.FREE, PageState.STANDBY)


def take_frames(pfn: PfnDatabase, count: int, use: PageUse) -> Frames:
    """`count` zeroed pages, each ACTIVE with one share; the caller knows that so many are available."""
    assert count <= pfn.available
    first, fresh = pfn.high_water, min(count, pfn.never_touched)
    _take_fresh(pfn, first, fresh, use)
    rest = [pfn.take_zeroed(use) for _ in range(count - fresh)]
    return np.concatenate((np.arange(first, first + fresh, dtype=np.uint32), np.array(rest, dtype=np.uint32)))


def take_aligned_run(pfn: PfnDatabase, count: int, use: PageUse) -> int:
    """The first of `count` adjacent zeroed pages at a multiple of `count`, ACTIVE with one share; NO_FRAME if RAM is
    too fragmented. Standby pages are taken where a run needs them; nothing is written out and nothing waited for.
    """
    start = -(-pfn.high_water // count) * count
    if start + count + RESERVE_PAGES <= pfn.limit:
        _list_up_to(pfn, start)
        _take_fresh(pfn, start, count, use)
        return start
    start = _find_run(pfn, count)
    if start != NO_FRAME:
        _list_up_to(pfn, min(pfn.limit, start + count))
        for frame in range(start, start + count):
            pfn.take_this(frame, use)
    return start


def take_contiguous_run(pfn: PfnDatabase, count: int, alignment: int, use: PageUse) -> int | None:
    """The first of `count` adjacent zeroed pages at a multiple of `alignment`, from frames that were never handed out;
    None if there are not so many left.
    """
    start = -(-pfn.high_water // alignment) * alignment
    if start + count + RESERVE_PAGES > pfn.limit:
        return None
    _list_up_to(pfn, start)
    _take_fresh(pfn, start, count, use)
    return start


def _list_up_to(pfn: PfnDatabase, end: int) -> None:
    """Frames that were never handed out, below `end`, go to the list of zeroed pages."""
    if pfn.high_water < end:
        pfn.zeroed.append_run(pfn.high_water, end)
        pfn.high_water = end


def _find_run(pfn: PfnDatabase, count: int) -> int:
    """The lowest aligned run of pages that can be had at once and leaves the reserve, or NO_FRAME."""
    if pfn.available < count + RESERVE_PAGES:
        return NO_FRAME
    runs = min(pfn.limit, pfn.high_water + count) // count
    takeable = np.isin(column(pfn.state)[: runs * count], [int(state) for state in _TAKEABLE])
    found = np.flatnonzero(takeable.reshape(runs, count).all(axis=1))
    return int(found[0]) * count if len(found) else NO_FRAME


def _take_fresh(pfn: PfnDatabase, first: int, count: int, use: PageUse) -> None:
    """Takes frames that were never handed out and begin at the high-water mark."""
    assert first == pfn.high_water
    if not count:
        return
    end = first + count
    pfn.high_water = end
    pfn.state[first] = int(PageState.ACTIVE)
    pfn.share_count[first] = pfn.reference_count[first] = 1
    pfn.entries.repeat(first, end)
    column(pfn.use)[first:end] = int(use)
    pfn.moved_many(PageState.ZEROED, PageState.ACTIVE, count)
    if pfn.moved is not None:
        for frame in range(first, end):
            pfn.moved(frame, int(PageState.ZEROED), int(PageState.ACTIVE))
    if end >= pfn.signals.watch_from_frame:
        pfn.signals.pages_taken(pfn.available)


def free_frames(pfn: PfnDatabase, frames: Frames) -> None:
    """Pages whose only share is their owner's go to the free list."""
    for frame in frames.tolist():
        pfn.free(frame)
