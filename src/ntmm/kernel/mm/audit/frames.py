"""The PFN database against what the tables say: states, lists, counts, back pointers."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from ntmm.kernel.mm.audit.findings import Findings
from ntmm.kernel.mm.audit.locked_memory import ordinary_frames
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn import NO_FRAME, PageState, PageUse, PfnDatabase
from ntmm.kernel.mm.pfn.lists import PageList
from ntmm.kernel.mm.pfn.state import DELETED_FLAG, MODIFIED_FLAG

_KEPT: Final = (PageState.STANDBY, PageState.MODIFIED, PageState.MODIFIED_NO_WRITE, PageState.TRANSITION)
"""States of pages that transition entries name."""
_SAMPLE: Final = 64
"""Never-touched frames that are looked at; a machine may have millions."""


def check_frames(manager: MemoryManager, findings: Findings) -> Iterator[str]:
    """Every frame is in exactly one state, and its counts are those of the tables."""
    pfn = manager.pfn
    listed: dict[int, PageState] = {}
    for state, pages in _lists(pfn):
        yield from _check_list(pfn, state, pages, listed)
    yield from _check_transitions(pfn)
    for frame in ordinary_frames(pfn):
        yield from _check_frame(manager, findings, frame, listed)
    for frame in range(pfn.high_water, min(pfn.limit, pfn.high_water + _SAMPLE)):
        contents = manager.ram.bytes[frame * pfn.page_size : (frame + 1) * pfn.page_size]
        if pfn.state[frame] != PageState.ZEROED or pfn.share_count[frame] or any(contents.cast("Q")):
            yield f"frame {frame:#x} above the high-water mark is in use"
    for frame in sorted(findings.held | findings.kept):
        if frame >= pfn.high_water:
            yield f"frame {frame:#x} is mapped but was never handed out"


def _lists(pfn: PfnDatabase) -> list[tuple[PageState, PageList]]:
    """Every list; those with colours once for each."""
    return [
        *((PageState.ZEROED, pages) for pages in pfn.zeroed.by_colour()),
        *((PageState.FREE, pages) for pages in pfn.free_list.by_colour()),
        (PageState.STANDBY, pfn.standby),
        (PageState.MODIFIED, pfn.modified),
        (PageState.MODIFIED, pfn.modified_mapped),
        (PageState.MODIFIED_NO_WRITE, pfn.modified_no_write),
        (PageState.BAD, pfn.bad),
    ]


def _check_transitions(pfn: PfnDatabase) -> Iterator[str]:
    """The transitions that were counted lead to what is there."""
    states = Counter(pfn.state[: pfn.high_water].tolist())
    states[PageState.ACTIVE] += len(pfn.database)
    for state, count in ((PageState.ACTIVE, pfn.active), (PageState.TRANSITION, pfn.in_transition)):
        if states[state] != count:
            yield f"{count} pages went to state {state.name} and stayed, {states[state]} are in it"
    if states[PageState.BAD] != pfn.bad.count + pfn.set_aside:
        yield f"{pfn.set_aside} frames below 4 GB are set aside, {states[PageState.BAD] - pfn.bad.count} look so"
    for pages in (pfn.zeroed, pfn.free_list):
        if pages.count != sum(part.count for part in pages.by_colour()):
            yield f"the {pages.name} list counts {pages.count} pages over all colours"


def _check_list(pfn: PfnDatabase, state: PageState, pages: PageList, listed: dict[int, PageState]) -> Iterator[str]:
    count, before = 0, NO_FRAME
    for frame in pages:
        count += 1
        if frame in listed:
            yield f"frame {frame:#x} is on two lists"
            return
        listed[frame] = state
        if pfn.blink[frame] != before:
            yield f"frame {frame:#x} on the {pages.name} list points back to {pfn.blink[frame]:#x}"
        before = frame
    if count != pages.count or pages.tail != before:
        yield f"the {pages.name} list says {pages.count} pages and holds {count}"


def _check_frame(manager: MemoryManager, findings: Findings, frame: int, listed: dict[int, PageState]) -> Iterator[str]:
    pfn = manager.pfn
    state = PageState(pfn.state[frame])
    if frame in listed and listed[frame] is not state:
        yield f"frame {frame:#x} is on the list of {listed[frame].name} in state {state.name}"
    if state is PageState.ACTIVE:
        if frame not in findings.held and not findings.shares[frame]:
            yield f"frame {frame:#x} is active and nobody maps it"
        if not pfn.share_count[frame]:
            yield f"frame {frame:#x} is active without a share"
        if not pfn.reference_count[frame]:
            yield f"frame {frame:#x} is active without a reference"
    elif state is PageState.TRANSITION:
        if not pfn.reference_count[frame] or pfn.share_count[frame]:
            yield f"frame {frame:#x} is in transition without a reference, or with shares"
    else:
        if frame not in listed:
            yield f"frame {frame:#x} in state {state.name} is on no list"
        if pfn.reference_count[frame]:
            yield f"frame {frame:#x} in state {state.name} has {pfn.reference_count[frame]} references"
    if frame not in findings.kept and state in _KEPT and not pfn.flags[frame] & DELETED_FLAG:
        yield f"frame {frame:#x} in state {state.name} is named by no transition entry"
    if frame in findings.kept and state not in (*_KEPT, PageState.ACTIVE):
        yield f"frame {frame:#x} in state {state.name} does not fit its transition entries"
    if frame in findings.held and state is not PageState.ACTIVE:
        yield f"frame {frame:#x} is mapped in state {state.name}"
    if state is PageState.MODIFIED and not pfn.flags[frame] & MODIFIED_FLAG:
        yield f"frame {frame:#x} is on the modified list without having been modified"
    if state is PageState.STANDBY and pfn.flags[frame] & MODIFIED_FLAG:
        yield f"frame {frame:#x} is on the standby list with contents that exist nowhere else"
    if state in (PageState.ZEROED, PageState.FREE):
        yield from _check_unowned(manager, frame, state)
    yield from _check_counts(manager, findings, frame)


def _check_unowned(manager: MemoryManager, frame: int, state: PageState) -> Iterator[str]:
    """Nobody has written to a page since it was freed: zeroed ones hold zeroes, free ones junk in checking builds."""
    pfn = manager.pfn
    if pfn.use[frame] != PageUse.UNUSED or pfn.flags[frame]:
        yield f"frame {frame:#x} in state {state.name} is still marked as used"
    start = frame * pfn.page_size
    contents = manager.ram.bytes[start : start + pfn.page_size]
    expected = bytes(pfn.page_size) if state is PageState.ZEROED else pfn._junk_page
    if expected is not None and contents != expected:
        yield f"frame {frame:#x} in state {state.name} was written to"


def _check_counts(manager: MemoryManager, findings: Findings, frame: int) -> Iterator[str]:
    pfn = manager.pfn
    if pfn.shares(frame) != findings.shares[frame]:
        yield f"frame {frame:#x} has share count {pfn.shares(frame)}, the tables say {findings.shares[frame]}"
    # pages of paged pool hold other words too, and tables on a list are counted when they come back
    is_table = pfn.use[frame] == PageUse.PAGE_TABLE and pfn.state[frame] == PageState.ACTIVE
    if is_table and frame in findings.used and pfn.used_entries[frame] != findings.used[frame]:
        yield f"table {frame:#x} says {pfn.used_entries[frame]} entries, it holds {findings.used[frame]}"
    place = findings.places.get(frame)
    if place is not None and pfn.pte_index(frame) != place:
        yield f"frame {frame:#x} names PTE {pfn.pte_index(frame):#x}, it is mapped by {place:#x}"
