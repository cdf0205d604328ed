"""Demand-zero faults (MiResolveDemandZeroFault): the hot path of every program that touches new memory.

The resolver is a closure over the machine's arrays: each fault costs a few stores and no attribute look-ups.
"""

from collections.abc import Callable

from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.machine import FaultMachine
from ntmm.kernel.mm.fault.outcome import FaultOutcome
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.tables.formats import PROTECTION_SHIFT

DemandZero = Callable[[FaultContext, int, int, int, int], FaultOutcome]
"""(space, address, index of the PTE or negative where its page table is missing, MM_* code, write bit)."""


def make_demand_zero(machine: FaultMachine) -> DemandZero:
    """The resolver of one machine."""
    table_memory, pfn, entries = machine.table_memory, machine.pfn, machine.entries
    architecture = table_memory.architecture
    entries_shift, page_shift = table_memory.entries_shift, machine.page_shift
    pte_base, pte_size = architecture.pte_base, architecture.pte_size
    read_bits = machine.format.user_bits
    write_bits = tuple(bits | architecture.DIRTY for bits in read_bits)
    take_zeroed, private = pfn.take_zeroed, PageUse.PROCESS_PRIVATE
    used_entries, share_count = pfn.used_entries, pfn.share_count
    pte_address, pte_frame, original_pte = pfn.pte_address, pfn.pte_frame, pfn.original_pte
    working_set_index = pfn.working_set_index
    resolved = outcome.DEMAND_ZERO

    def demand_zero(context: FaultContext, address: int, index: int, protection: int, write: int) -> FaultOutcome:
        if index < 0:
            index = context.tables.ensure(address, user=True)
        context.next_colour = colour = context.next_colour + 1
        frame = take_zeroed(private, colour)
        table, vpn = index >> entries_shift, address >> page_shift
        before = entries[index]
        if not before:
            used_entries[table] += 1
        share_count[table] += 1
        entries[index] = frame << page_shift | (write_bits if write else read_bits)[protection]
        if table_memory.changed is not None:
            table_memory.changed(index, before, entries[index])
        pte_address[frame] = pte_base + vpn * pte_size
        pte_frame[frame] = table
        original_pte[frame] = protection << PROTECTION_SHIFT
        working_set_index[frame] = context.working_set.insert(vpn, protection)
        context.private_given += 1
        return resolved

    return demand_zero
