"""Single pages of an address space: take them away, read and change their protection (MiDeletePte and friends)."""

from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG, PROTOTYPE_FLAG
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.tables import drop_prototype_share
from ntmm.kernel.mm.working_set.working_set import LOCKED_IN_MEMORY


def is_shared(machine: SpaceMachine, frame: int) -> bool:
    """True if the page belongs to a section, not to the process."""
    return bool(machine.pfn.flags[frame] & PROTOTYPE_FLAG)


def has_room_for_tables(machine: SpaceMachine, space: AddressSpace, start: int, end: int) -> bool:
    """Waits for the pages that the page tables of [start, end) still lack; False if RAM will not have them."""
    missing = space.tables.missing_tables(start, end)
    return not missing or machine.pfn.ensure_pages(missing)


def delete_page(machine: SpaceMachine, space: AddressSpace, address: int, index: int, replacement: int = 0) -> None:
    """Takes whatever a PTE holds away and writes `replacement` instead; frames return to their list or section, and
    slots to their paging file.
    """
    memory, pfn = machine.table_memory, machine.pfn
    pte = memory.entries[index]
    frame = machine.format.frame(pte)
    memory.write(index, replacement)
    if pte & 1:
        leave_working_set(machine, space, address, frame)
        if is_shared(machine, frame):
            _keep_dirty(machine, pte, frame)
            drop_prototype_share(memory, frame)
        else:
            pfn.free(frame)
    elif machine.format.is_transition(pte):
        pfn.free(frame)
    else:
        pfn.release_slot(pte)


def leave_working_set(machine: SpaceMachine, space: AddressSpace, address: int, frame: int) -> None:
    """Takes a valid page out of the working set, with its locks; the PTE is the caller's matter."""
    working_set, vpn = space.working_set, address >> machine.architecture.page_shift
    shared = is_shared(machine, frame)
    index = working_set.shared_index(vpn) if shared else machine.pfn.working_set_index[frame]
    if working_set.value(index) & LOCKED_IN_MEMORY:
        machine.resident.give_back(1)
    if shared:
        working_set.remove_shared(vpn)
    else:
        working_set.remove(index)


def page_protection_code(machine: SpaceMachine, space: AddressSpace, address: int, pte: int) -> int:
    """The MM_* code that a non-zero PTE of a user page stands for."""
    if not pte & 1:
        return machine.format.protection(pte)
    frame = machine.format.frame(pte)
    if is_shared(machine, frame):
        return space.working_set.shared_protection(address >> machine.architecture.page_shift)
    return machine.format.protection(machine.pfn.original_pte[frame])


def _keep_dirty(machine: SpaceMachine, pte: int, frame: int) -> None:
    """The Dirty bit of an entry that goes away is kept with its page."""
    if pte & machine.architecture.DIRTY:
        machine.pfn.flags[frame] |= MODIFIED_FLAG


def trim_private_page(machine: SpaceMachine, space: AddressSpace, address: int, index: int, protection: int) -> None:
    """A valid private page leaves the working set; its PTE becomes transition with an MM_* code (MiFreeWsle)."""
    memory, pfn = machine.table_memory, machine.pfn
    pte = memory.entries[index]
    frame = machine.format.frame(pte)
    _keep_dirty(machine, pte, frame)
    if pte & machine.architecture.DIRTY and space.tables.dirty_bit_lost is not None:
        space.tables.dirty_bit_lost(address >> machine.architecture.page_shift)
    leave_working_set(machine, space, address, frame)
    pfn.original_pte[frame] = machine.format.with_protection(pfn.original_pte[frame], protection)
    memory.write(index, machine.format.transition(frame, protection))
    pfn.drop_share(frame)


def drop_view_page(machine: SpaceMachine, space: AddressSpace, address: int, index: int, replacement: int) -> None:
    """A valid page of a view leaves the working set and its PTE takes prototype form."""
    pte = machine.table_memory.entries[index]
    frame = machine.format.frame(pte)
    _keep_dirty(machine, pte, frame)
    leave_working_set(machine, space, address, frame)
    machine.table_memory.write(index, replacement)
    drop_prototype_share(machine.table_memory, frame)


def rewrite_valid(machine: SpaceMachine, space: AddressSpace, address: int, index: int, protection: int) -> None:
    """Gives a valid page another MM_* code that keeps it valid; Accessed and Dirty stay as they are."""
    memory, architecture = machine.table_memory, machine.architecture
    pte = memory.entries[index]
    frame = machine.format.frame(pte)
    kept = pte & (architecture.ACCESSED | architecture.DIRTY)
    memory.write(index, frame << architecture.page_shift | machine.format.user_bits[protection] | kept)
    if is_shared(machine, frame):
        space.working_set.set_shared_protection(address >> architecture.page_shift, protection)
    else:
        original = machine.pfn.original_pte[frame]
        machine.pfn.original_pte[frame] = machine.format.with_protection(original, protection)
        space.working_set.set_protection(machine.pfn.working_set_index[frame], protection)
