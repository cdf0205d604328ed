"""The PFN database (MmPfnDatabase), and every transition of a page.

It lies at the end of RAM; its own frames are ACTIVE without entries that say so. Frames that were never handed out lie
above `high_water`; they count as zeroed and need no list entry, so a machine of 1 TB boots as fast as a small one.
Freed frames are filled with junk in checking builds.
"""

from collections.abc import Callable
from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.mm.commit import SlotBitmap
from ntmm.kernel.mm.pfn.columns import column, sparse_column
from ntmm.kernel.mm.pfn.entries import Entries, EntryForm, database_frames
from ntmm.kernel.mm.pfn.lists import NO_FRAME, ColouredList, PageList
from ntmm.kernel.mm.pfn.signals import PageSignals
from ntmm.kernel.mm.pfn.state import (
    DELETED_FLAG,
    MODIFIED_FLAG,
    NO_WRITE_FLAG,
    PROTOTYPE_FLAG,
    READ_FLAG,
    WRITE_FLAG,
    PageState,
    PageUse,
)

__all__ = ["MODIFIED_FLAG", "PROTOTYPE_FLAG", "RESERVE_PAGES", "PfnDatabase"]

RESERVE_PAGES: Final = 8
"""Pages kept back for the tables and lists that resolving one fault may need."""

COLOURS: Final = 64
"""Page colours where the size of the L2 cache is not known."""

_JUNK: Final = 0xDD
_ZEROED: Final = int(PageState.ZEROED)
_FREE: Final = int(PageState.FREE)
_STANDBY: Final = int(PageState.STANDBY)
_MODIFIED: Final = int(PageState.MODIFIED)
_NO_WRITE: Final = int(PageState.MODIFIED_NO_WRITE)
_ACTIVE: Final = int(PageState.ACTIVE)
_TRANSITION: Final = int(PageState.TRANSITION)
_STATES: Final = len(PageState)
_AVAILABLE: Final = (_FREE, _STANDBY)

_FILE_FIELD: Final = 0x1E
_SOFTWARE_FORM: Final = 0xC01
"""Bits that are clear in a software PTE: valid, prototype, transition."""


class PfnDatabase:
    """Entries of all frames. A PTE's place is the RAM frame that holds it and its virtual address.

    Columns, indexed by frame: `state`, `flags`, `share_count` (valid PTEs mapping the page; for a page table
    one more than its valid and transition entries), `reference_count` (1 while shared, plus one for every I/O or
    lock), `pte_address`, `pte_frame`, `original_pte` (what the PTE becomes when the page goes), `working_set_index`.
    On a list a page has `flink` and `blink` in the places of `working_set_index` and `share_count`.

    Two more columns are no part of Windows' entries and lie outside RAM: `use`, which is for views and reports, and
    `used_entries` (non-zero entries of a page table), which 32-bit Windows counts in its working-set lists.
    """

    def __init__(
        self,
        ram: Ram,
        page_size: int,
        form: EntryForm,
        junk_fill: bool = False,
        alignment: int | None = None,
        colours: int = COLOURS,
    ) -> None:
        """`alignment`: the size in bytes of the pages that will map the database; small ones if it is not given.
        `colours`: of pages, a power of two.

        Raises ValueError where RAM is too small for it.
        """
        frames = ram.size // page_size
        pte_size = 8 if form.pte == "Q" else 4
        self.database = database_frames(ram.size, page_size, form.size, alignment or page_size)
        """The frames of the database itself: the end of RAM, which is never handed out."""
        self.limit = self.database.start
        """Frames below it may be handed out."""
        self.frames = frames
        self.page_size = page_size
        self.high_water = 0
        self.entries = entries = Entries(ram, self.limit * page_size, frames, form)
        self.state = entries.state
        self.flags = entries.flags
        self.share_count = entries.share_count
        self.reference_count = entries.reference_count
        self.pte_address = entries.pte_address
        self.pte_frame = entries.pte_frame
        self.original_pte = entries.original_pte
        self.working_set_index = entries.working_set_index
        self.flink = entries.flink
        self.blink = entries.blink
        self.use = sparse_column(frames, "B")
        self.used_entries = sparse_column(frames, "H")
        self.zeroed = ColouredList("zeroed", self.flink, self.blink, colours)
        self.free_list = ColouredList("free", self.flink, self.blink, colours)
        self.standby = PageList("standby", self.flink, self.blink)
        self.modified = PageList("modified", self.flink, self.blink)
        self.modified_mapped = PageList("modified, mapped files", self.flink, self.blink)
        self.modified_no_write = PageList("modified-no-write", self.flink, self.blink)
        self.bad = PageList("bad", self.flink, self.blink)
        self.slots: list[SlotBitmap] = []
        """The bitmaps of the paging files, by number."""
        self.slot_shift = 32 if pte_size == 8 else 12
        self.moves = [0] * (_STATES * _STATES)
        """How often a page went from state a to state b, at a * 8 + b."""
        self.signals = PageSignals(frames)
        self._bytes = ram.bytes
        self._entries = ram.u64 if pte_size == 8 else ram.u32
        self._pte_size = pte_size
        self._zero_page = bytes(page_size)
        self._junk_page = bytes([_JUNK]) * page_size if junk_fill else None
        self.forget_code: Callable[[int], None] = lambda frame: None
        """Slot: told of every frame whose contents are about to become something else."""
        self.moved: Callable[[int, int, int], None] | None = None
        """Slot: told (frame, state before, state after) of every transition while a recorder listens."""
        self.entry_restored: Callable[[int, int, int], None] | None = None
        """Slot: told (index, before, after) of the PTE of a page that was repurposed, while a recorder listens."""
        self.wait_for_pages: Callable[[int], bool] = lambda pages: False
        """Slot: waits until so many pages are available beside the reserve; False if they cannot be had."""
        self.repurposed = 0
        self.low = range(0)
        """Frames that only what must lie below 4 GB gets; while nobody has them their state says BAD, on no list."""
        self._low_freed: list[int] = []
        self._low_next = 0

    # figures

    @property
    def never_touched(self) -> int:
        """Frames that were never handed out."""
        return self.limit - self.high_water

    @property
    def available(self) -> int:
        """Pages that can be had without writing anything: zeroed, free and standby."""
        return self.limit - self.high_water + self.zeroed.count + self.free_list.count + self.standby.count

    @property
    def set_aside(self) -> int:
        """Frames of `low` that nobody has."""
        return len(self._low_freed) + self.low.stop - self._low_next

    def is_set_aside(self, frame: int) -> bool:
        """True for one of those."""
        return frame in self.low and self.state[frame] == PageState.BAD

    @property
    def active(self) -> int:
        """Pages that a valid PTE maps or the kernel holds, those of the database too."""
        return self._in_state(_ACTIVE) + len(self.database)

    def _in_state(self, state: int) -> int:
        moves = self.moves
        into = sum(moves[before * _STATES + state] for before in range(_STATES))
        return into - sum(moves[state * _STATES : (state + 1) * _STATES])

    @property
    def in_transition(self) -> int:
        """Pages that are on no list and not mapped: I/O in progress, or referenced only."""
        return self._in_state(_TRANSITION)

    @property
    def pages_made(self) -> int:
        """How often a page became available since boot."""
        moves = self.moves
        return sum(moves[before * _STATES + after] for before in range(_FREE + 1, _STATES) for after in _AVAILABLE)

    def is_short(self) -> bool:
        """True when only the pages are left that resolving one fault may need for tables and lists."""
        return self.high_water + RESERVE_PAGES > self.limit and self.available <= RESERVE_PAGES

    def ensure_pages(self, pages: int) -> bool:
        """Waits until `pages` can be taken and the reserve is still there; False if that will not come."""
        while self.available < pages + RESERVE_PAGES:
            if not self.wait_for_pages(pages):
                return False
        return True

    def _move(self, frame: int, before: int, after: int) -> None:
        self.state[frame] = after
        self.moves[before * _STATES + after] += 1
        if self.moved is not None:
            self.moved(frame, before, after)

    def moved_many(self, before: PageState, after: PageState, count: int) -> None:
        """Counts transitions that a batch has made, and tells who waits for them."""
        self.moves[before * _STATES + after] += count
        if after is PageState.MODIFIED and self.modified.count > self.signals.modified_maximum:
            self.signals.modified_over_maximum()
        if after is PageState.STANDBY and self.signals.waiters:
            self.signals.page_available()

    # taking pages

    def take_zeroed(self, use: PageUse, colour: int = 0) -> int:
        """A page of zeroes, now ACTIVE with one share; bugcheck 0x4D if there is none (MiRemoveZeroPage)."""
        if not self.zeroed.count and self.high_water < self.limit:
            frame = self.high_water
            self.high_water = frame + 1
            self.state[frame] = _ACTIVE
            self.use[frame] = use
            self.share_count[frame] = 1
            self.reference_count[frame] = 1
            self.moves[_ACTIVE] += 1
            if self.moved is not None:
                self.moved(frame, _ZEROED, _ACTIVE)
            if frame >= self.signals.watch_from_frame:
                self.signals.pages_taken(self.available)
            return frame
        frame = self.zeroed.pop(colour)
        if frame == NO_FRAME:
            frame = self._pop_dirty(colour)
            start = frame * self.page_size
            self._bytes[start : start + self.page_size] = self._zero_page
        return self._activate(frame, use)

    def take_any(self, use: PageUse, colour: int = 0) -> int:
        """A page whose contents will be overwritten, now ACTIVE with one share (MiRemoveAnyPage)."""
        frame = self.free_list.pop(colour)
        if frame != NO_FRAME:
            return self._activate(frame, use)
        return self.take_zeroed(use, colour)

    def take_for_read(self, use: PageUse, colour: int = 0) -> int:
        """A page that a read will fill: in state TRANSITION with the read's reference and READ_FLAG."""
        frame = self.free_list.pop(colour)
        if frame == NO_FRAME:
            if not self.zeroed.count and self.high_water < self.limit:
                frame = self.high_water
                self.high_water = frame + 1
            else:
                frame = self.zeroed.pop(colour)
                if frame == NO_FRAME:
                    frame = self._repurpose_standby()
        self._move(frame, self.state[frame], _TRANSITION)
        self.use[frame] = use
        self.reference_count[frame] = 1
        self.flags[frame] = READ_FLAG
        if self.high_water >= self.signals.watch_from_frame:
            self.signals.pages_taken(self.available)
        return frame

    def take_contiguous(self, count: int, use: PageUse) -> int:
        """The first of `count` adjacent zeroed pages, or NO_FRAME if none were left never touched."""
        first = self.high_water
        if first + count > self.limit:
            return NO_FRAME
        self.high_water = first + count
        for frame in range(first, first + count):
            self._activate(frame, use)
        return first

    def take_this(self, frame: int, use: PageUse) -> int:
        """A given page of the zeroed, free or standby list, zeroed and ACTIVE with one share."""
        state = self.state[frame]
        if state == _ZEROED:
            self.zeroed.remove(frame)
            return self._activate(frame, use)
        if state == _FREE:
            self.free_list.remove(frame)
        else:
            self.standby.remove(frame)
            self._restore_entry(frame)
        start = frame * self.page_size
        self._bytes[start : start + self.page_size] = self._zero_page
        return self._activate(frame, use)

    def set_low_aside(self, end: int) -> None:
        """The frames below `end` that were never handed out are for `take_low` from now on."""
        assert not self.low and end <= self.limit
        self.low, self._low_next = range(self.high_water, end), self.high_water
        column(self.state)[self.high_water : end] = int(PageState.BAD)
        self.high_water = end

    def take_low(self, use: PageUse) -> int:
        """As `take_zeroed`, for what must lie below 4 GB; the caller knows that a page is left where some are set
        aside.
        """
        if not self.low:
            return self.take_zeroed(use)
        if self._low_freed:
            frame = self._low_freed.pop()
            self._bytes[frame * self.page_size : (frame + 1) * self.page_size] = self._zero_page
        else:
            frame, self._low_next = self._low_next, self._low_next + 1
        assert frame in self.low, "no page below 4 GB is left"
        self._move(frame, _ZEROED, _ACTIVE)
        self.use[frame] = use
        self.share_count[frame] = self.reference_count[frame] = 1
        return frame

    @property
    def has_low(self) -> bool:
        """False where `take_low` must not be called."""
        return not self.low or self.set_aside > 0

    def _pop_dirty(self, colour: int) -> int:
        frame = self.free_list.pop(colour)
        return frame if frame != NO_FRAME else self._repurpose_standby()

    def _repurpose_standby(self) -> int:
        """The oldest standby page: its PTE gets the original contents back (MiRestoreTransitionPte)."""
        frame = self.standby.pop()
        if frame == NO_FRAME:
            raise Bugcheck(BugcheckCode.NO_PAGES_AVAILABLE, "no page of RAM is left; run with more (--ram)")
        self._restore_entry(frame)
        return frame

    def _restore_entry(self, frame: int) -> None:
        """The PTE of a standby page that goes to another owner gets its original contents back."""
        index = self.pte_index(frame)
        if self.entry_restored is not None:
            self.entry_restored(index, self._entries[index], self.original_pte[frame])
        self._entries[index] = self.original_pte[frame]
        self.drop_table_share(self.pte_frame[frame])
        self.forget_code(frame)
        self.flags[frame] = 0
        self.original_pte[frame] = 0
        self.used_entries[frame] = 0
        self.repurposed += 1

    def _activate(self, frame: int, use: PageUse) -> int:
        state = self.state[frame]
        assert state < _ACTIVE and not self.share_count[frame], f"frame {frame:#x} taken twice"
        self._move(frame, state, _ACTIVE)
        self.use[frame] = use
        self.share_count[frame] = 1
        self.reference_count[frame] = 1
        if self.high_water >= self.signals.watch_from_frame:
            self.signals.pages_taken(self.available)
        return frame

    def pte_index(self, frame: int) -> int:
        """Index, among all PTE-sized words of RAM, of the PTE that a frame's entry names."""
        offset = self.pte_frame[frame] * self.page_size + self.pte_address[frame] % self.page_size
        return offset // self._pte_size

    # shares and references

    def shares(self, frame: int) -> int:
        """Valid PTEs that map a page; none where it is on a list, and one for the database's own."""
        if frame >= self.limit:
            return 1
        return self.share_count[frame] if self.state[frame] in (_ACTIVE, _TRANSITION) else 0

    def add_share(self, frame: int) -> None:
        """One more valid PTE maps an active page."""
        assert self.state[frame] == _ACTIVE
        self.share_count[frame] += 1

    def drop_share(self, frame: int) -> bool:
        """One valid PTE less; the last takes the page's reference too and answers True (MiDecrementShareCount).

        The caller writes the transition PTE then.
        """
        assert self.state[frame] == _ACTIVE and self.share_count[frame], f"frame {frame:#x} is not shared"
        self.share_count[frame] -= 1
        if self.share_count[frame]:
            return False
        self.reference_count[frame] -= 1
        if self.reference_count[frame]:
            self._move(frame, _ACTIVE, _TRANSITION)
        else:
            self._list(frame, _ACTIVE)
        return True

    def _list(self, frame: int, before: int) -> None:
        """A page without shares and references goes to the list that its flags name."""
        flags = self.flags[frame]
        if flags & DELETED_FLAG:
            self._to_free(frame, before)
        elif flags & NO_WRITE_FLAG:
            self._move(frame, before, _NO_WRITE)
            self.modified_no_write.append(frame)
        elif flags & MODIFIED_FLAG:
            self._move(frame, before, _MODIFIED)
            if self.is_mapped_file(frame):
                self.modified_mapped.append(frame)
                self.signals.mapped_page_queued()
                return
            self.forget_slot(frame)
            self.modified.append(frame)
            if self.modified.count > self.signals.modified_maximum:
                self.signals.modified_over_maximum()
        else:
            self._move(frame, before, _STANDBY)
            self.standby.append(frame)
            if self.signals.waiters:
                self.signals.page_available()

    def is_mapped_file(self, frame: int) -> bool:
        """True for a page of a data file: it is written back there (its original PTE is a subsection's)."""
        return self.use[frame] == PageUse.MAPPED_FILE

    def _modified_list(self, frame: int) -> PageList:
        """The list on which a page in state MODIFIED stands."""
        return self.modified_mapped if self.is_mapped_file(frame) else self.modified

    @property
    def all_modified(self) -> int:
        """Pages in state MODIFIED: those for paging files and those for mapped files."""
        return self.modified.count + self.modified_mapped.count

    def reference(self, frame: int) -> None:
        """I/O or a lock holds the page where it is (MiReferencePage)."""
        self.reference_count[frame] += 1

    def dereference(self, frame: int) -> None:
        """I/O or a lock ends; the last reference puts an unshared page on its list (MiDecrementReferenceCount)."""
        assert self.reference_count[frame], f"frame {frame:#x} dereferenced too often"
        self.reference_count[frame] -= 1
        if not self.reference_count[frame]:
            assert self.state[frame] == _TRANSITION, f"frame {frame:#x} had no reference while it was shared"
            self._list(frame, _TRANSITION)

    def drop_table_share(self, table_frame: int) -> None:
        """A page table lost a valid or transition entry. Its last share goes only if its own entry is invalid: then
        it goes to its list, as the tables of an out-swapped process do one after another.
        """
        assert self.share_count[table_frame], f"page table {table_frame:#x} counts too few entries"
        if self.share_count[table_frame] == 1:
            self.drop_share(table_frame)
        else:
            self.share_count[table_frame] -= 1

    def reactivate(self, frame: int) -> None:
        """A soft fault: a page on a list or referenced only becomes ACTIVE with one share (MiUnlinkPageFromList)."""
        state = self.state[frame]
        if state == _STANDBY:
            self.standby.remove(frame)
        elif state == _MODIFIED:
            self._modified_list(frame).remove(frame)
        elif state == _NO_WRITE:
            self.modified_no_write.remove(frame)
        else:
            assert state == _TRANSITION and not self.flags[frame] & (READ_FLAG | DELETED_FLAG), (
                f"frame {frame:#x} is on no list"
            )
        self._move(frame, state, _ACTIVE)
        self.share_count[frame] = 1
        self.reference_count[frame] += 1

    # I/O

    def end_read(self, frame: int) -> None:
        """The read has filled the page (or failed, and `free` was called): its reference ends."""
        self.flags[frame] = flags = self.flags[frame] & ~READ_FLAG
        self.reference_count[frame] = left = self.reference_count[frame] - 1
        if left:
            return
        if flags & ~PROTOTYPE_FLAG or self.signals.waiters:
            self._list(frame, _TRANSITION)
            return
        self._move(frame, _TRANSITION, _STANDBY)
        self.standby.append(frame)

    def end_read_in_use(self, frame: int) -> None:
        """The read has filled the page, and it is mapped at once: ACTIVE with one share."""
        self.flags[frame] = 0
        self.share_count[frame] = 1
        self._move(frame, _TRANSITION, _ACTIVE)

    def begin_write(self, frame: int) -> None:
        """A page writer takes a dirty page, from its list or while it is mapped; later changes count as new."""
        state = self.state[frame]
        if state == _MODIFIED:
            self._modified_list(frame).remove(frame)
            self._move(frame, _MODIFIED, _TRANSITION)
        assert state in (_MODIFIED, _ACTIVE, _TRANSITION) and not self.flags[frame] & WRITE_FLAG
        self.reference_count[frame] += 1
        self.flags[frame] = self.flags[frame] & ~MODIFIED_FLAG | WRITE_FLAG

    def end_write(self, frame: int, written: bool) -> None:
        """The write is over; a page that was not written is as modified as before."""
        flags = self.flags[frame] & ~WRITE_FLAG
        self.flags[frame] = flags if written else flags | MODIFIED_FLAG
        self.dereference(frame)

    def forget_slot(self, frame: int) -> None:
        """The page has newer contents than its slot in a paging file: the slot is given back."""
        pte = self.original_pte[frame]
        if pte >> self.slot_shift and not pte & _SOFTWARE_FORM and not self.flags[frame] & WRITE_FLAG:
            self.release_slot(pte)
            self.original_pte[frame] = pte & (1 << self.slot_shift) - 1 & ~_FILE_FIELD

    def release_slot(self, pte: int) -> None:
        """Gives the page-file slot back that a software PTE names, if it names one."""
        slot = pte >> self.slot_shift
        if slot and not pte & _SOFTWARE_FORM:
            self.slots[pte >> 1 & 0xF].release(slot)

    # the end of a page's life

    def free(self, frame: int) -> None:
        """The owner is gone: the page goes to the free list with its contents (MiInsertPageInFreeList).

        A page with I/O in progress follows when that has ended.
        """
        state = self.state[frame]
        if state == _ACTIVE:
            assert self.share_count[frame] == 1, f"frame {frame:#x} freed while {self.share_count[frame]} share it"
            self.share_count[frame] = 0
            self.reference_count[frame] -= 1
            if self.reference_count[frame]:
                self.flags[frame] |= DELETED_FLAG
                self._move(frame, _ACTIVE, _TRANSITION)
                return
        elif state == _TRANSITION and self.reference_count[frame]:
            assert not self.flags[frame] & DELETED_FLAG, f"frame {frame:#x} freed twice"
            self.flags[frame] |= DELETED_FLAG
            return
        elif state in (_STANDBY, _MODIFIED, _NO_WRITE):
            pages = {_STANDBY: self.standby, _NO_WRITE: self.modified_no_write}
            pages.get(state, self._modified_list(frame)).remove(frame)
        else:
            raise Bugcheck(BugcheckCode.PFN_LIST_CORRUPT, f"page {frame:#x} in state {state} was freed", frame)
        self._to_free(frame, state)

    def _to_free(self, frame: int, before: int) -> None:
        self.forget_code(frame)
        self.release_slot(self.original_pte[frame])
        self._move(frame, before, _FREE)
        self.use[frame] = PageUse.UNUSED
        self.flags[frame] = 0
        self.original_pte[frame] = 0
        if frame in self.low:
            self.state[frame] = PageState.BAD
            self._low_freed.append(frame)
            return
        if self._junk_page is not None:
            start = frame * self.page_size
            self._bytes[start : start + self.page_size] = self._junk_page
        self.free_list.append(frame)
        signals = self.signals
        if self.free_list.count >= signals.free_for_zeroing:
            signals.pages_to_zero()
        if signals.waiters:
            signals.page_available()

    def zero_one(self) -> bool:
        """Fills the oldest free page with zeroes; False if there is none (MmZeroPageThread's step)."""
        frame = self.free_list.pop(0)
        if frame == NO_FRAME:
            return False
        start = frame * self.page_size
        self._bytes[start : start + self.page_size] = self._zero_page
        self._move(frame, _FREE, _ZEROED)
        self.zeroed.append(frame)
        return True

    def allow_write(self, frame: int) -> None:
        """The owner lets go of a page that was not to be written (a file system's log is on disk)."""
        self.flags[frame] &= ~NO_WRITE_FLAG
        if self.state[frame] == _NO_WRITE:
            self.modified_no_write.remove(frame)
            self._list(frame, _NO_WRITE)

    def forbid_write(self, frame: int) -> None:
        """A dirty page must not be written before its owner allows it; it is on no list but the modified one."""
        assert self.flags[frame] & MODIFIED_FLAG, f"frame {frame:#x} is clean"
        self.flags[frame] |= NO_WRITE_FLAG
        if self.state[frame] == _MODIFIED:
            self._modified_list(frame).remove(frame)
            self._list(frame, _MODIFIED)

    def retire(self, frame: int) -> None:
        """Takes an unowned page out of use for good: its RAM is faulty."""
        state = self.state[frame]
        assert state in (_FREE, _ZEROED) and frame < self.high_water, f"frame {frame:#x} is in use"
        (self.free_list if state == _FREE else self.zeroed).remove(frame)
        self._move(frame, state, PageState.BAD)
        self.bad.append(frame)
