"""NtAllocateVirtualMemory: reserve and commit, with the checks, their order and the rounding of Windows."""

from typing import Final, NamedTuple

from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG
from ntmm.kernel.mm.section import AreaKind
from ntmm.kernel.mm.space.account import refusal
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.large_pages import map_large_pages
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.space.pages import has_room_for_tables, page_protection_code
from ntmm.kernel.mm.space.protect import change_page, code_of, suits_view
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.nt.memory import (
    ALLOCATION_GRANULARITY,
    MEM_COMMIT,
    MEM_LARGE_PAGES,
    MEM_PHYSICAL,
    MEM_RESERVE,
    MEM_RESET,
    MEM_TOP_DOWN,
    MEM_WRITE_WATCH,
    MM_ACCESS_MASK,
    MM_DECOMMIT,
    MM_EXECUTE_WRITECOPY,
    MM_MODIFIER_MASK,
    MM_READWRITE,
    MM_WRITECOPY,
    make_protection_mask,
)
from ntmm.nt.status import Status

_KNOWN_TYPES: Final = (
    MEM_COMMIT | MEM_RESERVE | MEM_RESET | MEM_TOP_DOWN | MEM_WRITE_WATCH | MEM_PHYSICAL | MEM_LARGE_PAGES
)
_COPY_CODES: Final = (MM_WRITECOPY, MM_EXECUTE_WRITECOPY)
MAXIMUM_ZERO_BITS: Final = {4: 21, 8: 53}
"""By pointer size."""


class Range(NamedTuple):
    """An answer of an NTSTATUS with the rounded range, in bytes; a failed service answers no range."""

    status: Status
    base: int = 0
    size: int = 0


def allocate(
    machine: SpaceMachine,
    space: AddressSpace,
    base: int,
    size: int,
    allocation_type: int,
    page_protection: int,
    zero_bits: int = 0,
    may_lock_memory: bool = True,
) -> Range:
    """Reserves, commits or both; `base` 0 lets the system choose. Statuses as the ledger's table of checks.

    Large pages need SeLockMemoryPrivilege (`may_lock_memory`), else PRIVILEGE_NOT_HELD.
    """
    protection = make_protection_mask(page_protection)
    status = _check(machine, space, base, size, allocation_type, protection, zero_bits)
    if status is not None:
        return Range(status)
    assert protection is not None
    if allocation_type & MEM_RESET:
        return _reset(machine, space, base, size)
    if allocation_type & MEM_LARGE_PAGES:
        if not may_lock_memory:
            return Range(Status.PRIVILEGE_NOT_HELD)
        return _allocate_large(machine, space, base, size, allocation_type, protection, zero_bits)
    if base == 0 or allocation_type & MEM_RESERVE:
        return _reserve(machine, space, base, size, allocation_type, protection, zero_bits)
    return _commit(machine, space, base, size, protection)


def _check(
    machine: SpaceMachine,
    space: AddressSpace,
    base: int,
    size: int,
    allocation_type: int,
    protection: int | None,
    zero_bits: int,
) -> Status | None:
    highest = space.user.highest_vad
    if zero_bits > MAXIMUM_ZERO_BITS[machine.architecture.pointer_size]:
        return Status.INVALID_PARAMETER_3
    status = _check_type(allocation_type)
    if status is not None:
        return status
    if allocation_type & MEM_PHYSICAL and protection != MM_READWRITE:
        return Status.INVALID_PARAMETER_6
    if protection is None:
        return Status.INVALID_PAGE_PROTECTION
    if base > highest:
        return Status.INVALID_PARAMETER_2
    if size > highest + 1 - base or size == 0:
        return Status.INVALID_PARAMETER_4
    if protection & MM_ACCESS_MASK in _COPY_CODES and (allocation_type & MEM_RESERVE or base == 0):
        return Status.INVALID_PAGE_PROTECTION
    return None


def _check_type(allocation_type: int) -> Status | None:
    if allocation_type & ~_KNOWN_TYPES or not allocation_type & (MEM_COMMIT | MEM_RESERVE | MEM_RESET):
        return Status.INVALID_PARAMETER_5
    if allocation_type & MEM_RESET and allocation_type != MEM_RESET:
        return Status.INVALID_PARAMETER_5
    if allocation_type & MEM_LARGE_PAGES and (
        not allocation_type & MEM_COMMIT or allocation_type & (MEM_PHYSICAL | MEM_WRITE_WATCH)
    ):
        return Status.INVALID_PARAMETER_5
    if allocation_type & MEM_WRITE_WATCH and not allocation_type & MEM_RESERVE:
        return Status.INVALID_PARAMETER_5
    if allocation_type & MEM_PHYSICAL and allocation_type & ~MEM_TOP_DOWN != MEM_PHYSICAL | MEM_RESERVE:
        return Status.INVALID_PARAMETER_5
    return None


def _reserve(
    machine: SpaceMachine,
    space: AddressSpace,
    base: int,
    size: int,
    allocation_type: int,
    protection: int,
    zero_bits: int,
) -> Range:
    page = machine.architecture.page_size
    if base:
        start = base & -ALLOCATION_GRANULARITY
        end = -(-(base + size) // page) * page
        if start < machine.layout.lowest_user_address:
            return Range(Status.INVALID_PARAMETER_2)
        if space.vads.overlapping(start // page, end // page - 1):
            return Range(Status.CONFLICTING_ADDRESSES)
    else:
        found = find_free(machine, space, size, bool(allocation_type & MEM_TOP_DOWN), zero_bits)
        if found is None:
            return Range(Status.NO_MEMORY)
        start, end = found, found + -(-size // page) * page
    commit = bool(allocation_type & MEM_COMMIT)
    kind = VadKind.PHYSICAL if allocation_type & MEM_PHYSICAL else VadKind.PRIVATE
    vad = Vad(start // page, end // page - 1, kind, protection, mem_commit=commit)
    if commit:
        if not space.account.charge(vad.pages):
            return Range(refusal(space, vad.pages))
        vad.commit_charge = vad.pages
    if allocation_type & MEM_WRITE_WATCH:
        vad.written = set()
        space.watch_writes()
    space.vads.insert(vad)
    space.grow(end - start)
    return Range(Status.SUCCESS, start, end - start)


def _allocate_large(
    machine: SpaceMachine,
    space: AddressSpace,
    base: int,
    size: int,
    allocation_type: int,
    protection: int,
    zero_bits: int,
) -> Range:
    """Size and base must be multiples of a large page; such memory is reserved and committed in one step."""
    page, large = machine.architecture.page_size, machine.architecture.large_page_size
    if size % large:
        return Range(Status.INVALID_PARAMETER_4)
    if base % large:
        return Range(Status.INVALID_PARAMETER_2)
    if protection & MM_MODIFIER_MASK or not protection & MM_ACCESS_MASK:
        return Range(Status.INVALID_PAGE_PROTECTION)
    start = base or find_free(machine, space, size, bool(allocation_type & MEM_TOP_DOWN), zero_bits, large)
    if not start:
        return Range(Status.NO_MEMORY)
    if base and (not allocation_type & MEM_RESERVE or space.vads.overlapping(base // page, (base + size) // page - 1)):
        return Range(Status.CONFLICTING_ADDRESSES)
    status = map_large_pages(machine, space, start, start + size, protection)
    return Range(status, start, size) if status is Status.SUCCESS else Range(status)


def find_free(
    machine: SpaceMachine,
    space: AddressSpace,
    size: int,
    top_down: bool = False,
    zero_bits: int = 0,
    alignment: int = ALLOCATION_GRANULARITY,
) -> int | None:
    """A free, aligned address for `size` bytes; `zero_bits` high bits of the 32-bit address must be clear."""
    page = machine.architecture.page_size
    highest = space.user.highest_vad
    if zero_bits:
        highest = min(highest, (0xFFFFFFFF >> zero_bits))
    start = space.vads.find_empty(
        -(-size // page),
        alignment // page,
        machine.layout.lowest_user_address // page,
        highest // page,
        top_down,
    )
    return None if start is None else start * page


def _commit(machine: SpaceMachine, space: AddressSpace, base: int, size: int, protection: int) -> Range:
    """Commits pages inside one reservation; pages committed before only take the new protection."""
    page = machine.architecture.page_size
    start, end = base & -page, -(-(base + size) // page) * page
    vad = space.vads.find(start // page)
    if vad is None or vad.kind is VadKind.SHARED_PAGE or end // page - 1 > vad.end_vpn:
        return Range(Status.CONFLICTING_ADDRESSES)
    if vad.is_view:
        return _commit_view(machine, space, vad, start, end, protection)
    if vad.no_change or vad.is_locked:
        return Range(Status.CONFLICTING_ADDRESSES)
    if protection & MM_ACCESS_MASK in _COPY_CODES:
        return Range(Status.INVALID_PAGE_PROTECTION)
    new_pages = (end - start) // page - count_committed(machine, space, vad, start, end)
    if not space.account.charge(new_pages):
        return Range(refusal(space, new_pages))
    if not has_room_for_tables(machine, space, start, end):
        space.account.give_back(new_pages)
        return Range(Status.NO_MEMORY)
    vad.commit_charge += new_pages
    for address in range(start, end, page):
        _commit_page(machine, space, vad, address, protection)
    return Range(Status.SUCCESS, start, end - start)


def _commit_view(machine: SpaceMachine, space: AddressSpace, vad: Vad, start: int, end: int, protection: int) -> Range:
    """Pages of a view of a SEC_RESERVE section become committed, for all processes that see it."""
    area, page = vad.control_area, machine.architecture.page_size
    if vad.kind is not VadKind.MAPPED or area.kind is not AreaKind.PAGING_FILE:
        return Range(Status.ALREADY_COMMITTED)
    if not suits_view(vad, protection):
        return Range(Status.SECTION_PROTECTION)
    first, pages = vad.first_page + start // page - vad.start_vpn, (end - start) // page
    charged = machine.sections.count_uncommitted(area, first, pages)
    if not area.account.charge(charged):
        return Range(Status.COMMITMENT_LIMIT)
    if not has_room_for_tables(machine, space, start, end):
        area.account.give_back(charged)
        return Range(Status.NO_MEMORY)
    area.account.give_back(charged - machine.sections.commit_prototypes(area, first, pages))
    for address in range(start, end, page):
        if code_of(machine, space, vad, address) != protection:
            change_page(machine, space, vad, address, protection)
    return Range(Status.SUCCESS, start, end - start)


def count_committed(machine: SpaceMachine, space: AddressSpace, vad: Vad, start: int, end: int) -> int:
    """Committed pages of [start, end): nothing but the PTEs that exist is looked at, so the range may be huge."""
    entries, decommitted = machine.table_memory.entries, machine.format.demand_zero(MM_DECOMMIT)
    present = [entries[index] for _, index in space.tables.existing(start, end)]
    gone = sum(1 for pte in present if pte == decommitted)
    if vad.mem_commit:
        return (end - start) // machine.architecture.page_size - gone
    return sum(1 for pte in present if pte) - gone


def is_committed(machine: SpaceMachine, space: AddressSpace, vad: Vad, address: int) -> bool:
    """True if a page of a private VAD is committed: its PTE says so, or a zero PTE and the whole VAD is."""
    index = space.tables.find_resident(address)
    pte = machine.table_memory.entries[index] if index >= 0 else 0
    if pte == 0:
        return vad.mem_commit
    return pte != machine.format.demand_zero(MM_DECOMMIT)


def _commit_page(machine: SpaceMachine, space: AddressSpace, vad: Vad, address: int, protection: int) -> None:
    index = space.tables.find_resident(address)
    pte = machine.table_memory.entries[index] if index >= 0 else 0
    if is_committed(machine, space, vad, address):
        current = page_protection_code(machine, space, address, pte) if pte else vad.protection
        if current != protection:
            change_page(machine, space, vad, address, protection)
        return
    index = space.tables.ensure(address, user=True)
    machine.table_memory.write(index, machine.format.demand_zero(protection))


def _reset(machine: SpaceMachine, space: AddressSpace, base: int, size: int) -> Range:
    """MEM_RESET: the contents are no longer wanted; pages stay committed and the next write-out may skip them."""
    page, memory = machine.architecture.page_size, machine.table_memory
    start, end = base & -page, -(-(base + size) // page) * page
    vad = space.vads.find(start // page)
    if vad is None or end // page - 1 > vad.end_vpn or vad.is_view or vad.is_locked:
        return Range(Status.CONFLICTING_ADDRESSES)
    for address, index in space.tables.existing(start, end):
        pte = memory.entries[index]
        if pte & 1:
            if vad.written is not None and pte & machine.architecture.DIRTY:
                vad.written.add(address // page)
            memory.write(index, pte & ~machine.architecture.DIRTY)
            machine.pfn.flags[machine.format.frame(pte)] &= ~MODIFIED_FLAG
    return Range(Status.SUCCESS, start, end - start)
