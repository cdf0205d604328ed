"""The façade (CcCopyRead, CcCopyWrite, CcFlushCache and the rest); `io` calls it through the volume's slot."""

from contextlib import AbstractContextManager, nullcontext

from ntmm.kernel.cc.copy import Copier
from ntmm.kernel.cc.lazy_writer import LazyWriter
from ntmm.kernel.cc.pinned import Pinned, Pinning
from ntmm.kernel.cc.read_ahead import PrivateCacheMap
from ntmm.kernel.cc.shared_map import SharedCacheMap, failure_of
from ntmm.kernel.cc.uncached import Uncached
from ntmm.kernel.cc.vacbs import Vacbs
from ntmm.kernel.io.constants import FILE_NO_INTERMEDIATE_BUFFERING, FILE_WRITE_THROUGH
from ntmm.kernel.io.control_block import FileControlBlock
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pageout.system_threads import SystemThreadPlan
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.kernel.mm.section.file_data import DataPages
from ntmm.kernel.mm.system_cache import VIEW_BYTES, VIEW_SHIFT
from ntmm.nt.status import Status


class CacheManager:
    """One machine's. Offsets and sizes in bytes; requests may wait, and fail with IoFailure."""

    def __init__(self, mm: MemoryManager, scheduler: Scheduler) -> None:
        self._mm = mm
        self._scheduler = scheduler
        self._cache = mm.system_cache
        self._page = mm.architecture.page_size
        self._maps: dict[FileControlBlock, SharedCacheMap] = {}
        self.vacbs = Vacbs(mm.system_cache)
        self._copier = Copier(mm, self.vacbs)
        self._pinning = Pinning(mm, self.vacbs, self._copier)
        self._uncached = Uncached(mm, scheduler)
        self.lazy_writer = LazyWriter(mm, scheduler, lambda: list(self._maps.values()), self._release_if_unused)

    def plans(self) -> list[SystemThreadPlan]:
        """The system threads that boot creates."""
        return [self.lazy_writer.plan()]

    # files

    def map_of(self, block: FileControlBlock) -> SharedCacheMap | None:
        """What is known of a cached file."""
        return self._maps.get(block)

    def _initialize(self, file: FileObject) -> SharedCacheMap:
        """The shared map of a file that is read or written (CcInitializeCacheMap)."""
        shared = self._maps.get(file.block) or self._new_map(file.block)
        if file.private_cache_map is None:
            file.private_cache_map = PrivateCacheMap(file.options)
            shared.open_count += 1
        return shared

    def _new_map(self, block: FileControlBlock) -> SharedCacheMap:
        if block.data is None:
            self._mm.sections.trim_unused()  # each keeps a file of the host open
        try:
            pages = self._mm.data_of(block)
        except OSError as error:
            raise failure_of(error) from error
        except PoolExhausted as error:
            raise IoFailure(Status.INSUFFICIENT_RESOURCES) from error
        shared = self._maps.get(block)
        if shared is None:
            shared = self._maps[block] = SharedCacheMap(block, pages, self._scheduler)
            pages.uncache = lambda: self._let_go(shared)
            pages.area.cache_references = 1
            self._mm.sections.reuse(pages.area)
        return shared

    def _begin_use(self, file: FileObject) -> SharedCacheMap:
        """The shared map, which stays until `_end_use`."""
        shared = self._initialize(file)
        shared.users += 1
        return shared

    def _end_use(self, shared: SharedCacheMap) -> None:
        shared.users -= 1
        if not shared.users:
            if shared.is_doomed:
                shared.block.close_if_unused()
            self._release_if_unused(shared)

    def closed(self, file: FileObject) -> None:
        """A file object is gone (CcUninitializeCacheMap): with the last the views go, once nothing is dirty."""
        shared = self._maps.get(file.block)
        if file.private_cache_map is None or shared is None:
            return
        file.private_cache_map = None
        shared.open_count -= 1
        self._release_if_unused(shared)

    def _release_if_unused(self, shared: SharedCacheMap) -> None:
        if not (shared.open_count or shared.users or shared.dirty) and self._maps.get(shared.block) is shared:
            self._uninitialize(shared)
            self._mm.sections.release(shared.area)

    def _let_go(self, shared: SharedCacheMap) -> bool:
        """The file is to be closed; False while somebody uses its pages, who will see to it."""
        if self._maps.get(shared.block) is not shared:
            return True
        if shared.users:
            shared.is_doomed = True
            return False
        self._uninitialize(shared)
        return True

    def _uninitialize(self, shared: SharedCacheMap) -> None:
        """The file is no longer cached; its pages go to the standby and modified lists."""
        self.lazy_writer.forget(shared, set(shared.dirty))
        self.vacbs.unmap_idle(shared.area)
        shared.area.cache_references = 0
        del self._maps[shared.block]

    def exclusive(self, block: FileControlBlock) -> AbstractContextManager[None]:
        """While it lasts nobody else writes to the file or changes its size."""
        shared = self._maps.get(block)
        return nullcontext() if shared is None else shared.lock

    # reading and writing

    def read(self, file: FileObject, offset: int, size: int) -> bytes:
        """CcCopyRead, cut to the file's size; past the cache for a file opened so."""
        if file.options & FILE_NO_INTERMEDIATE_BUFFERING:
            return self._uncached.read(file.block, offset, size)
        size = min(size, file.block.size - offset)
        if size <= 0:
            return b""
        shared = self._begin_use(file)
        try:
            reads = self._mm.in_page.reads
            data = self._copier.read(shared, offset, size)
            counts = self._cache.counts
            counts.hits += reads == self._mm.in_page.reads
            counts.misses += reads != self._mm.in_page.reads
            self._read_ahead(shared, file, offset, offset + size)
        finally:
            self._end_use(shared)
        return data

    def _read_ahead(self, shared: SharedCacheMap, file: FileObject, offset: int, end: int) -> None:
        private = file.private_cache_map
        if not isinstance(private, PrivateCacheMap):  # closed while this thread read
            return
        wanted = private.next_read(offset, end)
        if wanted is not None:
            self._prefetch(shared, *wanted)
        if private.is_sequential and offset >> VIEW_SHIFT != end >> VIEW_SHIFT:
            self.vacbs.unmap_behind(shared.area, offset >> VIEW_SHIFT)

    def _prefetch(self, shared: SharedCacheMap, start: int, end: int) -> None:
        first, stop = -(-start // self._page), -(-min(end, shared.area.size) // self._page)
        if first < stop:
            try:
                self._mm.sections.ensure_prototypes(shared.area, first, stop - first)
            except PoolExhausted:
                return
            self._cache.prefetch(shared.area, first, stop - first)

    def write(self, file: FileObject, offset: int | None, data: bytes) -> int:
        """CcCopyWrite: the disk has room for the bytes before the first is written, but gets them later.

        `offset` None is the end of the file. For write-through files they are on the disk when this answers.
        """
        shared = self._begin_use(file)
        try:
            with shared.lock:
                start = file.block.size if offset is None else offset
                if file.options & FILE_NO_INTERMEDIATE_BUFFERING:
                    return self._uncached.write(file.block, start, data)
                self._write_cached(shared, start, data)
            if data and file.options & FILE_WRITE_THROUGH:
                self._flush_range(shared, start, start + len(data))
        finally:
            self._end_use(shared)
        return len(data)

    def _write_cached(self, shared: SharedCacheMap, offset: int, data: bytes) -> None:
        block = shared.block
        if not data:
            return
        block.ensure_descriptor(writable=True)
        old_size, end = block.size, offset + len(data)
        if end > old_size:
            block.extend(end)
        else:
            block.changed()
        try:
            self._copy_in(shared, offset, memoryview(data), old_size)
        except IoFailure:
            if end > old_size and shared.pages.may_truncate():
                block.cut(old_size)
            raise

    def _copy_in(self, shared: SharedCacheMap, offset: int, data: memoryview, old_size: int) -> None:
        while data:
            count = min(len(data), VIEW_BYTES - offset % VIEW_BYTES)
            first, end = offset // self._page, (offset + count - 1) // self._page + 1
            self.lazy_writer.throttle(shared, end - first)
            try:
                self._copier.write(shared, offset, data[:count], old_size)
            finally:
                self.lazy_writer.note_dirty(shared, first, end)
            data, offset = data[count:], offset + count

    def zero(self, file: FileObject, start: int, end: int) -> None:
        """CcZeroData: zeroes for [start, end), which may lengthen the file."""
        while start < end:
            count = min(end - start, VIEW_BYTES)
            self.write(file, start, bytes(count))
            start += count

    # flushing and purging

    def flush(self, block: FileControlBlock) -> None:
        """CcFlushCache of a whole file, with what views have handed over."""
        if not isinstance(block.data, DataPages):
            return
        shared = self._maps.get(block)
        taken = set() if shared is None else set(shared.dirty)
        if shared is not None:
            self.lazy_writer.forget(shared, taken)
        area = block.data.area
        refusal = self._mm.mapped_writer.flush(area, 0, area.total_pages)
        if refusal is not None:
            if shared is not None:
                for page in taken:
                    self.lazy_writer.note_dirty(shared, page, page + 1)
            raise failure_of(refusal)

    def _flush_range(self, shared: SharedCacheMap, start: int, end: int) -> None:
        first, stop = start // self._page, -(-end // self._page)
        refusal = self.lazy_writer.write(shared, list(range(first, stop)))
        if refusal is not None:
            raise failure_of(refusal)

    def purge(self, block: FileControlBlock, start: int = 0, end: int | None = None) -> bool:
        """CcPurgeCacheSection: clean cached pages of [start, end) leave RAM; False if a program has the file mapped."""
        if not isinstance(block.data, DataPages):
            return True
        if not block.data.may_truncate():
            return False
        area = block.data.area
        block.data.drop_clean(start // self._page, area.total_pages if end is None else -(-end // self._page))
        return True

    # pages held for the kernel

    def map_data(self, file: FileObject, offset: int, size: int) -> Pinned:
        """CcMapData: a range of the file to be read in place until `unpin`."""
        return self._pin(file, offset, size, may_write=False, keeps_views=True)

    def pin_read(self, file: FileObject, offset: int, size: int) -> Pinned:
        """CcPinRead: a range to be read and written in place until `unpin`."""
        return self._pin(file, offset, size, may_write=True, keeps_views=True)

    def mdl_read(self, file: FileObject, offset: int, size: int) -> Pinned:
        """CcMdlRead: the frames of a range, for a device that reads them; ended by `unpin` (CcMdlReadComplete)."""
        return self._pin(file, offset, size, may_write=False, keeps_views=False)

    def _pin(self, file: FileObject, offset: int, size: int, may_write: bool, keeps_views: bool) -> Pinned:
        if size <= 0 or offset < 0 or offset + size > file.block.size:
            raise IoFailure(Status.INVALID_PARAMETER)
        shared = self._begin_use(file)
        try:
            return self._pinning.pin(shared, offset, size, may_write, keeps_views)
        except IoFailure:
            self._end_use(shared)
            raise

    def set_dirty(self, pinned: Pinned) -> None:
        """CcSetDirtyPinnedData: the pages of a pin were changed."""
        assert pinned.may_write, "a mapped range was changed"
        for frame in pinned.frames:
            self._mm.pfn.flags[frame] |= MODIFIED_FLAG
        first = pinned.offset // self._page
        self.lazy_writer.note_dirty(pinned.shared, first, first + len(pinned.frames))

    def parts(self, pinned: Pinned) -> list[memoryview]:
        """The pinned bytes in RAM, one part for each page."""
        return self._pinning.parts(pinned)

    def unpin(self, pinned: Pinned) -> None:
        """CcUnpinData, CcMdlReadComplete: the pages may go."""
        self._pinning.unpin(pinned)
        self._end_use(pinned.shared)
