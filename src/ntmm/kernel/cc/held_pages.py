"""What file systems and servers do with cached files: pages held in place, logs, limits, writers that must not wait."""

from collections.abc import Callable

from ntmm.kernel.cc.cached_files import CachedFiles
from ntmm.kernel.cc.logged import LoggedRange
from ntmm.kernel.cc.pinned import Pinned
from ntmm.kernel.cc.shared_map import Log
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG
from ntmm.kernel.mm.system_cache import VIEW_BYTES
from ntmm.nt.status import Status


class HeldPages(CachedFiles):
    """Offsets and sizes in bytes; requests may wait, and fail with IoFailure."""

    # pages held for the kernel

    def map_data(self, file: FileObject, offset: int, size: int) -> Pinned:
        """CcMapData: a range of the file to be read in place until `unpin`."""
        counts = self._cache.counts
        counts.maps += 1
        pinned, missed = self._pin(file, offset, size, may_write=False, keeps_views=True)
        counts.map_misses += missed
        return pinned

    def pin_read(self, file: FileObject, offset: int, size: int) -> Pinned:
        """CcPinRead: a range to be read and written in place until `unpin`."""
        counts = self._cache.counts
        counts.pins += 1
        pinned, missed = self._pin(file, offset, size, may_write=True, keeps_views=True)
        counts.pin_misses += missed
        return pinned

    def prepare_pin_write(self, file: FileObject, offset: int, size: int, zero: bool = False) -> Pinned:
        """CcPreparePinWrite: a dirty range that the caller overwrites; whole pages of it are not read for that.

        With `zero` all of it is zero before.
        """
        pinned, _ = self._pin(file, offset, size, may_write=True, keeps_views=True, is_overwritten=True)
        if zero:
            for part in self.parts(pinned):
                part[:] = bytes(len(part))
        self.set_dirty(pinned)
        return pinned

    def mdl_read(self, file: FileObject, offset: int, size: int) -> Pinned:
        """CcMdlRead: the frames of a range, for a device that reads them; ended by `unpin` (CcMdlReadComplete)."""
        counts = self._cache.counts
        counts.mdl_reads += 1
        pinned, missed = self._pin(file, offset, size, may_write=False, keeps_views=False)
        counts.mdl_misses += missed
        return pinned

    def _pin(
        self, file: FileObject, offset: int, size: int, may_write: bool, keeps_views: bool, is_overwritten: bool = False
    ) -> tuple[Pinned, bool]:
        """The pin, and whether it needed the disk."""
        if size <= 0 or offset < 0 or offset + size > file.block.size:
            raise IoFailure(Status.INVALID_PARAMETER)
        shared, reads = self._begin_use(file), self._mm.in_page.reads
        try:
            pinned = self._pinning.pin(shared, offset, size, may_write, keeps_views, is_overwritten)
        except IoFailure:
            self._end_use(shared)
            raise
        return pinned, reads != self._mm.in_page.reads

    def set_dirty(self, pinned: Pinned, log_number: int | None = None) -> None:
        """CcSetDirtyPinnedData: pages of a pin were changed, as the record of that number in the file's log says."""
        assert pinned.may_write, "a mapped range was changed"
        for frame in pinned.frames:
            self._mm.pfn.flags[frame] |= MODIFIED_FLAG
        first = pinned.offset // self._page
        pages = range(first, first + len(pinned.frames))
        self._changed(pinned.shared, pages)
        if log_number is not None and pinned.shared.log is not None:
            self._logged.note(pinned.shared, pages, log_number)

    def parts(self, pinned: Pinned) -> list[memoryview]:
        """The pinned bytes in RAM, one part for each page."""
        return self._pinning.parts(pinned)

    def unpin(self, pinned: Pinned) -> None:
        """CcUnpinData, CcMdlReadComplete: the pages may go."""
        self._pinning.unpin(pinned)
        self._end_use(pinned.shared)

    # what a file system says of a file

    def set_log(self, file: FileObject, log: Log) -> None:
        """CcSetLogHandleForFile: no change with a number reaches the file before the log reaches the disk."""
        self._logged.attach(self._initialize(file), log)

    def dirty_pages(self, log: Log) -> list[LoggedRange]:
        """CcGetDirtyPages: what is dirty of all files of a log; the least `oldest` is where a recovery would begin."""
        maps = [shared for shared in self._maps.values() if shared.log is log]
        return [found for shared in maps for found in self._logged.dirty(shared, self._page)]

    def set_attributes(self, file: FileObject, reads_ahead: bool = True, is_written_behind: bool = True) -> None:
        """CcSetAdditionalCacheAttributes. Without write-behind only flushes and the lazy writer write the file: its
        dirty pages go to the modified-no-write list.
        """
        shared = self._initialize(file)
        shared.reads_ahead, shared.is_written_behind = reads_ahead, is_written_behind
        if not is_written_behind:
            self._logged.watch(shared)

    def set_dirty_limit(self, file: FileObject, pages: int | None) -> None:
        """CcSetDirtyPageThreshold: how many dirty pages the file may have before its writers wait."""
        self._initialize(file).dirty_limit = pages

    def may_write(self, file: FileObject, size: int, wait: bool = False, is_retry: bool = False) -> bool:
        """CcCanIWrite: whether `size` more bytes may become dirty now; with `wait` when that is so."""
        shared, pages = self._initialize(file), self._pages_of(size)
        if wait:
            self.lazy_writer.throttle(shared, pages)
            return True
        return self.deferred.may_write(shared, pages, is_retry)

    def defer_write(self, file: FileObject, size: int, post: Callable[[], None]) -> None:
        """CcDeferWrite: calls `post` once when so many bytes may be written; it must not wait."""
        self.deferred.defer(self._initialize(file), self._pages_of(size), post)

    def _pages_of(self, size: int) -> int:
        """Pages that a write charges: no more than one view at a time becomes dirty."""
        return min(size // self._page + 1, VIEW_BYTES // self._page)
