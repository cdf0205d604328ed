"""The PFN database as a struct of arrays (MmPfnDatabase), and every transition of a page.

Frames that were never handed out lie above `high_water`; they count as zeroed and need no list entry, so a
machine of 1 TB boots as fast as a small one. Freed frames are filled with junk in checking builds.
"""

from collections.abc import Callable
from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.mm.pfn.columns import sparse_column
from ntmm.kernel.mm.pfn.lists import NO_FRAME, PageList
from ntmm.kernel.mm.pfn.state import PageState, PageUse

MODIFIED_FLAG: Final = 1
PROTOTYPE_FLAG: Final = 2

RESERVE_PAGES: Final = 8
"""Pages kept back for the tables and lists that resolving one fault may need."""

_JUNK: Final = 0xDD
_ACTIVE: Final = int(PageState.ACTIVE)
_STANDBY: Final = int(PageState.STANDBY)


class PfnDatabase:
    """Entries of all frames. A PTE's place is the RAM frame that holds it and its virtual address.

    Columns, indexed by frame: `state`, `use`, `flags`, `share_count` (valid PTEs mapping the page; for a page table
    one more than its valid and transition entries), `reference_count` (1 while shared, plus one for every I/O or
    lock), `pte_address`, `pte_frame`, `original_pte` (what the PTE becomes when the page goes), `working_set_index`,
    `used_entries` (non-zero entries of a page table), `flink`, `blink`.
    """

    def __init__(self, ram: Ram, page_size: int, pte_size: int, junk_fill: bool = False) -> None:
        frames = ram.size // page_size
        self.frames = frames
        self.page_size = page_size
        self.high_water = 0
        self.state = sparse_column(frames, "B")
        self.use = sparse_column(frames, "B")
        self.flags = sparse_column(frames, "B")
        self.share_count = sparse_column(frames, "I")
        self.reference_count = sparse_column(frames, "H")
        self.pte_address = sparse_column(frames, "Q")
        self.pte_frame = sparse_column(frames, "I")
        self.original_pte = sparse_column(frames, "Q")
        self.working_set_index = sparse_column(frames, "I")
        self.used_entries = sparse_column(frames, "H")
        self.flink = sparse_column(frames, "I")
        self.blink = sparse_column(frames, "I")
        self.zeroed = PageList("zeroed", self.flink, self.blink)
        self.free_list = PageList("free", self.flink, self.blink)
        self.standby = PageList("standby", self.flink, self.blink)
        self.modified = PageList("modified", self.flink, self.blink)
        self._bytes = ram.bytes
        self._entries = ram.u64 if pte_size == 8 else ram.u32
        self._pte_size = pte_size
        self._zero_page = bytes(page_size)
        self._junk_page = bytes([_JUNK]) * page_size if junk_fill else None
        self.forget_code: Callable[[int], None] = lambda frame: None
        """Slot: told of every frame whose contents are about to become something else."""
        self.moved: Callable[[int, int, int], None] | None = None
        """Slot: told (frame, state before, state after) of every transition while a recorder listens."""
        self.repurposed = 0

    @property
    def never_touched(self) -> int:
        """Frames that were never handed out."""
        return self.frames - self.high_water

    @property
    def available(self) -> int:
        """Pages that can be had without writing anything: zeroed, free and standby."""
        return self.never_touched + self.zeroed.count + self.free_list.count + self.standby.count

    def is_short(self) -> bool:
        """True when only the pages are left that resolving one fault may need for tables and lists."""
        return self.high_water + RESERVE_PAGES > self.frames and self.available <= RESERVE_PAGES

    def take_zeroed(self, use: PageUse) -> int:
        """A page of zeroes, now ACTIVE with one share; bugcheck 0x4D if there is none (MiRemoveZeroPage)."""
        if not self.zeroed.count and self.high_water < self.frames:
            frame = self.high_water
            self.high_water = frame + 1
            self.state[frame] = _ACTIVE
            self.use[frame] = use
            self.share_count[frame] = 1
            self.reference_count[frame] = 1
            if self.moved is not None:
                self.moved(frame, PageState.ZEROED, _ACTIVE)
            return frame
        frame = self.zeroed.pop()
        if frame == NO_FRAME:
            frame = self._pop_dirty()
            start = frame * self.page_size
            self._bytes[start : start + self.page_size] = self._zero_page
        return self._activate(frame, use)

    def take_any(self, use: PageUse) -> int:
        """A page whose contents will be overwritten, now ACTIVE with one share (MiRemoveAnyPage)."""
        frame = self.free_list.pop()
        if frame != NO_FRAME:
            return self._activate(frame, use)
        return self.take_zeroed(use)

    def take_contiguous(self, count: int, use: PageUse) -> int:
        """The first of `count` adjacent zeroed pages, or NO_FRAME if none were left never touched."""
        first = self.high_water
        if first + count > self.frames:
            return NO_FRAME
        self.high_water = first + count
        for frame in range(first, first + count):
            self._activate(frame, use)
        return first

    def _pop_dirty(self) -> int:
        frame = self.free_list.pop()
        return frame if frame != NO_FRAME else self._repurpose_standby()

    def _repurpose_standby(self) -> int:
        """The oldest standby page: its PTE gets the original contents back (MiRestoreTransitionPte)."""
        frame = self.standby.pop()
        if frame == NO_FRAME:
            raise Bugcheck(BugcheckCode.NO_PAGES_AVAILABLE, "no page of RAM is left; run with more (--ram)")
        self._entries[self.pte_index(frame)] = self.original_pte[frame]
        self.drop_table_share(self.pte_frame[frame])
        self.forget_code(frame)
        self.flags[frame] = 0
        self.repurposed += 1
        return frame

    def _activate(self, frame: int, use: PageUse) -> int:
        assert self.state[frame] < _ACTIVE and not self.share_count[frame], f"frame {frame:#x} taken twice"
        if self.moved is not None:
            self.moved(frame, self.state[frame], _ACTIVE)
        self.state[frame] = _ACTIVE
        self.use[frame] = use
        self.share_count[frame] = 1
        self.reference_count[frame] = 1
        return frame

    def pte_index(self, frame: int) -> int:
        """Index, among all PTE-sized words of RAM, of the PTE that a frame's entry names."""
        offset = self.pte_frame[frame] * self.page_size + self.pte_address[frame] % self.page_size
        return offset // self._pte_size

    def add_share(self, frame: int) -> None:
        """One more valid PTE maps an active page."""
        assert self.state[frame] == _ACTIVE
        self.share_count[frame] += 1

    def drop_share(self, frame: int) -> bool:
        """One valid PTE less; the last puts the page on standby or modified and answers True (MiDecrementShareCount).

        The caller writes the transition PTE then.
        """
        assert self.state[frame] == _ACTIVE and self.share_count[frame], f"frame {frame:#x} is not shared"
        self.share_count[frame] -= 1
        if self.share_count[frame]:
            return False
        self.reference_count[frame] -= 1
        if self.reference_count[frame]:
            self.state[frame] = PageState.TRANSITION
        elif self.flags[frame] & MODIFIED_FLAG:
            self.state[frame] = PageState.MODIFIED
            self.modified.append(frame)
        else:
            self.state[frame] = _STANDBY
            self.standby.append(frame)
        if self.moved is not None:
            self.moved(frame, _ACTIVE, self.state[frame])
        return True

    def drop_table_share(self, table_frame: int) -> None:
        """A page table lost a valid or transition entry; the table itself stays (its owner deletes it)."""
        assert self.share_count[table_frame] > 1, f"page table {table_frame:#x} counts too few entries"
        self.share_count[table_frame] -= 1

    def reactivate(self, frame: int) -> None:
        """A soft fault: a page on standby or modified becomes ACTIVE with one share again (MiUnlinkPageFromList)."""
        state = self.state[frame]
        assert state in (PageState.STANDBY, PageState.MODIFIED), f"frame {frame:#x} is on no list"
        (self.standby if state == PageState.STANDBY else self.modified).remove(frame)
        if self.moved is not None:
            self.moved(frame, state, _ACTIVE)
        self.state[frame] = _ACTIVE
        self.share_count[frame] = 1
        self.reference_count[frame] = 1

    def free(self, frame: int) -> None:
        """The owner is gone: the page goes to the free list with its contents (MiInsertPageInFreeList)."""
        state = self.state[frame]
        if state == _ACTIVE:
            assert self.share_count[frame] == 1, f"frame {frame:#x} freed while {self.share_count[frame]} share it"
            self.share_count[frame] = 0
            self.reference_count[frame] = 0
        elif state == PageState.STANDBY:
            self.standby.remove(frame)
        elif state == PageState.MODIFIED:
            self.modified.remove(frame)
        else:
            raise Bugcheck(BugcheckCode.PFN_LIST_CORRUPT, f"page {frame:#x} in state {state} was freed", frame)
        self.forget_code(frame)
        if self.moved is not None:
            self.moved(frame, state, PageState.FREE)
        self.state[frame] = PageState.FREE
        self.use[frame] = PageUse.UNUSED
        self.flags[frame] = 0
        if self._junk_page is not None:
            start = frame * self.page_size
            self._bytes[start : start + self.page_size] = self._junk_page
        self.free_list.append(frame)
