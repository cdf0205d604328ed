"""Port sections: PORT_VIEW and REMOTE_PORT_VIEW. Each end may bring a section, which is mapped at both."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ntmm.kernel.ob import KernelObject
from ntmm.nt.memory import PAGE_READWRITE, VIEW_UNMAP
from ntmm.nt.status import Status, is_error


class MappedView(Protocol):
    """What mapping answers."""

    status: Status
    base: int
    size: int


class SectionViews(Protocol):
    """What ports ask of the memory manager."""

    def map_view(
        self,
        process: Any,
        section: Any,
        *,
        offset: int,
        view_size: int,
        inherit: int,
        page_protection: int,
    ) -> Any:
        """NtMapViewOfSection; may wait."""

    def unmap_view(self, process: Any, address: int) -> Status:
        """NtUnmapViewOfSection; may wait."""


class ViewRequest(NamedTuple):
    """The part of a section that one end brings; `offset` and `size` in bytes."""

    section: KernelObject
    offset: int
    size: int


@dataclass(slots=True)
class PortView:
    """One section at a port: where it lies in the process that brought it and in the other one; `size` in bytes."""

    request: ViewRequest
    size: int
    base: int
    remote_base: int = 0


class PlacedView(NamedTuple):
    """A view that goes with its port: the process it lies in, and its base."""

    process: Any
    base: int


def map_port_view(mm: SectionViews, process: Any, request: ViewRequest) -> tuple[Status, int, int]:
    """Maps a port section for reading and writing: (status, base, size)."""
    result: MappedView = mm.map_view(
        process,
        request.section,
        offset=request.offset,
        view_size=request.size,
        inherit=VIEW_UNMAP,
        page_protection=PAGE_READWRITE,
    )
    return result.status, result.base, result.size


def unmap_placed(mm: SectionViews, views: list[PlacedView]) -> None:
    """Removes views; what the program has unmapped itself is gone already."""
    while views:
        view = views.pop()
        if not view.process.space.deleted:
            mm.unmap_view(view.process, view.base)


def is_mapped(status: int) -> bool:
    """True for success and for warnings about where the view lies."""
    return not is_error(status)
