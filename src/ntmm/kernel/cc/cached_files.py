"""Which files are cached, and for how long: CcInitializeCacheMap to CcUninitializeCacheMap."""

from contextlib import AbstractContextManager, nullcontext

from ntmm.kernel.cc.copy import Copier
from ntmm.kernel.cc.deferred import DeferredWrites
from ntmm.kernel.cc.lazy_writer import LazyWriter
from ntmm.kernel.cc.logged import LoggedPages
from ntmm.kernel.cc.pinned import Pinning
from ntmm.kernel.cc.read_ahead import PrivateCacheMap
from ntmm.kernel.cc.shared_map import SharedCacheMap, failure_of
from ntmm.kernel.cc.uncached import Uncached
from ntmm.kernel.cc.vacbs import Vacbs
from ntmm.kernel.io.control_block import FileControlBlock
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pageout.system_threads import SystemThreadPlan
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.nt.status import Status


class CachedFiles:
    """The shared maps of a machine, and what works on them."""

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
        self.deferred = DeferredWrites(self.lazy_writer, scheduler)
        self._logged = LoggedPages(mm.pfn)

    def plans(self) -> list[SystemThreadPlan]:
        """The system threads that boot creates."""
        return [self.lazy_writer.plan()]

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
        shared.area.before_write = None
        del self._maps[shared.block]

    def exclusive(self, block: FileControlBlock) -> AbstractContextManager[None]:
        """While it lasts nobody else writes to the file or changes its size."""
        shared = self._maps.get(block)
        return nullcontext() if shared is None else shared.lock

    def _changed(self, shared: SharedCacheMap, pages: range) -> None:
        self.lazy_writer.note_dirty(shared, pages.start, pages.stop)
        if not shared.is_written_behind:
            self._logged.keep(shared, pages)
