"""Address windowing: pages of RAM that a process owns, and windows through which it sees some of them.

The pages belong to no working set, are never paged and are charged to an account of their own: they do not count as
private bytes. A window is a VAD whose page-table entries are written here; a fault in it is always an access violation.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.columns import column
from ntmm.kernel.mm.pfn.database import RESERVE_PAGES
from ntmm.kernel.mm.pfn.runs import Frames, free_frames, take_frames
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.nt.memory import MM_READWRITE
from ntmm.nt.status import Status


@dataclass
class PhysicalPages:
    """The pages that a process has allocated (EPROCESS.AweInfo): one flag for each frame of RAM."""

    owned: npt.NDArray[np.bool_]
    account: CommitAccount


@dataclass(frozen=True)
class Allocation:
    """An NTSTATUS and the frames that were had, perhaps fewer than were asked for."""

    status: Status
    frames: Frames


_NONE = np.empty(0, dtype=np.uint32)


def allocate_physical(machine: SpaceMachine, space: AddressSpace, count: int) -> Allocation:
    """NtAllocateUserPhysicalPages: up to `count` zeroed pages, as many as RAM and the commit limit have now."""
    if space.physical is None:
        flags = np.zeros(machine.pfn.frames, dtype=np.bool_)
        space.physical = PhysicalPages(flags, machine.ledger.open_account("physical pages"))
    account, pfn, ledger = space.physical.account, machine.pfn, machine.ledger
    count = min(count, pfn.available - RESERVE_PAGES, machine.resident.available)
    if count > 0 and not ledger.has_room(count):
        count = ledger.room
    if count <= 0 or not account.charge(count):
        return Allocation(Status.INSUFFICIENT_RESOURCES, _NONE)
    assert machine.resident.charge(count)
    frames = take_frames(pfn, count, PageUse.USER_PHYSICAL)
    column(pfn.pte_address)[frames] = 0
    space.physical.owned[frames] = True
    return Allocation(Status.SUCCESS, frames)


def free_physical(machine: SpaceMachine, space: AddressSpace, frames: Iterable[int]) -> tuple[Status, int]:
    """NtFreeUserPhysicalPages: (status, pages freed). Windows that show one lose it; the first page that the process
    does not own ends it with CONFLICTING_ADDRESSES.
    """
    freed = 0
    for frame in frames:
        if not _owns(space, frame):
            return Status.CONFLICTING_ADDRESSES, freed
        if machine.pfn.pte_address[frame]:
            _unmap(machine, space, frame)
        _release(machine, space, np.array([frame], dtype=np.uint32))
        freed += 1
    return Status.SUCCESS, freed


def free_all_physical(machine: SpaceMachine, space: AddressSpace) -> None:
    """The process ends: its windows are gone already, its pages go now."""
    if space.physical is not None:
        _release(machine, space, np.flatnonzero(space.physical.owned).astype(np.uint32))


def map_physical(
    machine: SpaceMachine, space: AddressSpace, addresses: range | list[int], frames: list[int] | None
) -> Status:
    """NtMapUserPhysicalPages and its Scatter: each address shows its frame, or nothing where `frames` is None.

    All addresses must lie in windows (INVALID_PARAMETER_1), all frames be the process's own, each only once and mapped
    nowhere else (CONFLICTING_ADDRESSES); nothing is changed otherwise.
    """
    shift = machine.architecture.page_shift
    if isinstance(addresses, range):
        start, end = addresses.start, addresses.stop
        if not _is_in_windows(space, start >> shift, end - 1 >> shift):
            return Status.INVALID_PARAMETER_1
        if frames is None:
            space.tables.bring_in_range(start, end)
            clear_window(machine, space, start, end)
            return Status.SUCCESS
    starts = [address >> shift << shift for address in addresses]
    if not _are_windows(space, [address >> shift for address in starts]):
        return Status.INVALID_PARAMETER_1
    if len(set(starts)) != len(starts):
        return Status.INVALID_PARAMETER_1
    spans = _spans(machine, starts)
    if frames is not None:
        if not _may_map(machine, space, starts, frames):
            return Status.CONFLICTING_ADDRESSES
        missing = sum(space.tables.missing_tables(*span) for span in spans)
        if missing and not machine.pfn.ensure_pages(missing):
            return Status.INSUFFICIENT_RESOURCES
    for span in spans:
        space.tables.bring_in_range(*span)
    for address in starts:
        _clear(machine, space, address)
    for address, frame in zip(starts, frames or (), strict=frames is not None):
        _show(machine, space, address, frame)
    if frames is None:
        for span in spans:
            space.tables.drop_empty_tables(*span)
    return Status.SUCCESS


def _spans(machine: SpaceMachine, starts: list[int]) -> list[tuple[int, int]]:
    """What each page table that maps one of the addresses maps, in the order of addresses."""
    size = machine.architecture.large_page_size
    return [(start, start + size) for start in sorted({address & -size for address in starts})]


def _is_in_windows(space: AddressSpace, vpn: int, last: int) -> bool:
    """True if windows hold all pages from `vpn` to `last`, which may be more than one could list."""
    while vpn <= last:
        vad = space.vads.find(vpn)
        if vad is None or vad.kind is not VadKind.PHYSICAL:
            return False
        vpn = vad.end_vpn + 1
    return True


def _are_windows(space: AddressSpace, vpns: list[int]) -> bool:
    vad: Vad | None = None
    for vpn in vpns:
        if vad is None or not vad.start_vpn <= vpn <= vad.end_vpn:
            vad = space.vads.find(vpn)
        if vad is None or vad.kind is not VadKind.PHYSICAL:
            return False
    return True


def _may_map(machine: SpaceMachine, space: AddressSpace, starts: list[int], frames: list[int]) -> bool:
    if len(set(frames)) != len(frames) or not all(_owns(space, frame) for frame in frames):
        return False
    pte_address, architecture = machine.pfn.pte_address, machine.architecture
    replaced = {architecture.pte_address(start) for start in starts}
    return all(not pte_address[frame] or pte_address[frame] in replaced for frame in frames)


def _owns(space: AddressSpace, frame: int) -> bool:
    physical = space.physical
    return physical is not None and 0 <= frame < len(physical.owned) and bool(physical.owned[frame])


def _show(machine: SpaceMachine, space: AddressSpace, address: int, frame: int) -> None:
    memory, architecture = machine.table_memory, machine.architecture
    index = space.tables.ensure(address, user=True)
    bits = machine.format.user_bits[MM_READWRITE] | architecture.ACCESSED | architecture.DIRTY
    memory.write(index, architecture.make_pte(frame, bits))
    memory.own(frame, index, architecture.pte_address(address), machine.format.demand_zero(MM_READWRITE))


def _clear(machine: SpaceMachine, space: AddressSpace, address: int) -> None:
    """What an address of a window shows goes; the page stays the process's."""
    index = space.tables.find_resident(address)
    pte = machine.table_memory.entries[index] if index >= 0 else 0
    if pte:
        frame = machine.format.frame(pte)
        machine.table_memory.write(index, 0)
        machine.table_memory.own(frame, 0, 0, 0)


def _unmap(machine: SpaceMachine, space: AddressSpace, frame: int) -> None:
    address = machine.architecture.address_of_pte(machine.pfn.pte_address[frame])
    _clear(machine, space, address)
    space.tables.drop_empty_tables(address, address + machine.architecture.page_size)


def clear_window(machine: SpaceMachine, space: AddressSpace, start: int, end: int) -> None:
    """A window is released: the pages it shows stay the process's."""
    for address, index in space.tables.existing(start, end):
        if machine.table_memory.entries[index]:
            _clear(machine, space, address)
    space.tables.drop_empty_tables(start, end)


def _release(machine: SpaceMachine, space: AddressSpace, frames: Frames) -> None:
    assert space.physical is not None
    space.physical.owned[frames] = False
    free_frames(machine.pfn, frames)
    space.physical.account.give_back(len(frames))
    machine.resident.give_back(len(frames))
