"""Reading pages into frames (MiDispatchFault's in-page path, IoPageRead): clusters, waiting threads, failed reads.

While a read is in progress its pages' PTEs are in transition form and their frames in state TRANSITION with READ_FLAG;
whoever faults on one of them waits for the same read. A read that failed gives the PTEs their old contents back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.io_timer import when_done
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.mm.pagefile import Disk
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import DELETED_FLAG
from ntmm.kernel.mm.tables import TableMemory

_SMALL_CLUSTERS: Final = {"code": 3, "data": 2, "other": 5}
_LARGE_CLUSTERS: Final = {"code": 8, "data": 4, "other": 8}
_SMALL_RAM_BYTES: Final = 12 << 20


@dataclass(frozen=True, slots=True)
class PageToRead:
    """A PTE by its index and address, and the contents that name where the page lies."""

    index: int
    pte_address: int
    original: int


@dataclass(frozen=True, slots=True)
class Source:
    """What is read: `fetch` answers the bytes of all pages or raises OSError; file and page say where the disk is."""

    file: str
    page: int
    fetch: Callable[[], bytes]


class InPageBlock(DispatcherObject):
    """One read in progress (MMINPAGE_SUPPORT); signalled when it is over."""

    def __init__(self, frames: list[int]) -> None:
        super().__init__()
        self.frames = frames
        self.is_done = False
        self.failed = False

    def is_signalled(self, thread: KernelThread) -> bool:
        return self.is_done

    def satisfy(self, thread: KernelThread) -> bool:
        return False


class InPage:
    """Paging reads and their counts: `reads` I/Os, `pages` filled by them, `failures`."""

    def __init__(self, ram: Ram, memory: TableMemory, scheduler: Scheduler, clock: Clock, disk: Disk) -> None:
        self._bytes = ram.bytes
        self._memory = memory
        self._scheduler = scheduler
        self._clock = clock
        self._disk = disk
        self._in_progress: dict[int, InPageBlock] = {}
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

    def begin(self, pages: list[PageToRead], use: PageUse, flags: int, source: Source) -> InPageBlock:
        """Starts a read of adjacent pages of a file; there must be free frames for them."""
        frames = [self._prepare(page, use, flags) for page in pages]
        block = InPageBlock(frames)
        for frame in frames:
            self._in_progress[frame] = block
        due = self._disk.transfer(source.file, source.page, len(frames))
        self.reads += 1
        self.pages += len(frames)
        if self.told is not None:
            self.told(source.file, source.page, len(frames))
        when_done(self._scheduler, self._clock, due, lambda: self._complete(block, source.fetch))
        return block

    def _prepare(self, page: PageToRead, use: PageUse, flags: int) -> int:
        memory = self._memory
        frame = memory.pfn.take_for_read(use)
        memory.pfn.flags[frame] |= flags
        memory.own(frame, page.index, page.pte_address, page.original)
        memory.write(page.index, memory.format.transition(frame, memory.format.protection(page.original)))
        return frame

    def block_of(self, frame: int) -> InPageBlock:
        """The read that fills a frame with READ_FLAG."""
        return self._in_progress[frame]

    def wait(self, block: InPageBlock) -> None:
        """Lets other threads run until a read is over."""
        thread = self._scheduler.current
        if thread is None:
            assert block.is_done, "a read that another thread began is in progress outside any thread"
            return
        self._scheduler.wait(thread, (block,), for_system=True)

    def _complete(self, block: InPageBlock, fetch: Callable[[], bytes]) -> None:
        """The disk is done; runs in nobody's context."""
        pfn, size = self._memory.pfn, self._memory.pfn.page_size
        try:
            data = fetch()
        except OSError:
            self._fail(block)
            data = b""
        for number, frame in enumerate(block.frames):
            del self._in_progress[frame]
            if not pfn.flags[frame] & DELETED_FLAG:
                contents = data[number * size : (number + 1) * size]
                self._bytes[frame * size : (frame + 1) * size] = contents.ljust(size, b"\0")
            pfn.end_read(frame)
        block.is_done = True
        self._scheduler.signalled(block)

    def _fail(self, block: InPageBlock) -> None:
        """Nothing was read: the pages are where they were before."""
        pfn = self._memory.pfn
        self.failures += 1
        block.failed = True
        for frame in block.frames:
            if not pfn.flags[frame] & DELETED_FLAG:
                self._memory.write(pfn.pte_index(frame), pfn.original_pte[frame])
                pfn.original_pte[frame] = 0
                pfn.free(frame)
