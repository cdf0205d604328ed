"""Soft faults on private pages that are still in RAM (MiResolveTransitionFault)."""

from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.machine import FaultMachine
from ntmm.kernel.mm.fault.outcome import FaultOutcome
from ntmm.kernel.mm.pfn.state import READ_FLAG


def transition_fault(
    machine: FaultMachine, context: FaultContext, address: int, index: int, pte: int, protection: int
) -> FaultOutcome:
    """Takes the page from its list and makes it valid again with its contents and dirty state."""
    frame = machine.format.frame(pte)
    pfn = machine.pfn
    if pfn.flags[frame] & READ_FLAG:
        return outcome.collided(machine.in_page.block_of(frame), frame)
    pfn.reactivate(frame)
    machine.table_memory.write(index, frame << machine.page_shift | machine.format.user_bits[protection])
    vpn = address >> machine.page_shift
    pfn.working_set_index[frame] = context.working_set.insert(vpn, protection)
    context.private_given += 1
    return outcome.TRANSITION
