"""Copy-on-write (MiCopyOnWrite): a write to a shared page gets a private copy, charged when the view was mapped."""

from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.machine import FaultMachine
from ntmm.kernel.mm.fault.outcome import FaultOutcome
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.tables import drop_prototype_share
from ntmm.kernel.mm.tables.formats import PROTECTION_SHIFT
from ntmm.kernel.mm.working_set.working_set import LOCKED

_COPY_TO_WRITE = ~1
"""WRITECOPY 5 becomes READWRITE 4, EXECUTE_WRITECOPY 7 becomes EXECUTE_READWRITE 6."""


def copy_on_write(machine: FaultMachine, context: FaultContext, address: int, index: int, pte: int) -> FaultOutcome:
    """A write to a valid page that is to be copied."""
    if machine.pfn.is_short():
        return outcome.OUT_OF_MEMORY
    frame = machine.format.frame(pte)
    vpn = address >> machine.page_shift
    working_set = context.working_set
    protection = working_set.shared_protection(vpn)
    locks = working_set.value(working_set.shared_index(vpn)) & LOCKED
    working_set.remove_shared(vpn)
    map_private_copy(machine, context, address, index, frame, protection)
    if locks:
        working_set.lock(machine.pfn.working_set_index[machine.format.frame(machine.entries[index])], locks)
    drop_prototype_share(machine.table_memory, frame)
    return outcome.COPY_ON_WRITE


def map_private_copy(
    machine: FaultMachine, context: FaultContext, address: int, index: int, source: int, protection: int
) -> None:
    """Maps a private copy of the page in frame `source` writable; the caller gives the source's share back."""
    pfn, memory = machine.pfn, machine.table_memory
    protection &= _COPY_TO_WRITE
    frame = pfn.take_any(PageUse.PROCESS_PRIVATE)
    size = pfn.page_size
    machine.ram.bytes[frame * size : (frame + 1) * size] = machine.ram.bytes[source * size : (source + 1) * size]
    bits = machine.format.user_bits[protection] | memory.architecture.DIRTY
    memory.write(index, frame << machine.page_shift | bits)
    pfn.pte_address[frame] = memory.architecture.pte_address(address)
    pfn.pte_frame[frame] = index >> memory.entries_shift
    pfn.original_pte[frame] = protection << PROTECTION_SHIFT
    pfn.working_set_index[frame] = context.working_set.insert(address >> machine.page_shift, protection)
    context.private_given += 1
