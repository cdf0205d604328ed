"""NtProtectVirtualMemory: page protections, for private memory and for views."""

from typing import Final, NamedTuple

from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.space.pages import (
    drop_view_page,
    has_room_for_tables,
    is_shared,
    page_protection_code,
    rewrite_valid,
    trim_private_page,
)
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.nt.memory import (
    MM_ACCESS_MASK,
    MM_DECOMMIT,
    MM_EXECUTE_READWRITE,
    MM_EXECUTE_WRITECOPY,
    MM_GUARD_PAGE,
    MM_MODIFIER_MASK,
    MM_NOACCESS,
    MM_NOCACHE,
    MM_READWRITE,
    MM_WRITECOPY,
    PAGE_EXECUTE,
    PAGE_EXECUTE_READ,
    PAGE_EXECUTE_READWRITE,
    PAGE_EXECUTE_WRITECOPY,
    PAGE_GUARD,
    PAGE_NOACCESS,
    PAGE_NOCACHE,
    PAGE_READONLY,
    PAGE_READWRITE,
    PAGE_WRITECOPY,
    make_protection_mask,
    page_protection,
)
from ntmm.nt.status import Status

_READ_ONLY: Final = {PAGE_NOACCESS, PAGE_READONLY, PAGE_WRITECOPY}
_EXECUTE_READ: Final = _READ_ONLY | {PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_WRITECOPY}
_COMPATIBLE: Final = {
    PAGE_READONLY: _READ_ONLY,
    PAGE_READWRITE: _READ_ONLY | {PAGE_READWRITE},
    PAGE_WRITECOPY: _READ_ONLY,
    PAGE_EXECUTE: {PAGE_NOACCESS, PAGE_EXECUTE},
    PAGE_EXECUTE_READ: _EXECUTE_READ,
    PAGE_EXECUTE_READWRITE: _EXECUTE_READ | {PAGE_READWRITE, PAGE_EXECUTE_READWRITE},
    PAGE_EXECUTE_WRITECOPY: _EXECUTE_READ,
}
"""Protections that views of a section of data may have (MmCompatibleProtectionMask)."""
_GRANTED: Final = {
    PAGE_NOACCESS: "",
    PAGE_READONLY: "r",
    PAGE_WRITECOPY: "r",
    PAGE_READWRITE: "rw",
    PAGE_EXECUTE: "rx",
    PAGE_EXECUTE_READ: "rx",
    PAGE_EXECUTE_WRITECOPY: "rcx",
    PAGE_EXECUTE_READWRITE: "rwcx",
}
"""What the pages of a mapped view may be given later, by the protection that it was mapped with."""
_COPY_CODES: Final = (MM_WRITECOPY, MM_EXECUTE_WRITECOPY)
_TO_COPY: Final = {MM_READWRITE: MM_WRITECOPY, MM_EXECUTE_READWRITE: MM_EXECUTE_WRITECOPY}


class Protected(NamedTuple):
    """NTSTATUS, the first page's old PAGE_* value, and the rounded range in bytes."""

    status: Status
    old: int = 0
    base: int = 0
    size: int = 0


def protect(machine: SpaceMachine, space: AddressSpace, base: int, size: int, new_protection: int) -> Protected:
    """Changes the protection of committed pages inside one region."""
    protection = make_protection_mask(new_protection)
    if protection is None or new_protection & ~(0xFF | PAGE_GUARD | PAGE_NOCACHE):
        return Protected(Status.INVALID_PAGE_PROTECTION)
    highest = space.user.highest_vad
    if base > highest:
        return Protected(Status.INVALID_PARAMETER_2)
    if size == 0 or size > highest + 1 - base:
        return Protected(Status.INVALID_PARAMETER_3)
    page = machine.architecture.page_size
    start, end = base & -page, -(-(base + size) // page) * page
    vad = space.vads.find(start // page)
    if vad is None or end // page - 1 > vad.end_vpn:
        return Protected(Status.CONFLICTING_ADDRESSES)
    status = _check_vad(vad, protection)
    if status is not None:
        return Protected(status)
    old_code = code_of(machine, space, vad, start)
    if old_code is None or any(code_of(machine, space, vad, at) is None for at in range(start, end, page)):
        return Protected(Status.NOT_COMMITTED)
    if not has_room_for_tables(machine, space, start, end):
        return Protected(Status.NO_MEMORY)
    if vad.is_view and not _charge_copies(space, vad, range(start // page, end // page), protection):
        return Protected(Status.COMMITMENT_LIMIT)
    for address in range(start, end, page):
        change_page(machine, space, vad, address, _code_for(vad, address // page, protection))
    return Protected(Status.SUCCESS, page_protection(old_code), start, end - start)


def forbid_execution_of_data(machine: SpaceMachine, space: AddressSpace) -> None:
    """DEP begins: pages that were executed although their protection does not say so lose that right."""
    shift, tables = machine.architecture.page_shift, space.tables
    for entry in space.working_set.entries():
        address = entry.vpn << shift
        if address <= space.user.highest:
            _forbid_execution(machine, tables.find(address), entry.protection)
    for vad in space.vads:
        if vad.kind is VadKind.LARGE_PAGES:
            for address in range(vad.start_vpn << shift, vad.end_vpn + 1 << shift, _directory_span(machine)):
                _forbid_execution(machine, tables.large_index(address), vad.protection)
        elif vad.kind is VadKind.PHYSICAL:
            for vpn in range(vad.start_vpn, vad.end_vpn + 1):
                _forbid_execution(machine, tables.find(vpn << shift), MM_READWRITE)


def _directory_span(machine: SpaceMachine) -> int:
    """Bytes that one entry of a page directory maps."""
    return machine.architecture.large_page_size // machine.architecture.entries_of_large_page


def _forbid_execution(machine: SpaceMachine, index: int, protection: int) -> None:
    """Sets what the protection says of execution in a valid entry; ABSENT and PAGED_OUT are none."""
    memory = machine.table_memory
    entry = memory.entries[index] if index >= 0 else 0
    forbidden = machine.format.user_bits[protection] & machine.architecture.no_execute
    if entry & 1 and forbidden & ~entry:
        memory.write(index, entry | forbidden)


def is_compatible(section_protection: int, page_protection: int) -> bool:
    """True if a section of one PAGE_* value may be seen with another."""
    return page_protection & 0xFF in _COMPATIBLE.get(section_protection & 0xFF, ())


def suits_view(vad: Vad, protection: int) -> bool:
    """True if pages of a view of data may have an MM_* code: the section allows it, and so does the mapping.

    A view mapped to read, through a handle that allows no more, never becomes writable, nor a copy's pages shared.
    """
    new = page_protection(protection) & 0xFF
    mapped, wanted = set(_GRANTED[page_protection(vad.protection) & 0xFF]), set(_GRANTED[new])
    suits_mapping = mapped == wanted or (bool(mapped) and wanted <= mapped)
    return suits_mapping and is_compatible(vad.section_protection, new)


def _check_vad(vad: Vad, protection: int) -> Status | None:
    """The refusal of a protection that the region cannot have at all."""
    if vad.no_change or vad.kind is VadKind.SHARED_PAGE:
        return Status.INVALID_PAGE_PROTECTION
    if vad.is_locked:
        return Status.CONFLICTING_ADDRESSES
    if vad.is_view and protection & MM_MODIFIER_MASK == MM_NOCACHE:
        return Status.INVALID_PARAMETER_4
    if vad.kind is VadKind.MAPPED:
        return None if suits_view(vad, protection) else Status.SECTION_PROTECTION
    if vad.is_view:
        return None
    return Status.INVALID_PARAMETER_4 if protection & MM_ACCESS_MASK in _COPY_CODES else None


def _section_code(vad: Vad, vpn: int) -> int:
    """The access that the section itself gives a page of a view: that of its mapping for a view of data."""
    if vad.kind is VadKind.MAPPED:
        return vad.protection & MM_ACCESS_MASK
    subsection = vad.control_area.subsection_of(vad.first_page + vpn - vad.start_vpn)
    return MM_NOACCESS if subsection is None else subsection.protection & MM_ACCESS_MASK


def _code_for(vad: Vad, vpn: int, protection: int) -> int:
    """The MM_* code that a page gets: writes to an image's pages are copies, except in sections marked shared, and
    views past the CPU's caches stay so.
    """
    access = protection & MM_ACCESS_MASK
    if vad.kind is VadKind.IMAGE and access in _TO_COPY and _section_code(vad, vpn) not in _TO_COPY:
        return protection & MM_MODIFIER_MASK | _TO_COPY[access]
    if vad.kind is VadKind.MAPPED and vad.protection & MM_MODIFIER_MASK == MM_NOCACHE:
        return protection | MM_NOCACHE if access and not protection & MM_MODIFIER_MASK else protection
    return protection


def _charge_copies(space: AddressSpace, vad: Vad, vpns: range, protection: int) -> bool:
    """Pages of a view that may be copied from now on are charged; those charged before are not charged twice."""
    new = {
        vpn
        for vpn in vpns
        if _code_for(vad, vpn, protection) & MM_ACCESS_MASK in _COPY_CODES
        and _section_code(vad, vpn) not in _COPY_CODES
        and vpn not in space.charged_copies
    }
    if not space.account.charge(len(new)):
        return False
    space.charged_copies |= new
    vad.commit_charge += len(new)
    return True


def code_of(machine: SpaceMachine, space: AddressSpace, vad: Vad, address: int) -> int | None:
    """The MM_* code of a page, or None if it is not committed."""
    index = space.tables.find_resident(address)
    pte = machine.table_memory.entries[index] if index >= 0 else 0
    if pte == machine.format.demand_zero(MM_DECOMMIT):
        return None
    if pte:
        return page_protection_code(machine, space, address, pte)
    if not vad.is_view:
        return vad.protection if vad.mem_commit else None
    number = vad.first_page + (address >> machine.architecture.page_shift) - vad.start_vpn
    if vad.kind is VadKind.MAPPED:
        return vad.protection if machine.sections.is_committed(vad.control_area, number) else None
    subsection = vad.control_area.subsection_of(number)
    return MM_NOACCESS if subsection is None else subsection.protection


def change_page(machine: SpaceMachine, space: AddressSpace, vad: Vad, address: int, protection: int) -> None:
    """Gives one committed page another MM_* code, whatever form its PTE has."""
    memory, pte_format = machine.table_memory, machine.format
    index = space.tables.ensure(address, user=True)
    pte = memory.entries[index]
    keeps_valid = protection & MM_MODIFIER_MASK != MM_GUARD_PAGE and bool(protection & MM_ACCESS_MASK)
    if pte & 1 and is_shared(machine, pte_format.frame(pte)):
        if keeps_valid:
            rewrite_valid(machine, space, address, index, protection)
        else:
            drop_view_page(machine, space, address, index, pte_format.lookup(protection))
    elif pte & 1:
        plain = _private_code(protection)
        if keeps_valid:
            rewrite_valid(machine, space, address, index, plain)
        else:
            trim_private_page(machine, space, address, index, plain)
    elif pte_format.is_transition(pte):
        original = machine.pfn.original_pte[pte_format.frame(pte)]
        machine.pfn.original_pte[pte_format.frame(pte)] = pte_format.with_protection(
            original, _private_code(protection)
        )
        memory.write(index, pte_format.with_protection(pte, _private_code(protection)))
    elif pte_format.is_page_file(pte):
        memory.write(index, pte_format.with_protection(pte, _private_code(protection)))
    elif vad.is_view:
        memory.write(index, pte_format.lookup(protection))
    else:
        memory.write(index, pte_format.demand_zero(protection))


def _private_code(protection: int) -> int:
    """A page that was copied already is plainly writable where its view asks for copies."""
    return protection & ~1 if protection & MM_ACCESS_MASK in _COPY_CODES else protection
