"""NtGetWriteWatch and NtResetWriteWatch: which pages of a region with MEM_WRITE_WATCH were written.

The processor's Dirty bits tell of pages that are valid; what they said when they went is kept with the VAD.
"""

from typing import NamedTuple

from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.vad import Vad
from ntmm.nt.status import Status


class Written(NamedTuple):
    """NTSTATUS, and the addresses of pages that were written, in ascending order."""

    status: Status
    addresses: tuple[int, ...] = ()


def get_write_watch(
    machine: SpaceMachine, space: AddressSpace, base: int, size: int, room: int, reset: bool
) -> Written:
    """At most `room` pages of a range inside one watched region; with `reset` those are watched anew."""
    status, vad = _find(machine, space, base, size)
    if vad is None:
        return Written(status)
    page = machine.architecture.page_size
    start, end = base & -page, -(-(base + size) // page) * page
    addresses = _written(machine, space, vad, start, end)[:room]
    if reset:
        _forget(machine, space, vad, addresses)
    return Written(Status.SUCCESS, tuple(addresses))


def reset_write_watch(machine: SpaceMachine, space: AddressSpace, base: int, size: int) -> Status:
    """From now on no page of a range inside one watched region counts as written."""
    status, vad = _find(machine, space, base, size)
    if vad is not None:
        page = machine.architecture.page_size
        start, end = base & -page, -(-(base + size) // page) * page
        _forget(machine, space, vad, _written(machine, space, vad, start, end))
    return status


def _find(machine: SpaceMachine, space: AddressSpace, base: int, size: int) -> tuple[Status, Vad | None]:
    """INVALID_PARAMETER_2 for the base, _3 for the size, _1 where no watched region holds all of the range."""
    highest = machine.layout.highest_vad_address
    if base > highest:
        return Status.INVALID_PARAMETER_2, None
    if size == 0 or size > highest + 1 - base:
        return Status.INVALID_PARAMETER_3, None
    page = machine.architecture.page_size
    vad = space.vads.find(base // page)
    if vad is None or vad.written is None or (base + size - 1) // page > vad.end_vpn:
        return Status.INVALID_PARAMETER_1, None
    space.tables.bring_in_range(base & -page, base + size)
    return Status.SUCCESS, vad


def _written(machine: SpaceMachine, space: AddressSpace, vad: Vad, start: int, end: int) -> list[int]:
    assert vad.written is not None
    page, dirty, entries = machine.architecture.page_size, machine.architecture.DIRTY, machine.table_memory.entries
    found = {vpn * page for vpn in vad.written if start <= vpn * page < end}
    for address, index in space.tables.existing(start, end):
        if entries[index] & 1 and entries[index] & dirty:
            found.add(address)
    return sorted(found)


def _forget(machine: SpaceMachine, space: AddressSpace, vad: Vad, addresses: list[int]) -> None:
    """Clears the Dirty bits; the PFN entries remember that the pages must be written to a paging file."""
    assert vad.written is not None
    memory, architecture = machine.table_memory, machine.architecture
    for address in addresses:
        vad.written.discard(address // architecture.page_size)
        index = space.tables.find(address)
        pte = memory.entries[index] if index >= 0 else 0
        if pte & 1 and pte & architecture.DIRTY:
            machine.pfn.flags[machine.format.frame(pte)] |= MODIFIED_FLAG
            memory.write(index, pte & ~architecture.DIRTY)
