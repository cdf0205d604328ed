"""The façade (CcCopyRead, CcCopyWrite, CcFlushCache and the rest); `io` calls it through the volume's slot."""

from collections.abc import Iterator
from contextlib import contextmanager

from ntmm.kernel.cc.held_pages import HeldPages
from ntmm.kernel.cc.read_ahead import PrivateCacheMap
from ntmm.kernel.cc.shared_map import SharedCacheMap, failure_of
from ntmm.kernel.io.constants import FILE_NO_INTERMEDIATE_BUFFERING, FILE_WRITE_THROUGH
from ntmm.kernel.io.control_block import FileControlBlock
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.kernel.mm.section import ControlArea
from ntmm.kernel.mm.section.file_data import DataPages
from ntmm.kernel.mm.system_cache import VIEW_BYTES, VIEW_SHIFT


class CacheManager(HeldPages):
    """One machine's. Offsets and sizes in bytes; requests may wait, and fail with IoFailure."""

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
        if not isinstance(private, PrivateCacheMap) or not shared.reads_ahead:  # perhaps closed while this thread read
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
        block.ensure_open(writable=True)
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
                self._changed(shared, range(first, end))
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
        with self._counting_flush(area, 0, area.total_pages):
            refusal = self._mm.mapped_writer.flush(area, 0, area.total_pages)
        if refusal is not None:
            if shared is not None:
                for page in taken:
                    self.lazy_writer.note_dirty(shared, page, page + 1)
            raise failure_of(refusal)
        if shared is not None:
            self._logged.written(shared, 0, area.total_pages)

    def _flush_range(self, shared: SharedCacheMap, start: int, end: int) -> None:
        first, stop = start // self._page, -(-end // self._page)
        with self._counting_flush(shared.area, first, stop):
            refusal = self.lazy_writer.write(shared, list(range(first, stop)))
        if refusal is not None:
            raise failure_of(refusal)

    @contextmanager
    def _counting_flush(self, area: ControlArea, first: int, end: int) -> Iterator[None]:
        writer, counts = self._mm.mapped_writer, self._cache.counts
        writes, pages = writer.writes, writer.pages
        self._cache.tell("flush", area, first, end - first)
        yield
        counts.flushes += writer.writes - writes
        counts.flushed_pages += writer.pages - pages

    def purge(self, block: FileControlBlock, start: int = 0, end: int | None = None) -> bool:
        """CcPurgeCacheSection: clean cached pages of [start, end) leave RAM; False if a program has the file mapped."""
        if not isinstance(block.data, DataPages):
            return True
        if not block.data.may_truncate():
            return False
        area = block.data.area
        first, stop = start // self._page, area.total_pages if end is None else -(-end // self._page)
        block.data.drop_clean(first, stop)
        self._cache.tell("purge", area, first, stop - first)
        return True
