"""The modified page writer (MiModifiedPageWriter): dirty pages go to paging files in as few I/Os as can be.

A cluster is 16 adjacent slots. It starts with the oldest dirty page and takes the dirty neighbours of its PTE along, so
that pages which belong together lie together and can be read together; what is left is filled in the same way.
"""

from collections.abc import Callable, Iterator
from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.io_timer import when_done
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.commit import CommitLedger
from ntmm.kernel.mm.pagefile import Disk, PagingFiles
from ntmm.kernel.mm.pagefile.paging_files import Place
from ntmm.kernel.mm.pfn import PageState
from ntmm.kernel.mm.tables import TableMemory
from ntmm.kernel.ob import Event

WRITE_CLUSTER: Final = 16
"""MmModifiedWriteClusterSize: 64 KB."""

_FAILURES: Final = 3
"""Failed writes in a row after which the writer lets the disks rest until it is called again, if all have refused."""


class ModifiedPageWriter:
    """`writes` I/Os, `pages` written by them, `failures` of them that the disk refused."""

    def __init__(
        self,
        ram: Ram,
        memory: TableMemory,
        files: PagingFiles,
        ledger: CommitLedger,
        scheduler: Scheduler,
        clock: Clock,
        disk: Disk,
    ) -> None:
        self._bytes = ram.bytes
        self._memory = memory
        self._files = files
        self._ledger = ledger
        self._scheduler = scheduler
        self._clock = clock
        self._disk = disk
        self.writes = 0
        self.pages = 0
        self.failures = 0
        self.is_stuck = False
        """True if the last call ended because nothing more could be written."""
        self.extend: Callable[[int], bool] = lambda pages: False
        """Slot: asks for larger paging files; may wait; True if they are now larger."""
        self.called = Event(scheduler, manual_reset=False, signalled=False)
        """Set when there are too many dirty pages, or too few available ones."""
        self.told: Callable[[str, int, int], None] | None = None
        """Slot: told (file, slot, pages) of every write while a recorder listens."""

    def write_while(self, needed: Callable[[], bool]) -> None:
        """Writes clusters while `needed()` and there is something that can be written; waits for each."""
        failed = 0
        self.is_stuck = False
        while needed() and (failed < _FAILURES or not self._files.all_refused):
            before = self.failures
            if not self.write_one():
                self.is_stuck = True
                return
            failed = failed + 1 if self.failures > before else 0
        if failed >= _FAILURES:
            self.is_stuck = True
            self._ledger.limit += self._files.acquit()

    @property
    def is_idle(self) -> bool:
        """True if there is nothing to write, or nothing that can be written."""
        return self.is_stuck or not self._memory.pfn.modified.count

    def write_one(self) -> bool:
        """Writes one cluster and waits for the disk; False if no page is dirty or no slot can be had."""
        place = self._find_place()
        frames = self._gather() if place is not None else []
        if place is None or not frames:
            return False
        del frames[place.count :]
        data = self._begin(frames, place)
        due = self._disk.transfer(place.file.name, place.first, place.count)
        done = Event(self._scheduler, manual_reset=True, signalled=False)
        when_done(self._scheduler, due, lambda: self._complete(frames, place, data, done))
        if not done.signal_state:
            assert self._scheduler.current is not None
            self._scheduler.wait(self._scheduler.current, (done,), for_system=True)
        return True

    def _find_place(self) -> Place | None:
        """Slots for the pages that will be gathered; where all are used files grow, or pages in RAM give theirs back.

        The files' growth may be waited for, and meanwhile pages may leave the modified list.
        """
        pfn = self._memory.pfn
        if not self._files.files or not pfn.modified.count:
            return None
        if not self._files.has_run(WRITE_CLUSTER) and not self.extend(WRITE_CLUSTER) and self._files.is_full:
            from ntmm.kernel.mm.pageout.reclaim import reclaim_slots  # noqa: PLC0415 - numpy, which is seldom needed

            reclaim_slots(pfn, WRITE_CLUSTER)
        wanted = min(WRITE_CLUSTER, pfn.modified.count)
        return self._files.allocate(wanted) if wanted else None

    def _gather(self) -> list[int]:
        """Up to a cluster of frames from the modified list, the oldest first, neighbours together."""
        frames: list[int] = []
        for frame in self._memory.pfn.modified:
            if frame not in frames:
                frames += self._with_neighbours(frame, WRITE_CLUSTER - len(frames), frames)
            if len(frames) >= WRITE_CLUSTER:
                break
        return frames

    def _with_neighbours(self, frame: int, room: int, taken: list[int]) -> list[int]:
        """The dirty pages next to a page in its page table, in order of address."""
        index = self._memory.pfn.pte_index(frame)
        start = index >> self._memory.entries_shift << self._memory.entries_shift
        end = start + (1 << self._memory.entries_shift)
        before = list(self._dirty(range(index - 1, start - 1, -1), room - 1, taken))
        after = list(self._dirty(range(index + 1, end), room - 1 - len(before), taken))
        return [*reversed(before), frame, *after]

    def _dirty(self, indices: range, room: int, taken: list[int]) -> Iterator[int]:
        """Frames of adjacent transition PTEs whose pages are on the modified list, as long as there are any."""
        memory, pfn = self._memory, self._memory.pfn
        for index in indices[: max(0, room)]:
            pte = memory.entries[index]
            if not memory.format.is_transition(pte):
                return
            frame = memory.format.frame(pte)
            if pfn.state[frame] != PageState.MODIFIED or frame in taken or pfn.pte_index(frame) != index:
                return
            yield frame

    def _begin(self, frames: list[int], place: Place) -> bytes:
        """Takes the pages from their list and gives them their slots; answers what is to be written."""
        pfn, pte_format, size = self._memory.pfn, self._memory.format, self._memory.pfn.page_size
        for number, frame in enumerate(frames):
            protection = pte_format.protection(pfn.original_pte[frame])
            pfn.begin_write(frame)
            pfn.original_pte[frame] = pte_format.page_file(place.file.number, place.first + number, protection)
        self.writes += 1
        self.pages += len(frames)
        if self.told is not None:
            self.told(place.file.name, place.first, place.count)
        return b"".join(self._bytes[frame * size : (frame + 1) * size] for frame in frames)

    def _complete(self, frames: list[int], place: Place, data: bytes, done: Event) -> None:
        """The disk is done. What could not be written is kept, and tried again in other slots."""
        pfn, pte_format = self._memory.pfn, self._memory.format
        written = True
        try:
            place.file.write(place.first, data)
        except OSError:
            written = False
            self.failures += 1
            place.file.condemn(place.first, place.count)
            self._ledger.limit -= place.count
        for frame in frames:
            if not written:
                pfn.original_pte[frame] = pte_format.demand_zero(pte_format.protection(pfn.original_pte[frame]))
            pfn.end_write(frame, written)
        done.set()
