"""Giving back the share that a mapping holds of a page with a prototype PTE (MiDecrementShareCount)."""

from ntmm.kernel.mm.fault.machine import FaultMachine


def drop_prototype_share(machine: FaultMachine, frame: int) -> None:
    """One mapping less of a shared page; the last turns its prototype PTE into transition form."""
    pfn = machine.pfn
    if pfn.drop_share(frame):
        protection = machine.format.protection(pfn.original_pte[frame])
        machine.table_memory.write(pfn.pte_index(frame), machine.format.transition(frame, protection))
