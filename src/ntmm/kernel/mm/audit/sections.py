"""Control areas: the form of every prototype PTE, the pages that they name, and the number of views."""

from collections.abc import Iterator

from ntmm.kernel.mm.audit.contents import prototype_runs
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.database import PROTOTYPE_FLAG
from ntmm.kernel.mm.section import AreaKind, ControlArea
from ntmm.nt.memory import MM_ACCESS_MASK

_USES = {
    AreaKind.IMAGE: PageUse.IMAGE,
    AreaKind.FILE: PageUse.MAPPED_FILE,
    AreaKind.PAGING_FILE: PageUse.SHARED_MEMORY,
}


def check_sections(manager: MemoryManager) -> Iterator[str]:
    """All control areas of the machine."""
    for area in manager.sections.areas():
        views = sum(1 for space in manager.spaces for vad in space.vads if vad.control_area is area)
        views += sum(1 for session in manager.sessions_by_id.values() for view in session.views if view.area is area)
        if area.mapped_views != views:
            yield f"section {area.name} says {area.mapped_views} views, the VADs hold {views}"
        for first, _, words in prototype_runs(manager, area):
            for page, pte, original in _unlike_original(manager, area, first, words):
                for problem in _check_prototype(manager, area, pte, original):
                    yield f"section {area.name}, page {page:#x}: {problem}"


def _unlike_original(
    manager: MemoryManager, area: ControlArea, first: int, words: list[int]
) -> Iterator[tuple[int, int, int]]:
    """(page, prototype PTE, what it was when the section was made) where these differ."""
    if area.kind is AreaKind.FILE:
        original = _original(manager, area, first, words[0])
        yield from ((page, pte, original) for page, pte in enumerate(words, first) if pte != original)
        return
    for page, pte in enumerate(words, first):
        original = _original(manager, area, page, pte)
        if pte != original:
            yield page, pte, original


def _check_prototype(manager: MemoryManager, area: ControlArea, pte: int, original: int) -> Iterator[str]:
    memory, pfn = manager.table_memory, manager.pfn
    if pte & 1 or memory.format.is_transition(pte):
        frame = memory.format.frame(pte)
        kept = pfn.original_pte[frame]
        was_written = area.kind is not AreaKind.FILE and (
            memory.format.is_page_file(kept) or kept == memory.format.demand_zero(memory.format.protection(original))
        )
        if kept != original and not was_written:
            yield f"frame {frame:#x} keeps the original {pfn.original_pte[frame]:#x} instead of {original:#x}"
        if pfn.use[frame] != _USES[area.kind] or not pfn.flags[frame] & PROTOTYPE_FLAG:
            yield f"frame {frame:#x} is not marked as a page of a section"
        code = memory.format.protection(original)
        expected = memory.format.kernel_bits[code] if pte & 1 else memory.format.transition(0, code)
        if pte & ~manager.architecture.frame_mask != expected & ~manager.architecture.frame_mask:
            yield f"prototype PTE {pte:#x} has other bits than protection {code:#x} gives"
    elif not memory.format.is_page_file(pte):
        yield f"prototype PTE {pte:#x} instead of {original:#x}"


def _original(manager: MemoryManager, area: ControlArea, page: int, pte: int) -> int:
    """What the prototype PTE was when the section was made."""
    pte_format = manager.table_memory.format
    subsection = area.subsection_of(page)
    if area.kind is AreaKind.PAGING_FILE and pte == 0:
        return 0
    if subsection is None or not subsection.protection & MM_ACCESS_MASK:
        return 0
    if subsection.address and subsection.bytes_of_page(page)[1]:
        return pte_format.pointers.subsection(subsection.address, subsection.protection)
    return pte_format.demand_zero(subsection.protection)
