"""Views in use and idle ones (VACBs): an idle view stays mapped until its place is wanted."""

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.kernel.mm.section import ControlArea
from ntmm.kernel.mm.system_cache import CacheFull, CacheView, SystemCache
from ntmm.nt.status import Status


class Vacbs:
    """`reclaimed` counts views that were unmapped for the sake of others."""

    def __init__(self, cache: SystemCache) -> None:
        self._cache = cache
        self._idle: dict[CacheView, None] = {}
        self.reclaimed = 0
        cache.shrink = self.unmap_oldest

    def acquire(self, area: ControlArea, number: int) -> CacheView:
        """The view of a file's 256 KB with a number, which stays mapped until `release` (CcGetVirtualAddress).

        Fails with INSUFFICIENT_RESOURCES.
        """
        view = self._cache.find(area, number)
        while view is None:
            view = self._map(area, number)
        self._idle.pop(view, None)
        view.active += 1
        return view

    def _map(self, area: ControlArea, number: int) -> CacheView | None:
        """The view mapped anew, or None after another view was unmapped to make room."""
        try:
            view = self._cache.map(area, number)
        except (PoolExhausted, CacheFull) as error:
            if not self._idle:
                raise IoFailure(Status.INSUFFICIENT_RESOURCES) from error
            view = None
        if view is None:
            if not self._idle:
                raise IoFailure(Status.INSUFFICIENT_RESOURCES)
            self.unmap_oldest()
        return view

    def unmap_oldest(self) -> bool:
        """Takes the idle view away that was not used for longest; False if there is none."""
        if not self._idle:
            return False
        self.reclaimed += 1
        self._unmap(next(iter(self._idle)))
        return True

    def release(self, view: CacheView) -> None:
        """The view is no longer used by one who acquired it (CcFreeVirtualAddress)."""
        view.active -= 1
        if not view.active:
            self._idle[view] = None

    def _unmap(self, view: CacheView) -> None:
        del self._idle[view]
        self._cache.unmap(view)

    def unmap_idle(self, area: ControlArea) -> None:
        """Takes the file's views away that nobody uses; their pages go to the standby and modified lists."""
        for view in self._cache.views_of(area):
            if not view.active:
                self._unmap(view)

    def unmap_behind(self, area: ControlArea, number: int) -> None:
        """Takes one view away if it is idle: its reader does not come back."""
        view = self._cache.find(area, number)
        if view is not None and not view.active:
            self._unmap(view)
