"""NtFreeVirtualMemory: decommit and release."""

from collections.abc import Iterator

from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.allocate import Range, count_committed, is_committed
from ntmm.kernel.mm.space.large_pages import unmap_large_pages
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.space.pages import delete_page, has_room_for_tables
from ntmm.kernel.mm.space.physical_pages import clear_window
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.nt.memory import MEM_DECOMMIT, MEM_RELEASE, MM_DECOMMIT
from ntmm.nt.status import Status


def free(machine: SpaceMachine, space: AddressSpace, base: int, size: int, free_type: int) -> Range:
    """Decommits pages or releases a region; `size` 0 means the whole region, whose base `base` must then be."""
    if free_type not in (MEM_DECOMMIT, MEM_RELEASE):
        return Range(Status.INVALID_PARAMETER_4)
    if base > space.user.highest_vad:
        return Range(Status.INVALID_PARAMETER_2)
    if size > space.user.highest_vad + 1 - base:
        return Range(Status.INVALID_PARAMETER_3)
    page = machine.architecture.page_size
    start = base & -page
    vad = space.vads.find(start // page)
    if vad is None:
        return Range(Status.MEMORY_NOT_ALLOCATED)
    end = -(-(base + size) // page) * page if size else (vad.end_vpn + 1) * page
    status = _check(vad, start // page, end // page - 1, size)
    if status is not None:
        return Range(status)
    if vad.is_locked:
        return _free_locked(machine, space, vad, free_type, start, end)
    if free_type == MEM_RELEASE:
        _release(machine, space, vad, start, end)
    elif vad.mem_commit and not has_room_for_tables(machine, space, start, end):
        return Range(Status.NO_MEMORY)
    else:
        space.tables.bring_in_range(start, end)
        _decommit(machine, space, vad, start, end)
    return Range(Status.SUCCESS, start, end - start)


def _free_locked(machine: SpaceMachine, space: AddressSpace, vad: Vad, free_type: int, start: int, end: int) -> Range:
    """Windows of physical pages and large pages go as a whole or not at all."""
    if free_type != MEM_RELEASE:
        return Range(Status.MEMORY_NOT_ALLOCATED)
    if (end - start) // machine.architecture.page_size != vad.pages:
        return Range(Status.UNABLE_TO_FREE_VM)
    if vad.kind is VadKind.LARGE_PAGES:
        unmap_large_pages(machine, space, vad)
    else:
        clear_window(machine, space, start, end)
        space.vads.remove(vad)
        space.grow(start - end)
    return Range(Status.SUCCESS, start, end - start)


def _check(vad: Vad, first: int, last: int, size: int) -> Status | None:
    if last > vad.end_vpn:
        return Status.UNABLE_TO_FREE_VM
    if vad.is_view:
        return Status.UNABLE_TO_DELETE_SECTION
    if vad.no_change:
        return Status.INVALID_PAGE_PROTECTION
    if size == 0 and first != vad.start_vpn:
        return Status.FREE_VM_NOT_AT_BASE
    return None


def _release(machine: SpaceMachine, space: AddressSpace, vad: Vad, start: int, end: int) -> None:
    """Gives [start, end) back; what is left of the region on either side stays as regions of their own."""
    page = machine.architecture.page_size
    committed = count_committed(machine, space, vad, start, end)
    for address, index in space.tables.existing(start, end):
        if machine.table_memory.entries[index]:
            delete_page(machine, space, address, index)
    space.account.give_back(committed)
    vad.commit_charge -= committed
    space.vads.remove(vad)
    _keep_rest(machine, space, vad, start // page, end // page - 1)
    space.tables.drop_empty_tables(start, end)
    space.grow(start - end)


def _keep_rest(machine: SpaceMachine, space: AddressSpace, vad: Vad, first: int, last: int) -> None:
    page = machine.architecture.page_size
    for start, end in ((vad.start_vpn, first - 1), (last + 1, vad.end_vpn)):
        if start > end:
            continue
        rest = Vad(start, end, VadKind.PRIVATE, vad.protection, vad.mem_commit, purpose=vad.purpose)
        if vad.written is not None:
            rest.written = {vpn for vpn in vad.written if start <= vpn <= end}
        rest.commit_charge = count_committed(machine, space, rest, start * page, (end + 1) * page)
        space.vads.insert(rest)


def _decommit(machine: SpaceMachine, space: AddressSpace, vad: Vad, start: int, end: int) -> None:
    """Pages become reserved again: zero PTEs, or explicitly decommitted ones where a zero PTE would mean committed."""
    replacement = machine.format.demand_zero(MM_DECOMMIT) if vad.mem_commit else 0
    if vad.written is not None:
        vad.written.difference_update(
            range(start // machine.architecture.page_size, end // machine.architecture.page_size)
        )
    for address, index in _decommittable(machine, space, vad, start, end):
        delete_page(machine, space, address, index, replacement)
        vad.commit_charge -= 1
        space.account.give_back(1)
    if not vad.mem_commit:
        space.tables.drop_empty_tables(start, end)


def _decommittable(
    machine: SpaceMachine, space: AddressSpace, vad: Vad, start: int, end: int
) -> Iterator[tuple[int, int]]:
    """(address, PTE index) of the committed pages of a range; page tables are made only where a PTE must say so."""
    if not vad.mem_commit:
        entries = machine.table_memory.entries
        yield from ((address, index) for address, index in space.tables.existing(start, end) if entries[index])
        return
    for address in range(start, end, machine.architecture.page_size):
        if is_committed(machine, space, vad, address):
            yield address, space.tables.ensure(address, user=True)
