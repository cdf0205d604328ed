"""Writers that must not wait ask whether they may write, or are called when they may (CcCanIWrite, CcDeferWrite)."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ntmm.kernel.cc.lazy_writer import LazyWriter
from ntmm.kernel.cc.shared_map import SharedCacheMap
from ntmm.kernel.ke.scheduler import Scheduler


@dataclass(frozen=True, slots=True)
class _Deferred:
    shared: SharedCacheMap
    pages: int
    post: Callable[[], None]


class DeferredWrites:
    """First come, first served; `count` writers are waiting."""

    def __init__(self, lazy_writer: LazyWriter, scheduler: Scheduler) -> None:
        self._lazy_writer = lazy_writer
        self._scheduler = scheduler
        self._waiting: deque[_Deferred] = deque()
        lazy_writer.fell = self._post

    @property
    def count(self) -> int:
        """Writers that are waiting to be called."""
        return len(self._waiting)

    def may_write(self, shared: SharedCacheMap, pages: int, is_retry: bool = False) -> bool:
        """True if so many more dirty pages are bearable and nobody waits who came before (but for a second try)."""
        return (is_retry or not self._waiting) and self._lazy_writer.has_room(shared, pages)

    def defer(self, shared: SharedCacheMap, pages: int, post: Callable[[], None]) -> None:
        """`post` is called once, in nobody's context, as soon as so many more dirty pages are bearable."""
        self._waiting.append(_Deferred(shared, pages, post))
        self._lazy_writer.called.set()
        self._post()

    def _post(self) -> None:
        """Dirty pages have become fewer: calls those whose turn it is."""
        promised = 0
        while self._waiting and self._lazy_writer.has_room(self._waiting[0].shared, self._waiting[0].pages + promised):
            deferred = self._waiting.popleft()
            promised += deferred.pages
            self._scheduler.call_at(self._scheduler.uptime_100ns(), deferred.post)
