"""Reading pages into frames (MiDispatchFault's in-page path, IoPageRead): clusters, waiting threads, failed reads.

While a read is in progress its pages' PTEs are in transition form and their frames in state TRANSITION with READ_FLAG;
whoever faults on one of them waits for the same read. A read that failed gives the PTEs their old contents back.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from ntmm.hw.ram import Ram
from ntmm.kernel.io.failure import status_of
from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.mm.pagefile import Disk
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import DELETED_FLAG
from ntmm.kernel.mm.tables import TableMemory
from ntmm.kernel.mm.tables.formats import PROTECTION_MASK, PROTECTION_SHIFT
from ntmm.nt.status import Status

_SMALL_CLUSTERS: Final = {"code": 3, "data": 2, "other": 5}
_LARGE_CLUSTERS: Final = {"code": 8, "data": 4, "other": 8}
_SMALL_RAM_BYTES: Final = 12 << 20


class PageToRead(NamedTuple):
    """A PTE by its index and address, and the contents that name where the page lies."""

    place: int
    pte_address: int
    original: int


class Source(NamedTuple):
    """What is read: `read(first, count)` answers the bytes of adjacent pages or raises OSError; `file` and `page` say
    where the disk finds them.
    """

    file: str
    page: int
    read: Callable[[int, int], bytes]
    first: int


class InPageBlock(DispatcherObject):
    """One read in progress (MMINPAGE_SUPPORT); signalled when it is over.

    `status` is the I/O's then; `is_short` if it succeeded and gave too little: zeroes stand for the rest.
    """

    def __init__(self, frames: list[int], status: Status = Status.PENDING, is_short: bool = False) -> None:
        super().__init__()
        self.frames = frames
        self.status = status
        self.is_short = is_short

    @property
    def is_done(self) -> bool:
        """True once the read is over."""
        return self.status is not Status.PENDING

    @property
    def succeeded(self) -> bool:
        """True once the pages are there."""
        return self.status is Status.SUCCESS

    def is_signalled(self, thread: KernelThread) -> bool:
        return self.is_done

    def satisfy(self, thread: KernelThread) -> bool:
        return False


READ_DONE: Final = InPageBlock([], Status.SUCCESS)
"""The block of all complete reads that are over at once."""


class InPage:
    """Paging reads and their counts: `reads` I/Os, `pages` filled by them, `failures`."""

    def __init__(self, ram: Ram, memory: TableMemory, scheduler: Scheduler, disk: Disk) -> None:
        self._bytes = ram.bytes
        self._memory = memory
        self._scheduler = scheduler
        self._disk = disk
        self._page_size = memory.pfn.page_size
        self.passes = scheduler.try_pass_time
        """Lets time pass up to an uptime (100 ns) if nothing else could run before."""
        self._in_progress: dict[int, InPageBlock] = {}
        self._pinned: list[int] = []
        self.clusters = _SMALL_CLUSTERS if ram.size < _SMALL_RAM_BYTES else _LARGE_CLUSTERS
        """Pages read at once: of code, of data of an image or file, and from the paging file."""
        self.reads = 0
        self.pages = 0
        self.failures = 0
        self.told: Callable[[str, int, int], None] | None = None
        """Slot: told (file, page, pages) of every read while a recorder listens."""

    def may_cluster(self, pages: int) -> bool:
        """True if memory is plentiful enough for pages that nobody has asked for yet."""
        pfn = self._memory.pfn
        return pfn.available > pfn.signals.low_water + 4 * pages

    def begin(
        self, pages: list[PageToRead], use: PageUse, flags: int, source: Source, is_waited_for: bool = True
    ) -> InPageBlock:
        """Starts a read of adjacent pages of a file; there must be free frames for them.

        Where nothing else could run before the disk is done, time passes here, and the read is over: READ_DONE, or a
        block that has failed or is short. Not so for a read that its thread goes on without (`is_waited_for` False).
        """
        take = self._memory.pfn.take_for_read
        frames = [take(use) for _ in pages]
        due = self._start(source.file, source.page, len(frames))
        self._own(pages, frames, flags)
        if not is_waited_for or not self.passes(due):
            return self._wait_until(due, frames, source)
        return self._complete_at_once(frames, source)

    def _start(self, file: str, page: int, count: int) -> int:
        """Gives the disk a read; answers when it will be over."""
        self.reads += 1
        self.pages += count
        if self.told is not None:
            self.told(file, page, count)
        return self._disk.transfer(file, page, count)

    def wait_for(self, due: int, pages: list[PageToRead], frames: list[int], flags: int, source: Source) -> InPageBlock:
        """Gives the frames of a read that was started their PTEs in transition; the read to wait for."""
        self._own(pages, frames, flags)
        return self._wait_until(due, frames, source)

    def _wait_until(self, due: int, frames: list[int], source: Source) -> InPageBlock:
        block = InPageBlock(frames)
        for frame in frames:
            self._in_progress[frame] = block
        self._scheduler.call_at(due, lambda: self._end(block, source))
        return block

    def _own(self, pages: list[PageToRead], frames: list[int], flags: int) -> None:
        own, write, transition = self._memory.own, self._memory.write, self._memory.format.transition
        pfn_flags = self._memory.pfn.flags
        for (place, pte_address, original), frame in zip(pages, frames, strict=True):
            if flags:
                pfn_flags[frame] |= flags
            own(frame, place, pte_address, original)
            write(place, transition(frame, original >> PROTECTION_SHIFT & PROTECTION_MASK))

    # one page whose read is over at once

    def take_one(self, use: PageUse, file: str, page: int) -> tuple[int, int]:
        """Starts a read of one page: (its frame, which no PTE names yet, when the read will be over)."""
        frame = self._memory.pfn.take_for_read(use)
        return frame, self._start(file, page, 1)

    def fill_one(self, frame: int, read: Callable[[int, int], bytes], first: int) -> Status | None:
        """Ends a read from `take_one` now, and the page is ACTIVE; or the frame is free, and the I/O's NTSTATUS."""
        pfn, size = self._memory.pfn, self._page_size
        try:
            data = read(first, 1)
        except OSError as error:
            self.failures += 1
            pfn.free(frame)
            pfn.end_read(frame)
            return status_of(error)
        self._bytes[frame * size : (frame + 1) * size] = data
        pfn.end_read_in_use(frame)
        return None

    def _complete_at_once(self, frames: list[int], source: Source) -> InPageBlock:
        """The first page keeps a reference until `unpin`, as if the thread had waited for it."""
        pfn = self._memory.pfn
        pfn.reference(frames[0])
        status, is_short = self._complete(frames, source)
        if status is Status.SUCCESS:
            self._pinned.append(frames[0])
            return InPageBlock([], status, is_short) if is_short else READ_DONE
        pfn.dereference(frames[0])
        return InPageBlock([], status)

    def unpin(self) -> None:
        """Whoever was answered READ_DONE has had its look."""
        while self._pinned:
            self._memory.pfn.dereference(self._pinned.pop())

    def block_of(self, frame: int) -> InPageBlock:
        """The read that fills a frame with READ_FLAG."""
        return self._in_progress[frame]

    def wait(self, block: InPageBlock) -> None:
        """Lets other threads run until a read is over."""
        if block.is_done:
            return
        thread = self._scheduler.current
        if thread is None:  # the run was stopped while a thread waited for it
            self._scheduler.pass_time_until(lambda: block.is_done)
            return
        self._scheduler.wait(thread, (block,), for_system=True)

    def _end(self, block: InPageBlock, source: Source) -> None:
        """The disk is done; runs in nobody's context."""
        for frame in block.frames:
            del self._in_progress[frame]
        block.status, block.is_short = self._complete(block.frames, source)
        self._scheduler.signalled(block)

    def _complete(self, frames: list[int], source: Source) -> tuple[Status, bool]:
        """Fills the frames if the disk gives something: (the I/O's NTSTATUS, whether it gave too little)."""
        pfn, size = self._memory.pfn, self._memory.pfn.page_size
        try:
            data = source.read(source.first, len(frames))
        except OSError as error:
            self._fail(frames)
            return status_of(error), False
        flags, ram, end_read, start = pfn.flags, self._bytes, pfn.end_read, 0
        is_short = len(data) < len(frames) * size
        if is_short:
            data = data.ljust(len(frames) * size, b"\0")
        for frame in frames:
            if not flags[frame] & DELETED_FLAG:
                ram[frame * size : (frame + 1) * size] = data[start : start + size]
            start += size
            end_read(frame)
        return Status.SUCCESS, is_short

    def _fail(self, frames: list[int]) -> None:
        """Nothing was read: the pages are where they were before."""
        pfn = self._memory.pfn
        self.failures += 1
        for frame in frames:
            if not pfn.flags[frame] & DELETED_FLAG:
                self._memory.write(pfn.pte_index(frame), pfn.original_pte[frame])
                pfn.original_pte[frame] = 0
                pfn.free(frame)
            pfn.end_read(frame)
