"""Every region of a process's address space: one for each VAD, and the kernel's pages that serve the process."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.mm.section import AreaKind
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.kernel.ps import Process
from ntmm.tools.protections import protection_name
from ntmm.tools.rows import Form, Row, column
from ntmm.tools.views.heaps import heap_addresses
from ntmm.tools.views.resident import Resident, ResidentPage, resident_pages


class RegionType(StrEnum):
    """What a region holds."""

    IMAGE = "Image"
    MAPPED_FILE = "Mapped File"
    SHAREABLE = "Shareable"
    HEAP = "Heap"
    STACK = "Stack"
    PRIVATE_DATA = "Private Data"
    PAGE_TABLE = "Page Table"
    WORKING_SET_LIST = "Working Set List"
    FREE = "Free"


@dataclass(frozen=True, slots=True)
class RegionRow(Row):
    """One region of the address space."""

    address: int = column("Address", Form.ADDRESS, "its first byte")
    type: str = column("Type", Form.TEXT, "what it holds")
    size: int = column("Size", Form.SIZE, "addresses that it takes")
    committed: int = column("Committed", Form.SIZE, "how much of it can be used")
    private: int = column("Private", Form.SIZE, "charged to this process: private memory, and copies on write")
    total_ws: int = column("Total WS", Form.SIZE, "how much of it is in the working set")
    private_ws: int = column("Private WS", Form.SIZE, "of that, pages of this process alone")
    shareable_ws: int = column("Shareable WS", Form.SIZE, "of that, pages of sections")
    shared_ws: int = column("Shared WS", Form.SIZE, "of that, pages of sections that are mapped more than once now")
    locked_ws: int = column("Locked WS", Form.SIZE, "of that, locked pages")
    protection: str = column("Protection", Form.TEXT, "what it was reserved or mapped with")
    details: str = column("Details", Form.TEXT, "its file, its thread or its purpose")


_KERNEL_TYPES: Final = {
    "PAGE_TABLE": (RegionType.PAGE_TABLE, "page tables in RAM"),
    "WORKING_SET_LIST": (RegionType.WORKING_SET_LIST, "the list of the pages that the process has"),
}


def regions(kernel: Kernel, process: Process) -> list[RegionRow]:
    """In address order, then what the kernel keeps for the process."""
    vads = list(process.space.vads)
    parts, kernel_pages = _parts(kernel, vads, resident_pages(kernel, process))
    page = kernel.architecture.page_size
    heaps, stacks = heap_addresses(kernel, process), _stacks(process)
    heap_vads = {vads[at] for at in (_find(vads, address // page) for address in heaps) if at is not None}
    rows = [_row(kernel, vad, parts[vad.start_vpn], vad in heap_vads, stacks) for vad in vads if vad.memory_is_counted]
    return [*rows, *_kernel_rows(kernel, kernel_pages)]


def _stacks(process: Process) -> dict[int, int]:
    """Ids of threads by the first address of their stack."""
    return {thread.stack: thread.id for thread in process.threads if thread.stack}


def _find(vads: list[Vad], vpn: int) -> int | None:
    at = bisect_right(vads, vpn, key=lambda vad: vad.start_vpn) - 1
    return at if at >= 0 and vpn <= vads[at].end_vpn else None


def _parts(
    kernel: Kernel, vads: list[Vad], pages: list[ResidentPage]
) -> tuple[defaultdict[int, Resident], list[ResidentPage]]:
    """What of the working set lies in each VAD, by its first page; and the pages that lie in none."""
    parts: defaultdict[int, Resident] = defaultdict(Resident)
    others = []
    for page in pages:
        at = _find(vads, page.address >> kernel.architecture.page_shift)
        if at is None:
            others.append(page)
        else:
            parts[vads[at].start_vpn].add(page.size)
    return parts, others


def _row(kernel: Kernel, vad: Vad, part: Resident, is_heap: bool, stacks: dict[int, int]) -> RegionRow:
    page = kernel.architecture.page_size
    thread = stacks.get(vad.start_vpn * page)
    return RegionRow(
        vad.start_vpn * page,
        _type_of(vad, is_heap, thread is not None),
        vad.pages * page,
        committed_pages(vad) * page,
        vad.commit_charge * page,
        part.total,
        part.private,
        part.shareable,
        part.shared,
        part.locked,
        protection_name(vad.protection),
        _details(vad, thread),
    )


def _type_of(vad: Vad, is_heap: bool, is_stack: bool) -> RegionType:
    if vad.kind is VadKind.IMAGE:
        return RegionType.IMAGE
    if vad.is_view:
        return RegionType.MAPPED_FILE if vad.control_area.kind is AreaKind.FILE else RegionType.SHAREABLE
    if is_stack:
        return RegionType.STACK
    return RegionType.HEAP if is_heap else RegionType.PRIVATE_DATA


def committed_pages(vad: Vad) -> int:
    """Pages that can be touched; of a view of reserved memory, no more than its section has committed."""
    if not vad.is_view:
        return vad.commit_charge
    account = vad.control_area.account
    return vad.pages if account is None else min(vad.pages, int(account.pages))


def _details(vad: Vad, thread: int | None) -> str:
    if thread is not None:
        return f"thread {thread:x}"
    if vad.is_locked:
        return "window of physical pages" if vad.kind is VadKind.PHYSICAL else "large pages"
    return str(vad.control_area.name) if vad.is_view else vad.purpose


def _kernel_rows(kernel: Kernel, pages: list[ResidentPage]) -> Iterator[RegionRow]:
    """The kernel's own pages in the process's working set."""
    sums: defaultdict[str, Resident] = defaultdict(Resident)
    first: dict[str, int] = {}
    for page in pages:
        if page.use in _KERNEL_TYPES:
            sums[page.use].add(page.size)
            first.setdefault(page.use, page.address)
    for use, part in sums.items():
        kind, details = _KERNEL_TYPES[use]
        yield RegionRow(
            first[use],
            kind,
            part.total,
            part.total,
            part.total,
            part.total,
            part.private,
            part.shareable,
            part.shared,
            part.locked,
            "READWRITE",
            details,
        )
