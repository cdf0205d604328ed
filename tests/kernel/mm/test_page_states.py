"""Every transition of a page that the table in `pfn.state` names, with its lists, counts and signals."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from ntmm.hw.ram import Ram
from ntmm.kernel.mm.commit import SlotBitmap
from ntmm.kernel.mm.pfn import ENTRY_FORMS, PageState, PageUse, PfnDatabase
from ntmm.kernel.mm.pfn.lists import ColouredList, PageList
from ntmm.kernel.mm.pfn.state import DELETED_FLAG, MODIFIED_FLAG, NO_WRITE_FLAG, READ_FLAG, WRITE_FLAG
from tests.kernel.mm.machine import PAGE, MemoryMachine

USE = PageUse.PROCESS_PRIVATE
ZEROED, FREE, STANDBY, MODIFIED = PageState.ZEROED, PageState.FREE, PageState.STANDBY, PageState.MODIFIED
NO_WRITE, BAD, ACTIVE, TRANSITION = PageState.MODIFIED_NO_WRITE, PageState.BAD, PageState.ACTIVE, PageState.TRANSITION


class Lists:
    """A small database whose frame 0 is the page table of all other frames."""

    def __init__(self, frames: int = 16) -> None:
        self.ram = Ram((frames + 1) * PAGE)
        self.pfn = PfnDatabase(self.ram, PAGE, ENTRY_FORMS["x64"], junk_fill=True)
        self.pfn.slots.append(SlotBitmap(64))
        assert self.pfn.take_zeroed(PageUse.PAGE_TABLE) == 0

    def active(self, flags: int = 0) -> int:
        """A mapped page with its PTE in frame 0."""
        pfn, frame = self.pfn, self.pfn.take_zeroed(USE)
        pfn.pte_frame[frame], pfn.pte_address[frame], pfn.original_pte[frame] = 0, frame * 8, 0x80
        self.ram.u64[frame] = frame << 12 | 1
        pfn.share_count[0] += 1
        pfn.flags[frame] = flags
        return frame

    def listed(self, flags: int = 0) -> int:
        """A page that nobody maps any more, with a transition PTE."""
        frame = self.active(flags)
        self.pfn.drop_share(frame)
        self.ram.u64[frame] = frame << 12 | 0x880
        return frame

    def state(self, frame: int) -> tuple[PageState, int, int]:
        """State, shares and references."""
        pfn = self.pfn
        return PageState(pfn.state[frame]), pfn.shares(frame), pfn.reference_count[frame]

    def counts(self) -> dict[PageState, int]:
        """Pages by list, those that are not empty."""
        pfn = self.pfn
        lists: dict[PageState, PageList | ColouredList] = {
            ZEROED: pfn.zeroed,
            FREE: pfn.free_list,
            STANDBY: pfn.standby,
            MODIFIED: pfn.modified,
            NO_WRITE: pfn.modified_no_write,
            BAD: pfn.bad,
        }
        return {state: pages.count for state, pages in lists.items() if pages.count}

    def moved(self, step: Callable[[], object]) -> dict[tuple[PageState, PageState], int]:
        """The transitions that a step makes, by their counters."""
        before = list(self.pfn.moves)
        step()
        changed = {
            at: now - was for at, (was, now) in enumerate(zip(before, self.pfn.moves, strict=True)) if now != was
        }
        return {(PageState(at // 8), PageState(at % 8)): count for at, count in changed.items()}


@pytest.fixture
def lists() -> Lists:
    return Lists()


@pytest.mark.parametrize(
    ("flags", "state"),
    [(0, STANDBY), (MODIFIED_FLAG, MODIFIED), (NO_WRITE_FLAG, NO_WRITE), (NO_WRITE_FLAG | 1, NO_WRITE)],
)
def test_to_which_list_does_a_page_go_and_how_back(lists: Lists, flags: int, state: PageState) -> None:
    frame = lists.active(flags)
    assert lists.moved(lambda: lists.pfn.drop_share(frame)) == {(ACTIVE, state): 1}
    assert (lists.state(frame), lists.counts()) == ((state, 0, 0), {state: 1})
    assert lists.moved(lambda: lists.pfn.reactivate(frame)) == {(state, ACTIVE): 1}
    assert (lists.state(frame), lists.counts()) == ((ACTIVE, 1, 1), {})
    assert lists.pfn.flags[frame] == flags


@pytest.mark.parametrize(("flags", "state"), [(0, STANDBY), (MODIFIED_FLAG, MODIFIED), (NO_WRITE_FLAG, NO_WRITE)])
def test_where_does_a_referenced_page_wait(lists: Lists, flags: int, state: PageState) -> None:
    """Locked or in the middle of I/O: off all lists until the last reference ends."""
    frame = lists.active(flags)
    lists.pfn.reference(frame)
    lists.pfn.reference(frame)
    assert lists.moved(lambda: lists.pfn.drop_share(frame)) == {(ACTIVE, TRANSITION): 1}
    assert (lists.state(frame), lists.counts()) == ((TRANSITION, 0, 2), {})
    assert lists.moved(lambda: lists.pfn.dereference(frame)) == {}
    assert lists.moved(lambda: lists.pfn.dereference(frame)) == {(TRANSITION, state): 1}
    assert lists.counts() == {state: 1}


@pytest.mark.parametrize("flags", [0, MODIFIED_FLAG, NO_WRITE_FLAG])
def test_does_a_deleted_page_leave_every_list(lists: Lists, flags: int) -> None:
    frame = lists.listed(flags)
    state = PageState(lists.pfn.state[frame])
    assert lists.moved(lambda: lists.pfn.free(frame)) == {(state, FREE): 1}
    assert (lists.state(frame), lists.counts()) == ((FREE, 0, 0), {FREE: 1})
    assert bytes(lists.ram.bytes[frame * PAGE : frame * PAGE + 4]) == b"\xdd" * 4


@pytest.mark.parametrize("mapped", [True, False])
def test_does_a_page_deleted_during_io_wait_for_its_end(lists: Lists, mapped: bool) -> None:
    frame = lists.active(MODIFIED_FLAG)
    lists.pfn.reference(frame)
    if not mapped:
        lists.pfn.drop_share(frame)
    lists.pfn.free(frame)
    assert (lists.state(frame), lists.pfn.flags[frame] & DELETED_FLAG) == ((TRANSITION, 0, 1), DELETED_FLAG)
    with pytest.raises(AssertionError, match="freed twice"):
        lists.pfn.free(frame)
    assert lists.moved(lambda: lists.pfn.dereference(frame)) == {(TRANSITION, FREE): 1}
    assert lists.state(frame) == (FREE, 0, 0)


def test_what_does_a_page_pass_through_that_is_read(lists: Lists) -> None:
    frames: list[int] = []
    step = lists.moved(lambda: frames.append(lists.pfn.take_for_read(USE)))
    assert step == {(ZEROED, TRANSITION): 1}
    frame = frames[0]
    assert (lists.state(frame), lists.pfn.flags[frame]) == ((TRANSITION, 0, 1), READ_FLAG)
    with pytest.raises(AssertionError, match="is on no list"):
        lists.pfn.reactivate(frame)
    lists.pfn.original_pte[frame] = 0x80
    assert lists.moved(lambda: lists.pfn.end_read(frame)) == {(TRANSITION, STANDBY): 1}
    assert lists.pfn.flags[frame] == 0


def test_what_does_a_page_pass_through_that_is_written(lists: Lists) -> None:
    frame = lists.listed(MODIFIED_FLAG)
    assert lists.moved(lambda: lists.pfn.begin_write(frame)) == {(MODIFIED, TRANSITION): 1}
    assert (lists.state(frame), lists.pfn.flags[frame]) == ((TRANSITION, 0, 1), WRITE_FLAG)
    assert lists.moved(lambda: lists.pfn.end_write(frame, written=True)) == {(TRANSITION, STANDBY): 1}
    assert lists.pfn.flags[frame] == 0


def test_is_a_page_modified_as_before_when_its_write_failed(lists: Lists) -> None:
    frame = lists.listed(MODIFIED_FLAG)
    lists.pfn.begin_write(frame)
    assert lists.moved(lambda: lists.pfn.end_write(frame, written=False)) == {(TRANSITION, MODIFIED): 1}
    assert lists.pfn.flags[frame] == MODIFIED_FLAG


@pytest.mark.parametrize("trimmed_again", [False, True])
def test_is_a_page_dirty_again_that_changed_while_it_was_written(lists: Lists, trimmed_again: bool) -> None:
    """A fault takes the page back during the write, and the program changes it: the slot holds old contents."""
    pfn, frame = lists.pfn, lists.listed(MODIFIED_FLAG)
    run = pfn.slots[0].allocate(1)
    assert run is not None
    pfn.begin_write(frame)
    pfn.original_pte[frame] = run.first << 32 | 0x80
    pfn.reactivate(frame)
    assert lists.state(frame) == (ACTIVE, 1, 2)
    pfn.flags[frame] |= MODIFIED_FLAG
    if trimmed_again:
        pfn.drop_share(frame)
        assert lists.state(frame) == (TRANSITION, 0, 1)
    pfn.end_write(frame, written=True)
    if not trimmed_again:
        assert lists.state(frame) == (ACTIVE, 1, 1)
        pfn.drop_share(frame)
    assert (lists.state(frame), lists.counts()) == ((MODIFIED, 0, 0), {MODIFIED: 1})
    assert (pfn.slots[0].used, pfn.original_pte[frame]) == (0, 0x80)


def test_may_a_page_be_written_before_its_owner_allows_it(lists: Lists) -> None:
    frame = lists.listed(NO_WRITE_FLAG | MODIFIED_FLAG)
    with pytest.raises(AssertionError):
        lists.pfn.begin_write(frame)
    assert lists.moved(lambda: lists.pfn.allow_write(frame)) == {(NO_WRITE, MODIFIED): 1}
    lists.pfn.begin_write(frame)


def test_does_allowing_a_mapped_page_only_clear_its_flag(lists: Lists) -> None:
    frame = lists.active(NO_WRITE_FLAG | MODIFIED_FLAG)
    assert lists.moved(lambda: lists.pfn.allow_write(frame)) == {}
    assert lists.moved(lambda: lists.pfn.drop_share(frame)) == {(ACTIVE, MODIFIED): 1}


def test_is_a_free_page_zeroed(lists: Lists) -> None:
    frame = lists.active()
    lists.pfn.free(frame)
    assert lists.moved(lists.pfn.zero_one) == {(FREE, ZEROED): 1}
    assert not lists.pfn.zero_one()
    assert not any(lists.ram.bytes[frame * PAGE : (frame + 1) * PAGE])
    assert lists.counts() == {ZEROED: 1}


@pytest.mark.parametrize("zero", [False, True])
def test_is_a_faulty_page_never_used_again(lists: Lists, zero: bool) -> None:
    pfn, frame = lists.pfn, lists.active()
    pfn.free(frame)
    if zero:
        pfn.zero_one()
    before = ZEROED if zero else FREE
    available = pfn.available
    assert lists.moved(lambda: pfn.retire(frame)) == {(before, BAD): 1}
    assert (lists.counts(), pfn.available) == ({BAD: 1}, available - 1)
    assert frame not in [pfn.take_zeroed(USE) for _ in range(pfn.available)]


def test_may_a_page_in_use_be_retired(lists: Lists) -> None:
    with pytest.raises(AssertionError, match="is in use"):
        lists.pfn.retire(lists.active())


def test_are_standby_pages_the_last_to_be_reused_and_the_oldest_first(lists: Lists) -> None:
    pfn = lists.pfn
    pages = [lists.listed() for _ in range(4)]
    pfn.reactivate(pages[0])
    pfn.drop_share(pages[0])  # used again: now the youngest
    freed = lists.active()
    pfn.free(freed)
    taken = [pfn.take_zeroed(USE) for _ in range(pfn.never_touched + 5)]
    assert taken[-5:] == [freed, *pages[1:], pages[0]]
    assert [lists.ram.u64[frame] for frame in pages] == [0x80] * 4
    assert pfn.repurposed == 4


def test_does_a_page_keep_its_slot_while_it_is_clean(lists: Lists) -> None:
    """A page that was read from a paging file need not be written again; a changed one gives its slot back."""
    pfn, slots = lists.pfn, lists.pfn.slots[0]
    run = slots.allocate(2)
    assert run is not None
    clean, dirty = lists.active(), lists.active(MODIFIED_FLAG)
    for number, frame in enumerate((clean, dirty)):
        pfn.original_pte[frame] = run.first + number << 32 | 0x80
        pfn.drop_share(frame)
    assert [pfn.original_pte[frame] for frame in (clean, dirty)] == [run.first << 32 | 0x80, 0x80]
    assert slots.in_use() == [run.first]
    pfn.free(clean)
    assert slots.in_use() == []


def test_is_the_colour_asked_for_preferred() -> None:
    """Page colours are the low bits of the frame number; without a page of one the next colours serve."""
    lists = Lists(256)
    pfn = lists.pfn
    frames = [pfn.take_zeroed(USE) for _ in range(pfn.available)]
    for frame in frames:
        pfn.free(frame)
    while pfn.zero_one():
        pass
    assert [pfn.take_zeroed(USE, colour) for colour in (5, 5, 5)] == [5, 69, 133]
    assert pfn.take_zeroed(USE, 64 + 7) == 7
    assert [pfn.take_zeroed(USE, 5) for _ in range(2)] == [197, 6]


def test_do_demand_zero_faults_of_a_process_take_turns_among_colours() -> None:
    machine = MemoryMachine("x86", 4 << 20)
    process = machine.new_process()
    for frame in machine.fill_ram(0):
        machine.mm.pfn.free(frame)
    base = machine.allocate(process, 16 * PAGE)
    process.space.memory.read(base, PAGE)
    process.space.memory.write(base, bytes(16 * PAGE))
    colours = [machine.frame(process, base + page * PAGE) % 64 for page in range(16)]
    assert all((after - before) % 64 == 1 for before, after in pairwise(colours[1:]))
    machine.check()


def test_who_is_told_of_what(lists: Lists) -> None:
    pfn, told = lists.pfn, list[str]()
    signals = pfn.signals
    signals.memory_short = lambda: told.append("short")
    signals.modified_over_maximum = lambda: told.append("modified")
    signals.pages_to_zero = lambda: told.append("zero")
    signals.page_available = lambda: told.append("available")
    signals.modified_maximum, signals.free_for_zeroing = 1, 2
    signals.low_water, signals.watch_from_frame = 10, 0
    pages = [lists.active(MODIFIED_FLAG) for _ in range(5)]
    assert told == []
    lists.active()
    assert told == ["short"]
    told.clear()
    pfn.drop_share(pages[0])
    pfn.drop_share(pages[1])
    assert told == ["modified"]
    told.clear()
    signals.waiters = 1
    pfn.free(pages[2])
    pfn.free(pages[3])
    assert told == ["available", "zero", "available"]
    told.clear()
    pfn.flags[pages[4]] = 0
    pfn.drop_share(pages[4])
    assert told == ["available"]


def test_do_the_counters_say_how_many_pages_are_where(lists: Lists) -> None:
    pfn = lists.pfn
    lists.listed()
    lists.listed(MODIFIED_FLAG)
    pfn.begin_write(lists.listed(MODIFIED_FLAG))
    assert (pfn.active, pfn.in_transition) == (2, 1)  # the page table and the database; what is written
    assert pfn.available == 16 - 1 - 2
