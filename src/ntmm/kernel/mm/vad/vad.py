"""One virtual address descriptor (MMVAD)."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from ntmm.nt.memory import MEM_IMAGE, MEM_MAPPED, MEM_PRIVATE


class VadKind(Enum):
    """What a range holds; the value is its MEM_* type as VirtualQuery tells it."""

    PRIVATE = MEM_PRIVATE
    MAPPED = MEM_MAPPED
    IMAGE = MEM_IMAGE
    SHARED_PAGE = MEM_PRIVATE | 1
    """The fixed block of the shared user data page, where it lies inside the range that VADs may use (x64)."""
    PHYSICAL = MEM_PRIVATE | 2
    """A window of MapUserPhysicalPages (VadAwe)."""
    LARGE_PAGES = MEM_PRIVATE | 3
    """Memory in large pages (VadLargePages)."""

    @property
    def memory_type(self) -> int:
        """The MEM_* type."""
        return self.value & ~3


@dataclass(slots=True, eq=False)
class Vad:
    """A range of virtual page numbers, both ends inclusive, with the protection it was reserved with.

    `mem_commit`: the whole range was committed with its reservation, so a zero PTE means a committed page;
    otherwise a zero PTE is a reserved page. `commit_charge` is in pages. `no_change` refuses VirtualProtect and
    VirtualFree (TEB, PEB). Views name their `control_area` and the page of its segment that they begin with.
    """

    start_vpn: int
    end_vpn: int
    kind: VadKind
    protection: int
    mem_commit: bool = False
    commit_charge: int = 0
    no_change: bool = False
    control_area: Any = None
    first_page: int = 0
    section_protection: int = 0
    """PAGE_* value of the section behind a view of data: what VirtualProtect may give at most."""
    inherit: bool = False
    """A child process gets the view as well (ViewShare)."""
    purpose: str = ""
    written: set[int] | None = None
    """Of a region with MEM_WRITE_WATCH: numbers of its pages that were written and whose Dirty bit has gone since."""

    @property
    def pages(self) -> int:
        """Length in pages."""
        return self.end_vpn - self.start_vpn + 1

    @property
    def memory_is_counted(self) -> bool:
        """False for the fixed block of the shared user data page: it is neither committed nor part of the size."""
        return self.kind is not VadKind.SHARED_PAGE

    @property
    def is_locked(self) -> bool:
        """True for memory outside the working set, which is never paged: windows of physical pages, large pages."""
        return self.kind in (VadKind.PHYSICAL, VadKind.LARGE_PAGES)

    @property
    def is_view(self) -> bool:
        """True for views of sections: their pages come through prototype PTEs."""
        return self.kind in (VadKind.IMAGE, VadKind.MAPPED)
