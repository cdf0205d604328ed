"""Giving back the share that a mapping holds of a page with a prototype PTE (MiDecrementShareCount)."""

from ntmm.kernel.mm.tables.table_memory import TableMemory


def drop_prototype_share(memory: TableMemory, frame: int) -> None:
    """One mapping less of a shared page; the last turns its prototype PTE into transition form."""
    pfn = memory.pfn
    if pfn.drop_share(frame):
        protection = memory.format.protection(pfn.original_pte[frame])
        memory.write(pfn.pte_index(frame), memory.format.transition(frame, protection))
