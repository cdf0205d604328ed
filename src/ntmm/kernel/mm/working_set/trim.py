"""Taking one page out of a working set (MiFreeWsle): its PTE takes transition form, or prototype form if shared."""

from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG, PROTOTYPE_FLAG
from ntmm.kernel.mm.tables import TableMemory, drop_prototype_share
from ntmm.kernel.mm.tables.formats import PROTECTION_MASK
from ntmm.kernel.mm.working_set.working_set import PROTECTION_SHIFT, VALID, WorkingSet


def may_trim(working_set: WorkingSet, value: int) -> bool:
    """True for the raw WSLE of a page that can go: page tables and pool pages with entries in use cannot."""
    if not value & VALID:
        return False
    memory = working_set.tables.memory
    return may_trim_page(memory, memory.entries[working_set.pte_index_of(value)])


def may_trim_page(memory: TableMemory, pte: int) -> bool:
    """As `may_trim`, for the valid PTE of the page."""
    pfn, frame = memory.pfn, memory.format.frame(pte)
    return bool(pfn.flags[frame] & PROTOTYPE_FLAG) or pfn.share_count[frame] == 1


def trim_entry(working_set: WorkingSet, index: int) -> None:
    """Takes the page of a valid entry away; it stays in RAM on the standby or modified list."""
    value = working_set.value(index)
    memory = working_set.tables.memory
    pfn, pte_format = memory.pfn, memory.format
    place = working_set.pte_index_of(value)
    pte = memory.entries[place]
    assert pte & 1, f"working-set entry {index} names a page that is not valid"
    frame = pte_format.frame(pte)
    is_dirty = pte & memory.architecture.DIRTY
    if is_dirty:
        pfn.flags[frame] |= MODIFIED_FLAG
    if pfn.flags[frame] & PROTOTYPE_FLAG:
        working_set.remove_shared(value >> memory.architecture.page_shift)
        memory.write(place, pte_format.lookup(value >> PROTECTION_SHIFT & PROTECTION_MASK))
        drop_prototype_share(memory, frame)
    else:
        if is_dirty and working_set.tables.dirty_bit_lost is not None:
            working_set.tables.dirty_bit_lost(value >> memory.architecture.page_shift)
        working_set.remove(index)
        if pfn.use[frame] == PageUse.PAGE_TABLE:
            working_set.tables.forget_table(frame)
        memory.write(place, pte_format.transition(frame, pte_format.protection(pfn.original_pte[frame])))
        pfn.drop_share(frame)
    working_set.trimmed += 1
