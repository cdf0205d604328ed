"""Page lists, and a page's way through the PFN database."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.hw.ram import Ram
from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.mm.pfn import ENTRY_FORMS, NO_FRAME, PageState, PageUse, PfnDatabase
from ntmm.kernel.mm.pfn.columns import sparse_column
from ntmm.kernel.mm.pfn.database import MODIFIED_FLAG, RESERVE_PAGES
from ntmm.kernel.mm.pfn.lists import PageList
from tests.kernel.mm.machine import PAGE

USE = PageUse.PROCESS_PRIVATE


def database(frames: int = 8, architecture: str = "x64") -> tuple[PfnDatabase, Ram]:
    """Frame 0 serves as the page table of all others; the database lies in one more page."""
    ram = Ram((frames + 1) * PAGE)
    pfn = PfnDatabase(ram, PAGE, ENTRY_FORMS[architecture], junk_fill=True)
    assert (pfn.limit, pfn.frames) == (frames, frames + 1)
    assert pfn.take_zeroed(PageUse.PAGE_TABLE) == 0
    return pfn, ram


def to_list(pfn: PfnDatabase, modified: bool) -> int:
    """A page with a transition PTE in frame 0 that goes to standby or modified."""
    frame = pfn.take_zeroed(USE)
    pfn.pte_frame[frame], pfn.pte_address[frame] = 0, frame * 8
    pfn.original_pte[frame] = 0x80
    pfn.share_count[0] += 1
    pfn.flags[frame] = MODIFIED_FLAG if modified else 0
    assert pfn.drop_share(frame)
    return frame


def snapshot(pfn: PfnDatabase, frame: int) -> tuple[PageState, PageUse, int, int]:
    return (
        PageState(pfn.state[frame]),
        PageUse(pfn.use[frame]),
        pfn.shares(frame),
        pfn.reference_count[frame],
    )


@given(st.lists(st.one_of(st.just(-1), st.integers(0, 15)), max_size=80))
def test_is_a_page_list_a_queue(steps: list[int]) -> None:
    """-1 pops; a number appends the frame, or takes it out if it is there."""
    pages = PageList("test", sparse_column(16, "I"), sparse_column(16, "I"))
    model: deque[int] = deque()
    for step in steps:
        if step < 0:
            assert pages.pop() == (model.popleft() if model else NO_FRAME)
        elif step in model:
            model.remove(step)
            pages.remove(step)
        else:
            model.append(step)
            pages.append(step)
        assert list(pages) == list(model)
        ends = (model[0], model[-1]) if model else (NO_FRAME, NO_FRAME)
        assert (pages.count, pages.head, pages.tail) == (len(model), *ends)


def test_in_which_order_are_pages_taken() -> None:
    pfn, ram = database()
    first, second, third = (pfn.take_zeroed(USE) for _ in range(3))
    pfn.free(second)
    pfn.free(first)
    assert (first, second, third, pfn.available) == (1, 2, 3, 6)
    assert bytes(ram.bytes[PAGE : 2 * PAGE]) == b"\xdd" * PAGE
    assert pfn.take_any(USE, colour=second) == second  # the free list first: its contents do not matter
    assert [pfn.take_zeroed(USE) for _ in range(5)] == [4, 5, 6, 7, first]  # zeroed ones first
    assert not any(ram.bytes[PAGE : 2 * PAGE])
    assert pfn.available == 0


def test_what_happens_when_no_page_is_left() -> None:
    pfn, _ = database(2)
    pfn.take_zeroed(USE)
    for take in (pfn.take_zeroed, pfn.take_any):
        with pytest.raises(Bugcheck, match=r"0x0000004D NO_PAGES_AVAILABLE: .*--ram") as stopped:
            take(USE)
        assert stopped.value.code is BugcheckCode.NO_PAGES_AVAILABLE


@pytest.mark.parametrize(("modified", "state"), [(False, PageState.STANDBY), (True, PageState.MODIFIED)])
def test_where_does_a_page_go_that_nobody_maps(modified: bool, state: PageState) -> None:
    pfn, _ = database()
    frame = to_list(pfn, modified)
    assert snapshot(pfn, frame) == (state, USE, 0, 0)
    assert (pfn.standby.count, pfn.modified.count) == (int(not modified), int(modified))
    assert pfn.available == (7 if not modified else 6)
    pfn.reactivate(frame)
    assert snapshot(pfn, frame) == (PageState.ACTIVE, USE, 1, 1)
    assert (pfn.standby.count, pfn.modified.count) == (0, 0)
    pfn.drop_share(frame)
    pfn.free(frame)
    assert snapshot(pfn, frame) == (PageState.FREE, PageUse.UNUSED, 0, 0)
    assert pfn.flags[frame] == 0


def test_does_only_the_last_share_put_a_page_on_a_list() -> None:
    pfn, _ = database()
    frame = pfn.take_zeroed(USE)
    pfn.add_share(frame)
    assert not pfn.drop_share(frame)
    assert snapshot(pfn, frame) == (PageState.ACTIVE, USE, 1, 1)
    assert pfn.drop_share(frame)


def test_does_a_page_with_io_under_way_stay_off_the_lists() -> None:
    pfn, _ = database()
    frame = pfn.take_zeroed(USE)
    pfn.reference(frame)
    assert pfn.drop_share(frame)
    assert snapshot(pfn, frame) == (PageState.TRANSITION, USE, 0, 1)
    assert pfn.standby.count == 0
    pfn.reactivate(frame)  # a soft fault while the I/O goes on
    assert snapshot(pfn, frame) == (PageState.ACTIVE, USE, 1, 2)
    pfn.dereference(frame)
    assert snapshot(pfn, frame) == (PageState.ACTIVE, USE, 1, 1)


@pytest.mark.parametrize("architecture", ["x86", "pae", "x64"])
def test_does_the_oldest_standby_page_give_its_pte_back(architecture: str) -> None:
    pfn, ram = database(4, architecture)
    pte_size = 4 if architecture == "x86" else 8
    words, forgotten = ram.u64 if pte_size == 8 else ram.u32, list[int]()
    pfn.forget_code = forgotten.append
    old, new = (to_list(pfn, modified=False) for _ in range(2))
    for frame in (old, new):
        pfn.pte_address[frame] = frame * pte_size
        words[frame] = frame << 12 | 0x880
    ram.bytes[old * PAGE] = 7
    pfn.take_zeroed(USE)
    assert pfn.take_zeroed(USE) == old
    assert (words[old], words[new]) == (0x80, new << 12 | 0x880)
    assert (pfn.share_count[0], pfn.repurposed, forgotten, ram.bytes[old * PAGE]) == (2, 1, [old], 0)


def test_is_a_page_freed_twice_a_bugcheck() -> None:
    pfn, _ = database()
    frame = pfn.take_zeroed(USE)
    pfn.free(frame)
    with pytest.raises(Bugcheck) as stopped:
        pfn.free(frame)
    assert (stopped.value.code, stopped.value.parameters) == (BugcheckCode.PFN_LIST_CORRUPT, (frame,))


def test_may_a_page_be_freed_that_another_maps() -> None:
    pfn, _ = database()
    frame = pfn.take_zeroed(USE)
    pfn.add_share(frame)
    with pytest.raises(AssertionError, match="freed while 2 share it"):
        pfn.free(frame)


def test_are_adjacent_pages_given_only_from_untouched_ram() -> None:
    pfn, _ = database()
    pfn.free(pfn.take_zeroed(USE))
    assert pfn.take_contiguous(5, PageUse.PAGE_TABLE) == 2
    assert [pfn.state[frame] for frame in range(2, 7)] == [PageState.ACTIVE] * 5
    assert pfn.take_contiguous(2, PageUse.PAGE_TABLE) == NO_FRAME
    assert (pfn.high_water, pfn.available) == (7, 2)


def test_when_is_memory_short() -> None:
    pfn, _ = database(2 * RESERVE_PAGES)
    answers = []
    while pfn.available:
        answers.append((pfn.available, pfn.is_short()))
        pfn.take_zeroed(USE)
    assert [available for available, short in answers if short] == list(range(RESERVE_PAGES - 1, 0, -1))


def test_is_every_transition_told_to_a_recorder() -> None:
    pfn, _ = database()
    seen: list[tuple[int, int, int]] = []
    pfn.moved = lambda frame, before, after: seen.append((frame, before, after))
    frame = to_list(pfn, modified=True)
    pfn.reactivate(frame)
    pfn.free(frame)
    pfn.take_any(USE)
    active = PageState.ACTIVE
    assert seen == [
        (frame, PageState.ZEROED, active),
        (frame, active, PageState.MODIFIED),
        (frame, PageState.MODIFIED, active),
        (frame, active, PageState.FREE),
        (frame, PageState.FREE, active),
    ]


def test_does_a_large_machine_cost_nothing_before_it_is_used() -> None:
    pfn = PfnDatabase(Ram(1 << 36), PAGE, ENTRY_FORMS["pae"])
    assert (pfn.frames, pfn.high_water, len(pfn.database)) == (1 << 24, 0, (1 << 24) * 28 // PAGE)
    assert pfn.available == pfn.frames - len(pfn.database)
