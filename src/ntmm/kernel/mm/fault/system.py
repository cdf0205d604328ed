"""Pages that the kernel itself has lost to the page lists: page tables of a process, and pages of system space."""

from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.machine import FaultMachine
from ntmm.kernel.mm.fault.outcome import FaultOutcome
from ntmm.kernel.mm.fault.paging_file import paging_file_fault
from ntmm.kernel.mm.pfn import PageState, PageUse
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG, READ_FLAG
from ntmm.kernel.mm.tables import PageTables
from ntmm.kernel.mm.working_set import WorkingSet
from ntmm.nt.memory import MM_READWRITE


def table_fault(machine: FaultMachine, context: FaultContext, address: int) -> FaultOutcome:
    """Makes the uppermost missing table on the way to a user address valid, or begins to read it."""
    memory = machine.table_memory
    index, level, _ = context.tables.first_invalid(address)
    assert level >= 0 and machine.entries[index], f"no page table of {address:#x} is paged out"
    pte_address = memory.architecture.entry_address(level, address)
    found = revive(machine, index, pte_address, PageUse.PAGE_TABLE)
    if found is not None:
        return found
    frame = machine.format.frame(machine.entries[index])
    memory.write(index, memory.table_entry(frame, user=True))
    machine.pfn.used_entries[frame] = memory.count_entries(frame)
    table_in_working_set(machine, context.working_set, frame)
    return outcome.TRANSITION


def table_in_working_set(machine: FaultMachine, working_set: WorkingSet, frame: int) -> None:
    """A page table stands in the list under its own address in the self-map; its contents are always newer."""
    pfn, architecture = machine.pfn, machine.table_memory.architecture
    vpn = architecture.address_of_pte(pfn.pte_address[frame]) >> architecture.page_shift
    pfn.flags[frame] |= MODIFIED_FLAG
    pfn.working_set_index[frame] = working_set.insert(vpn, MM_READWRITE)


def system_fault(machine: FaultMachine, tables: PageTables, working_set: WorkingSet, address: int) -> FaultOutcome:
    """Makes a page of pageable system space valid, or begins to read it (MmAccessFault's kernel path)."""
    memory, pfn = machine.table_memory, machine.pfn
    index = tables.find(address)
    pte_address = memory.architecture.pte_address(address)
    found = revive(machine, index, pte_address, PageUse.PAGED_POOL)
    if found is not None:
        return found
    frame = machine.format.frame(machine.entries[index])
    memory.write(index, memory.table_entry(frame, user=False) | memory.paged_pool_no_execute)
    pfn.flags[frame] |= MODIFIED_FLAG
    pfn.used_entries[frame] = memory.count_entries(frame)  # it may hold prototype PTEs
    vpn = address >> machine.page_shift
    pfn.working_set_index[frame] = working_set.insert(vpn, MM_READWRITE)
    return outcome.TRANSITION


def kernel_fetch(tables: PageTables, address: int) -> int:
    """The frame that holds code at an address of system space; a page that is never executable is a bugcheck."""
    memory, index = tables.memory, tables.find(address)
    pte = memory.entries[index] if index >= 0 else 0
    if not pte & 1:
        sentence = f"the kernel fetched an instruction at {address:#x}, where there is no page"
        raise Bugcheck(BugcheckCode.PAGE_FAULT_IN_NONPAGED_AREA, sentence, address, 8)
    if pte & memory.architecture.no_execute:
        sentence = f"the kernel fetched an instruction at {address:#x}, where only data may be"
        raise Bugcheck(BugcheckCode.ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, sentence, address, pte)
    return memory.format.frame(pte)


def revive(machine: FaultMachine, index: int, pte_address: int, use: PageUse) -> FaultOutcome | None:
    """None when the page of a transition PTE is ACTIVE now; otherwise what must be waited for."""
    pte, pfn = machine.entries[index], machine.pfn
    if not machine.format.is_transition(pte):
        if pfn.is_short():
            return outcome.OUT_OF_MEMORY
        return paging_file_fault(machine, index, pte_address, pte, use)
    frame = machine.format.frame(pte)
    if pfn.flags[frame] & READ_FLAG:
        return outcome.collided(machine.in_page.block_of(frame), frame)
    if pfn.state[frame] == PageState.ACTIVE:
        pfn.add_share(frame)  # a table whose last entries have not left yet
    else:
        pfn.reactivate(frame)
    return None
