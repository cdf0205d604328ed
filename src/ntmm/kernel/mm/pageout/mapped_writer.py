"""The mapped page writer (MiMappedPageWriter) and MmFlushSection: dirty pages of data files go back to their files.

A cluster is up to 16 adjacent pages of one file. What lies past the end of the file is not written.
"""

from collections.abc import Callable
from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.ke.io_timer import when_done
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.pagefile import Disk
from ntmm.kernel.mm.pfn import PfnDatabase
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG, NO_WRITE_FLAG, READ_FLAG, WRITE_FLAG
from ntmm.kernel.mm.section import AreaKind, ControlArea, Sections
from ntmm.kernel.mm.tables import PageTables
from ntmm.kernel.ob import Event

_DIRTY_MASK: Final = MODIFIED_FLAG | READ_FLAG | WRITE_FLAG | NO_WRITE_FLAG

WRITE_CLUSTER: Final = 16
OLD_100NS: Final = 3_000_000_000
"""300 s: the longest that a dirty page of a mapped file stays unwritten."""


class MappedPageWriter:
    """`writes` I/Os, `pages` written by them, `failures` of them that the disk refused."""

    def __init__(self, ram: Ram, tables: PageTables, sections: Sections, scheduler: Scheduler, disk: Disk) -> None:
        self._bytes = ram.bytes
        self._tables = tables
        self._memory = tables.memory
        self._pfn: PfnDatabase = tables.memory.pfn
        self.sections = sections
        self._scheduler = scheduler
        self._disk = disk
        self.writes = 0
        self.pages = 0
        self.failures = 0
        self.is_stuck = False
        """True if the last call left pages that the disk refused."""
        self.called = Event(scheduler, manual_reset=False, signalled=False)
        """Set when dirty mapped pages have become too many or too old."""
        self.told: Callable[[str, int, int], None] | None = None
        """Slot: told (file, page, pages) of every write while a recorder listens."""
        self._timer_runs = False
        sections.write_back = self.write_back

    @property
    def is_idle(self) -> bool:
        """True if no dirty page of a mapped file waits, or none that can be written."""
        return self.is_stuck or not self._pfn.modified_mapped.count

    def page_queued(self) -> None:
        """The first dirty page starts the 300 seconds."""
        if not self._timer_runs:
            self._timer_runs = True
            due = self._scheduler.uptime_100ns() + OLD_100NS
            self._scheduler.call_at(due, self._grow_old)

    def _grow_old(self) -> None:
        self._timer_runs = False
        if not self.called.signal_state:
            self.called.set()

    def write_queued(self) -> None:
        """Writes what is on the list now, oldest first, each page once: one that fails goes back to the tail."""
        left, failures = self._pfn.modified_mapped.count, self.failures
        while left > 0 and self._pfn.modified_mapped.count:
            subsection, page = self.sections.place_of(self._pfn.modified_mapped.head)
            area = subsection.control_area
            first = self._first_of_run(area, page)
            left -= max(1, self._write_run(area, first, first + WRITE_CLUSTER)[0])
        self.is_stuck = self.failures > failures and bool(self._pfn.modified_mapped.count)

    def _first_of_run(self, area: ControlArea, page: int) -> int:
        """Where the run of dirty pages around a page begins, at most a cluster before it."""
        first = page
        while first > 0 and page - first < WRITE_CLUSTER - 1 and self._dirty_frame(area, first - 1) is not None:
            first -= 1
        return first

    def write_back(self, area: ControlArea) -> bool:
        """Writes all dirty pages of a data file; False if the disk refuses some."""
        return area.kind is not AreaKind.FILE or self.flush(area, 0, area.total_pages) is None

    def flush(self, area: ControlArea, first: int, end: int) -> OSError | None:
        """Writes the dirty pages among [first, end) and waits; the disk's refusal if it refuses some (MmFlushSection).

        Whoever has changed pages through a view hands its dirty bits to the PFN database before.
        """
        refusal = None if area.before_write is None else area.before_write(first, end)
        if refusal is not None:
            return refusal
        for subsection in list(area.subsections):
            page = max(first, subsection.first_page)
            stop = min(end, subsection.first_page + subsection.pages)
            while (page := self._next_to_write(area, page, stop)) < stop:
                self._await_write(area, page)
                count, refused = self._write_run(area, page, stop)
                refusal = refusal or refused
                page += max(1, count)
        return refusal

    def _next_to_write(self, area: ControlArea, page: int, stop: int) -> int:
        """The first page from `page` on that is dirty or being written, or `stop`: many prototype PTEs at a look."""
        words_per_page = 1 << self._memory.entries_shift
        flags, pte_format = self._pfn.flags, self._memory.format
        while page < stop and area.subsection_of(page) is not None:
            address = area.prototype_of(page)
            offset = (address & self._memory.architecture.page_mask) // area.pte_size
            count = min(stop - page, words_per_page - offset)
            index = self._tables.find_word(address)
            words = self._memory.entries[index : index + count].tolist() if index >= 0 else []
            for number, pte in enumerate(words):
                if (pte & 1 or pte_format.is_transition(pte)) and (
                    flags[pte_format.frame(pte)] & (MODIFIED_FLAG | WRITE_FLAG)
                ):
                    return page + number
            page += count
        return stop

    def _await_write(self, area: ControlArea, page: int) -> None:
        """A write of the page that is under way ends first: it holds what was true when it began."""
        frame = self._frame(area, page)
        while frame is not None and self._pfn.flags[frame] & WRITE_FLAG:
            thread = self._scheduler.current
            if thread is None:  # shutdown: nobody will end that write
                self._pfn.end_write(frame, False)
                return
            self._scheduler.wait(thread, (), timeout_100ns=10_000, for_system=True)
            frame = self._frame(area, page)

    def _frame(self, area: ControlArea, page: int) -> int | None:
        """The frame of a page in RAM; no page of prototype PTEs is brought in for it."""
        if area.subsection_of(page) is None:
            return None
        index = self._tables.find_word(area.prototype_of(page))
        pte = self._memory.entries[index] if index >= 0 else 0
        return self._memory.format.frame(pte) if pte & 1 or self._memory.format.is_transition(pte) else None

    def _dirty_frame(self, area: ControlArea, page: int) -> int | None:
        """The frame of a page that must be written and can be."""
        frame = self._frame(area, page)
        if frame is None or self._pfn.flags[frame] & _DIRTY_MASK != MODIFIED_FLAG:
            return None
        return frame

    def _write_run(self, area: ControlArea, first: int, end: int) -> tuple[int, OSError | None]:
        """Writes the run of dirty pages at `first`: (pages, the disk's refusal)."""
        frames: list[int] = []
        while first + len(frames) < end and len(frames) < WRITE_CLUSTER:
            frame = self._dirty_frame(area, first + len(frames))
            if frame is None:
                break
            frames.append(frame)
        return (len(frames), self._write(area, first, frames)) if frames else (0, None)

    def _write(self, area: ControlArea, first: int, frames: list[int]) -> OSError | None:
        size = self._pfn.page_size
        for frame in frames:
            self._pfn.begin_write(frame)
        data = b"".join(self._bytes[frame * size : (frame + 1) * size] for frame in frames)
        data = data[: max(0, area.size - first * size)]
        self.writes += 1
        self.pages += len(frames)
        if self.told is not None:
            self.told(area.name, first, len(frames))
        refusal = self._put(area, first, data)
        due = self._disk.transfer(area.name, first, len(frames))
        done = Event(self._scheduler, manual_reset=True, signalled=False)
        when_done(self._scheduler, due, lambda: self._complete(frames, refusal, done))
        if not done.signal_state:
            assert self._scheduler.current is not None
            self._scheduler.wait(self._scheduler.current, (done,), for_system=True)
        return refusal

    def _put(self, area: ControlArea, first: int, data: bytes) -> OSError | None:
        """The bytes reach the host's file when the write begins: what programs do to the file later comes later."""
        try:
            if data:
                area.backing.write(first * self._pfn.page_size, data)
        except OSError as error:
            self.failures += 1
            return error
        return None

    def _complete(self, frames: list[int], refusal: OSError | None, done: Event) -> None:
        for frame in frames:
            self._pfn.end_write(frame, refusal is None)
        done.set()
