"""What the dirty bits of a view say (NtFlushVirtualMemory), and views that a child process inherits."""

from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG
from ntmm.kernel.mm.section import AreaKind, ControlArea
from ntmm.kernel.mm.space.account import refusal
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.space.pages import is_shared
from ntmm.kernel.mm.vad import VadKind
from ntmm.nt.status import Status

DirtyRange = tuple[ControlArea, int, int, int, int]
"""(control area, first page, end page, address, size in bytes)."""


def dirty_range(machine: SpaceMachine, space: AddressSpace, base: int, size: int) -> DirtyRange | Status:
    """Hands the dirty bits of a view's pages to the PFN database; `size` 0 means the rest of the view.

    NOT_MAPPED_VIEW outside a view, NOT_MAPPED_DATA for a view that is not of a data file.
    """
    page = machine.architecture.page_size
    start = base & -page
    vad = space.vads.find(start // page)
    if vad is None or not vad.is_view:
        return Status.NOT_MAPPED_VIEW
    end = -(-(base + size) // page) * page if size else (vad.end_vpn + 1) * page
    if end // page - 1 > vad.end_vpn:
        return Status.NOT_MAPPED_VIEW
    if vad.kind is not VadKind.MAPPED or vad.control_area.kind is not AreaKind.FILE:
        return Status.NOT_MAPPED_DATA
    take_dirty_bits(machine, space, start, end)
    first = vad.first_page + start // page - vad.start_vpn
    area: ControlArea = vad.control_area
    return area, first, first + (end - start) // page, start, end - start


def take_dirty_bits(machine: SpaceMachine, space: AddressSpace, start: int, end: int) -> None:
    """Pages that were written to through this view count as modified; the next write sets the CPU's bit again."""
    memory, dirty = machine.table_memory, machine.architecture.DIRTY
    for _, index in space.tables.existing(start, end):
        pte = memory.entries[index]
        if pte & 1 and pte & dirty and is_shared(machine, machine.format.frame(pte)):
            machine.pfn.flags[machine.format.frame(pte)] |= MODIFIED_FLAG
            memory.write(index, pte & ~dirty)


def copy_views(machine: SpaceMachine, source: AddressSpace, target: AddressSpace) -> Status:
    """Views mapped with ViewShare appear in the new process at the same addresses."""
    for vad in source.vads:
        if vad.kind is not VadKind.MAPPED or not vad.inherit:
            continue
        if not target.account.charge(vad.commit_charge):
            return refusal(target, vad.commit_charge)
        copy = type(vad)(vad.start_vpn, vad.end_vpn, VadKind.MAPPED, vad.protection, commit_charge=vad.commit_charge)
        copy.control_area, copy.first_page = vad.control_area, vad.first_page
        copy.section_protection, copy.inherit, copy.no_change = vad.section_protection, True, vad.no_change
        target.vads.insert(copy)
        target.grow(vad.pages * machine.architecture.page_size)
        vad.control_area.mapped_views += 1
    return Status.SUCCESS
