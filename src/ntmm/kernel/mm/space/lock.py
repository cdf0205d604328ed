"""NtLockVirtualMemory and NtUnlockVirtualMemory: pages that stay in the working set, or in RAM whatever happens."""

from collections.abc import Iterator
from typing import Final

from ntmm.kernel.ke.access import ERROR_USER
from ntmm.kernel.mm.fault import Resolution
from ntmm.kernel.mm.fault.access_fault import ORIGIN_KERNEL
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.allocate import Range
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.space.pages import is_shared
from ntmm.kernel.mm.space.protect import code_of
from ntmm.kernel.mm.vad import VadKind
from ntmm.kernel.mm.working_set.working_set import LOCKED, LOCKED_IN_MEMORY, LOCKED_IN_SET
from ntmm.nt.memory import MAP_PROCESS, MAP_SYSTEM, MM_ACCESS_MASK
from ntmm.nt.status import Status

OVERHEAD_PAGES: Final = 8
"""Pages of the minimum working set that a process may not lock: it needs them to run at all."""


def lock(machine: SpaceMachine, space: AddressSpace, address: int, size: int, map_type: int) -> Range:
    """Brings the pages of a range in and locks them; there is no count of locks.

    SUCCESS or WAS_LOCKED; ACCESS_VIOLATION for a page that is not committed or accessible, GUARD_PAGE_VIOLATION,
    WORKING_SET_QUOTA for more pages than the minimum working set holds, INSUFFICIENT_RESOURCES for more than RAM can
    promise, COMMITMENT_LIMIT for pages of files in RAM that is promised already, IN_PAGE_ERROR. Pages before one that
    fails stay locked only if they were so before.
    """
    pages = _pages(machine, space, address, size)
    if pages is None:
        return Range(Status.INVALID_PARAMETER)
    locked = _never_paged(machine, space, pages)
    if locked is not None:
        return locked
    kinds = _kinds(map_type)
    status = _check_pages(machine, space, pages)
    if status is Status.SUCCESS and kinds & LOCKED_IN_SET:
        new = sum(1 for at in pages if not _entry(machine, space, at)[1] & LOCKED)
        if space.working_set.locked + new > space.working_set.limits.minimum - OVERHEAD_PAGES:
            status = Status.WORKING_SET_QUOTA
    if status is not Status.SUCCESS:
        return Range(status)
    return _lock_pages(machine, space, pages, kinds)


def _lock_pages(machine: SpaceMachine, space: AddressSpace, pages: range, kinds: int) -> Range:
    gained: dict[int, int] = {}
    status = Status.SUCCESS
    for at in pages:
        refused = _bring_in(machine, space, at)
        index, value = _entry(machine, space, at)
        if refused is None and kinds & ~value & LOCKED_IN_MEMORY and not machine.resident.charge(1):
            refused = Status.INSUFFICIENT_RESOURCES
        is_of_file = refused is None and not value & LOCKED and _is_of_file(machine, space, at)
        if is_of_file and machine.ledger.room < 1:
            refused = Status.COMMITMENT_LIMIT
            if kinds & LOCKED_IN_MEMORY:
                machine.resident.give_back(1)
        if refused is not None:
            _undo(machine, space, gained)
            return Range(refused)
        if value & kinds:
            status = Status.WAS_LOCKED
        gained[at] = kinds & ~value
        space.working_set.lock(index, kinds)
        if is_of_file:
            space.working_set.locked_file_pages.add(at >> machine.architecture.page_shift)
    return Range(status, pages.start, len(pages) * pages.step)


def _is_of_file(machine: SpaceMachine, space: AddressSpace, at: int) -> bool:
    """True for a valid page that belongs to a file, which is what its original PTE then names."""
    frame = machine.format.frame(machine.table_memory.entries[space.tables.find_resident(at)])
    return machine.format.is_prototype(machine.pfn.original_pte[frame])


def _undo(machine: SpaceMachine, space: AddressSpace, gained: dict[int, int]) -> None:
    """A page could not be locked: those before it have only the locks again that they had."""
    for at, kinds in gained.items():
        index, value = _entry(machine, space, at)
        if kinds:
            _unlock_entry(machine, space, index, value, kinds)


def unlock(machine: SpaceMachine, space: AddressSpace, address: int, size: int, map_type: int) -> Range:
    """Undoes all locks of a range; NOT_LOCKED, and nothing undone, if one of its pages is not locked that way."""
    pages = _pages(machine, space, address, size)
    if pages is None:
        return Range(Status.INVALID_PARAMETER)
    locked = _never_paged(machine, space, pages)
    if locked is not None:
        return locked
    kinds = _kinds(map_type)
    if any(_entry(machine, space, at)[1] & kinds != kinds for at in pages):
        return Range(Status.NOT_LOCKED)
    for at in pages:
        index, value = _entry(machine, space, at)
        _unlock_entry(machine, space, index, value, kinds)
    return Range(Status.SUCCESS, pages.start, len(pages) * pages.step)


def _never_paged(machine: SpaceMachine, space: AddressSpace, pages: range) -> Range | None:
    """The answer for memory outside working sets: large pages need no lock, windows of physical pages take none."""
    vad = space.vads.find(pages.start >> machine.architecture.page_shift)
    if vad is None or not vad.is_locked:
        return None
    if vad.kind is VadKind.PHYSICAL:
        return Range(Status.INCOMPATIBLE_FILE_MAP)
    if (pages.stop - 1) >> machine.architecture.page_shift > vad.end_vpn:
        return Range(Status.ACCESS_VIOLATION)
    return Range(Status.SUCCESS, pages.start, len(pages) * pages.step)


def _unlock_entry(machine: SpaceMachine, space: AddressSpace, index: int, value: int, kinds: int) -> None:
    if value & kinds & LOCKED_IN_MEMORY:
        machine.resident.give_back(1)
    space.working_set.unlock(index, kinds)
    if not value & LOCKED & ~kinds:
        space.working_set.locked_file_pages.discard(value >> machine.architecture.page_shift)


def _kinds(map_type: int) -> int:
    set_lock = LOCKED_IN_SET if map_type & MAP_PROCESS else 0
    return set_lock | (LOCKED_IN_MEMORY if map_type & MAP_SYSTEM else 0)


def _pages(machine: SpaceMachine, space: AddressSpace, address: int, size: int) -> range | None:
    """The addresses of the pages that a range touches; None if it is empty or leaves user space."""
    page, highest = machine.architecture.page_size, space.user.highest
    if size <= 0 or address > highest or size > highest + 1 - address:
        return None
    return range(address & -page, -(-(address + size) // page) * page, page)


def _check_pages(machine: SpaceMachine, space: AddressSpace, pages: range) -> Status:
    """Every page must be committed and accessible before the first is locked."""
    for at in pages:
        vad = space.vads.find(at >> machine.architecture.page_shift)
        code = None if vad is None else code_of(machine, space, vad, at)
        if not (code or 0) & MM_ACCESS_MASK:
            return Status.ACCESS_VIOLATION
    return Status.SUCCESS


def _bring_in(machine: SpaceMachine, space: AddressSpace, at: int) -> Status | None:
    """Touches a page until it is valid; the status of the exception that this raises, if it does."""
    for _ in _until_valid(machine, space, at):
        outcome = machine.faults.access_fault(space, at, ERROR_USER, origin=ORIGIN_KERNEL)
        if outcome.resolution is Resolution.RAISE:
            return outcome.status
    return None


def _until_valid(machine: SpaceMachine, space: AddressSpace, at: int) -> Iterator[None]:
    """One round for each touch that is still needed: other threads run while one waits."""
    while True:
        index = space.tables.find_resident(at)
        if index >= 0 and machine.table_memory.entries[index] & 1:
            return
        yield


def _entry(machine: SpaceMachine, space: AddressSpace, at: int) -> tuple[int, int]:
    """(index, raw WSLE) of a page; (-1, 0) if it is not in the working set."""
    index = space.tables.find_resident(at)
    pte = machine.table_memory.entries[index] if index >= 0 else 0
    if not pte & 1:
        return -1, 0
    frame = machine.format.frame(pte)
    if is_shared(machine, frame):
        entry = space.working_set.shared_index(at >> machine.architecture.page_shift)
    else:
        entry = machine.pfn.working_set_index[frame]
    return entry, space.working_set.value(entry)
