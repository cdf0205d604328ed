"""Views in session space (MmMapViewInSessionSpace): 64 KB units of a region of fixed size."""

from collections.abc import Iterator
from dataclasses import dataclass

from ntmm.kernel.mm.section import ControlArea
from ntmm.nt.memory import ALLOCATION_GRANULARITY


@dataclass(frozen=True, slots=True, eq=False)
class SessionView:
    """[start, end) shows a section from its first page on; byte addresses."""

    start: int
    end: int
    area: ControlArea

    def holds(self, address: int) -> bool:
        """True for an address within."""
        return self.start <= address < self.end


class ViewRegion:
    """Where the views of one session lie: [start, start + size)."""

    def __init__(self, start: int, size: int) -> None:
        self.start = start
        self.size = size
        self._views: list[SessionView] = []

    def __iter__(self) -> Iterator[SessionView]:
        return iter(self._views)

    @property
    def used(self) -> int:
        """Bytes of the units that are taken."""
        return sum(_rounded(view.end - view.start) for view in self._views)

    def find(self, address: int) -> SessionView | None:
        """The view that holds an address."""
        return next((view for view in self._views if view.holds(address)), None)

    def add(self, area: ControlArea, size: int) -> SessionView | None:
        """A view of `size` bytes in the lowest gap that is large enough; None if there is none."""
        start = self._gap(_rounded(size))
        if start is None:
            return None
        view = SessionView(start, start + size, area)
        self._views.append(view)
        self._views.sort(key=lambda each: each.start)
        return view

    def remove(self, view: SessionView) -> None:
        """Gives its units back."""
        self._views.remove(view)

    def _gap(self, size: int) -> int | None:
        at = self.start
        for view in self._views:
            if view.start - at >= size:
                return at
            at = view.start + _rounded(view.end - view.start)
        return at if self.start + self.size - at >= size else None


def _rounded(size: int) -> int:
    return -(-size // ALLOCATION_GRANULARITY) * ALLOCATION_GRANULARITY
