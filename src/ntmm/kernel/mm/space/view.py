"""Views of sections: map an image, unmap (MiMapViewOfImageSection, MiUnmapViewOfSection)."""

from ntmm.kernel.mm.section import ControlArea
from ntmm.kernel.mm.space.account import refusal
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.allocate import Range, find_free
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.space.pages import delete_page
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.nt.memory import ALLOCATION_GRANULARITY, MM_EXECUTE_WRITECOPY
from ntmm.nt.status import Status


def map_image(machine: SpaceMachine, space: AddressSpace, area: ControlArea, wanted: int = 0) -> Range:
    """Maps an image at its preferred base, or where there is room (IMAGE_NOT_AT_BASE: it must be relocated).

    At an address that is `wanted` it must fit (CONFLICTING_ADDRESSES).

    Commit for private copies of its writable pages is charged now.
    """
    page = machine.architecture.page_size
    size = area.total_pages * page
    base = wanted or area.preferred_base
    status = Status.SUCCESS if base == area.preferred_base else Status.IMAGE_NOT_AT_BASE
    if wanted and not _fits(machine, space, base, size):
        return Range(Status.CONFLICTING_ADDRESSES)
    if not _fits(machine, space, base, size):
        found = find_free(machine, space, size, top_down=True)
        if found is None:
            return Range(Status.NO_MEMORY)
        base, status = found, Status.IMAGE_NOT_AT_BASE
    if not space.account.charge(area.copy_pages):
        return Range(refusal(space, area.copy_pages))
    vad = Vad(base // page, base // page + area.total_pages - 1, VadKind.IMAGE, MM_EXECUTE_WRITECOPY)
    vad.control_area, vad.commit_charge = area, area.copy_pages
    machine.sections.reuse(area)
    space.vads.insert(vad)
    space.grow(size)
    area.mapped_views += 1
    return Range(status, base, size)


def _fits(machine: SpaceMachine, space: AddressSpace, base: int, size: int) -> bool:
    user, page = space.user, machine.architecture.page_size
    if base % ALLOCATION_GRANULARITY or base < user.lowest:
        return False
    if base + size - 1 > user.highest_vad:
        return False
    return space.vads.overlapping(base // page, (base + size) // page - 1) is None


def unmap_view(machine: SpaceMachine, space: AddressSpace, address: int) -> Status:
    """Unmaps the view that holds `address`; private copies are freed, shared pages keep their contents in RAM."""
    page = machine.architecture.page_size
    vad = space.vads.find(address // page)
    if vad is None or not vad.is_view:
        return Status.NOT_MAPPED_VIEW
    if vad.no_change:
        return Status.INVALID_PAGE_PROTECTION
    remove_view(machine, space, vad)
    return Status.SUCCESS


def remove_view(machine: SpaceMachine, space: AddressSpace, vad: Vad) -> None:
    """Takes a view's pages, charge and VAD away."""
    page = machine.architecture.page_size
    start, end = vad.start_vpn * page, (vad.end_vpn + 1) * page
    space.tables.bring_in_range(start, end)
    for address, index in space.tables.existing(start, end):
        if machine.table_memory.entries[index]:
            delete_page(machine, space, address, index)
    space.account.give_back(vad.commit_charge)
    space.charged_copies.difference_update(range(vad.start_vpn, vad.end_vpn + 1))
    space.vads.remove(vad)
    space.tables.drop_empty_tables(start, end)
    space.grow(start - end)
    vad.control_area.mapped_views -= 1
    machine.sections.release(vad.control_area)
