"""Guard pages and stack growth (MiAccessCheck's guard case, MiCheckForUserStackOverflow)."""

from typing import Final

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.machine import FaultMachine
from ntmm.kernel.mm.fault.outcome import FaultOutcome
from ntmm.kernel.mm.vad import VadKind
from ntmm.kernel.mm.vad.commit_pages import commit_page
from ntmm.nt.memory import MM_DECOMMIT, MM_GUARD_PAGE, MM_READWRITE

STACK_BASE_POINTERS: Final = 1
STACK_LIMIT_POINTERS: Final = 2
"""Offsets of NT_TIB.StackBase and StackLimit in the TEB, counted in pointers."""

DEALLOCATION_STACK: Final = {4: 0xE0C, 8: 0x1478}
"""Offset of TEB.DeallocationStack, the lowest reserved address of the stack, by pointer size."""


def guard_fault(
    machine: FaultMachine, context: FaultContext, address: int, index: int, pte: int, protection: int, teb: int
) -> FaultOutcome:
    """Any access to a guard page: the guard is removed first, then the stack grows or the program is told."""
    if index < 0:
        if machine.pfn.is_short():
            return outcome.OUT_OF_MEMORY
        index = context.tables.ensure(address, user=True)
    plain = protection & ~MM_GUARD_PAGE
    _set_protection(machine, index, pte, plain)
    if not teb:
        return outcome.GUARD_PAGE
    try:
        return _grow_stack(machine, context, address, teb)
    except GuestFault:
        return outcome.GUARD_PAGE


def _grow_stack(machine: FaultMachine, context: FaultContext, address: int, teb: int) -> FaultOutcome:
    """The next lower page becomes the guard page. The lowest page of the reservation is never committed: when only
    the one above it is left, that one is given to the handler of the overflow.
    """
    memory, page = context.memory, 1 << machine.page_shift
    pointer = memory.pointer_size
    base = memory.read_pointer(teb + STACK_BASE_POINTERS * pointer)
    lowest = memory.read_pointer(teb + DEALLOCATION_STACK[pointer])
    if not lowest <= address < base:
        return outcome.GUARD_PAGE
    touched = address & -page
    limit_address = teb + STACK_LIMIT_POINTERS * pointer
    if touched - 2 * page <= lowest:
        last = lowest + page
        if last < touched:
            _commit_if_reserved(machine, context, last, MM_READWRITE)
        memory.write_pointer(limit_address, last)
        return outcome.STACK_OVERFLOW
    if not _commit_if_reserved(machine, context, touched - page, MM_READWRITE | MM_GUARD_PAGE):
        return outcome.STACK_OVERFLOW
    memory.write_pointer(limit_address, touched)
    return outcome.STACK_GROWTH


def _commit_if_reserved(machine: FaultMachine, context: FaultContext, address: int, protection: int) -> bool:
    """Commits the page below; a page that is committed already only gets the new protection."""
    if not machine.pfn.ensure_pages(1):
        return False
    context.account.has_room(1)  # all waiting comes before the first look at the VAD and its tables
    vad = context.vads.find(address >> machine.page_shift)
    if vad is None or vad.kind is not VadKind.PRIVATE:
        return False
    index = context.tables.ensure(address, user=True)
    pte = machine.entries[index]
    if pte == machine.format.demand_zero(MM_DECOMMIT) or (pte == 0 and not vad.mem_commit):
        return commit_page(context.tables, context.account, vad, address, protection)
    if not pte & 1:
        _set_protection(machine, index, pte, protection)
    return True


def _set_protection(machine: FaultMachine, index: int, pte: int, protection: int) -> None:
    """Another MM_* code for a page that is not valid; if it is still in RAM, also for when it is brought back."""
    if machine.format.is_transition(pte):
        frame = machine.format.frame(pte)
        machine.pfn.original_pte[frame] = machine.format.with_protection(machine.pfn.original_pte[frame], protection)
    machine.table_memory.write(index, machine.format.with_protection(pte, protection))
