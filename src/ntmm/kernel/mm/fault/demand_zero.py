"""Demand-zero faults (MiResolveDemandZeroFault): the hot path of every program that touches new memory."""

from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.machine import FaultMachine
from ntmm.kernel.mm.fault.outcome import FaultOutcome
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.tables.formats import PROTECTION_SHIFT

_PRIVATE = PageUse.PROCESS_PRIVATE


def demand_zero(
    machine: FaultMachine, context: FaultContext, address: int, index: int, protection: int, write: int
) -> FaultOutcome:
    """Gives a zeroed page. `index` is the page's PTE or negative where its page table must be made first."""
    table_memory = machine.table_memory
    if index < 0:
        index = context.tables.ensure(address, user=True)
    entries, pfn = machine.entries, machine.pfn
    frame = pfn.take_zeroed(_PRIVATE)
    table = index >> table_memory.entries_shift
    architecture = table_memory.architecture
    if entries[index] == 0:
        pfn.used_entries[table] += 1
    pfn.share_count[table] += 1
    bits = machine.format.user_bits[protection]
    entries[index] = frame << machine.page_shift | (bits | architecture.DIRTY if write else bits)
    pfn.pte_address[frame] = architecture.pte_address(address)
    pfn.pte_frame[frame] = table
    pfn.original_pte[frame] = protection << PROTECTION_SHIFT
    pfn.working_set_index[frame] = context.working_set.insert(address >> machine.page_shift, protection)
    kind = "private"
    context.pages[kind] += 1
    context.pages_given[kind] += 1
    return outcome.DEMAND_ZERO
