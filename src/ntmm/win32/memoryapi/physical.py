"""Address windowing and large pages. Page numbers are frames of RAM; counts in pages."""

from ntmm.native.call import Call
from ntmm.native.physical_pages import (
    NtAllocateUserPhysicalPages,
    NtFreeUserPhysicalPages,
    NtMapUserPhysicalPages,
    NtMapUserPhysicalPagesScatter,
)
from ntmm.native.service_table import service
from ntmm.nt.status import is_success
from ntmm.win32.failing import probing


def _answer(call: Call, status: int) -> int:
    return 1 if is_success(status) else call.fail(status)


@service("kernel32", "AllocateUserPhysicalPages", "h p p")
@probing(0)
def AllocateUserPhysicalPages(call: Call, process: int, count: int, frames: int) -> int:
    """Takes pages of RAM for a process; the count may come back smaller. PRIVILEGE_NOT_HELD (1314) without
    SeLockMemoryPrivilege.
    """
    return _answer(call, NtAllocateUserPhysicalPages(call, process, count, frames))


@service("kernel32", "FreeUserPhysicalPages", "h p p")
@probing(0)
def FreeUserPhysicalPages(call: Call, process: int, count: int, frames: int) -> int:
    """Gives pages back; the count tells how many were freed."""
    return _answer(call, NtFreeUserPhysicalPages(call, process, count, frames))


@service("kernel32", "MapUserPhysicalPages", "p p p")
@probing(0)
def MapUserPhysicalPages(call: Call, address: int, count: int, frames: int) -> int:
    """Shows pages in a window made with MEM_RESERVE | MEM_PHYSICAL; frames NULL empties it. All or nothing."""
    return _answer(call, NtMapUserPhysicalPages(call, address, count, frames))


@service("kernel32", "MapUserPhysicalPagesScatter", "p p p")
@probing(0)
def MapUserPhysicalPagesScatter(call: Call, addresses: int, count: int, frames: int) -> int:
    """As MapUserPhysicalPages, with an address for each page."""
    return _answer(call, NtMapUserPhysicalPagesScatter(call, addresses, count, frames))


@service("kernel32", "GetLargePageMinimum")
def GetLargePageMinimum(call: Call) -> int:
    """Bytes of a large page, the least that MEM_LARGE_PAGES can give."""
    return call.kernel.architecture.large_page_size
