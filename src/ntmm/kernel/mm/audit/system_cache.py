"""The system cache: each view's PTEs show the pages of its file, and nothing is mapped outside views."""

from collections.abc import Iterator

from ntmm.kernel.mm.audit.contents import word_at
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.system_cache import VIEW_BYTES, CacheView
from ntmm.nt.memory import MM_READWRITE


def cached_ranges(manager: MemoryManager) -> tuple[tuple[int, int], ...]:
    """The addresses of the region, as [start, end)."""
    return manager.system_cache.regions


def check_system_cache(manager: MemoryManager) -> Iterator[str]:
    """Every PTE of the region, and the places of the views."""
    views = {view.address: view for view in manager.system_cache.views()}
    if len(views) != len(list(manager.system_cache.views())):
        yield "two views of the system cache have one place"
    for view in views.values():
        if not view.area.cache_references:
            yield f"{view.area.name} is mapped in the system cache, which has no reference to it"
    for start, end in cached_ranges(manager):
        for address, index in manager.system.tables.resident(start, end):
            pte = manager.table_memory.entries[index]
            if pte:
                owner = views.get(address & -VIEW_BYTES)
                for problem in _check_entry(manager, owner, address, index, pte):
                    yield f"system cache at {address:#x}, PTE {pte:#x}: {problem}"


def _check_entry(manager: MemoryManager, view: CacheView | None, address: int, index: int, pte: int) -> Iterator[str]:
    if view is None:
        yield "there is no view"
        return
    pte_format, architecture = manager.table_memory.format, manager.architecture
    number = (address - view.address) >> architecture.page_shift
    if index != view.index + number:
        yield f"its view looks for it at {view.index + number:#x}"
    if not pte & 1:
        if pte != pte_format.lookup(MM_READWRITE):
            yield "neither valid nor of prototype form"
        return
    _, prototype = word_at(manager, view.area.prototype_of(view.first_page + number))
    if not prototype & 1 or pte_format.frame(prototype) != pte_format.frame(pte):
        yield f"its prototype PTE {prototype:#x} names another page"
    changing = architecture.ACCESSED | architecture.DIRTY | architecture.frame_mask
    if (pte ^ pte_format.kernel_bits[MM_READWRITE]) & ~changing:
        yield "its rights are not those of the kernel"
