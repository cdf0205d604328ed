"""MEM_LARGE_PAGES: memory of a process that page-directory entries map, each a run of adjacent frames.

It is reserved and committed in one step, always writable, belongs to no working set and is never paged. On IA-64 a
large page spans two directory entries, and both name it.
"""

from ntmm.kernel.mm.pfn import NO_FRAME, PageUse
from ntmm.kernel.mm.pfn.columns import column
from ntmm.kernel.mm.pfn.runs import take_aligned_run
from ntmm.kernel.mm.space.account import refusal
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.space.pages import has_room_for_tables
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.nt.memory import MM_ACCESS_MASK, MM_EXECUTE_READWRITE, MM_READWRITE
from ntmm.nt.status import Status

_EXECUTABLE = (2, 3, 6, 7)
"""MM_* codes that let a page be executed."""


def large_code(protection: int) -> int:
    """The MM_* code that large pages get: they can always be written."""
    return MM_EXECUTE_READWRITE if protection & MM_ACCESS_MASK in _EXECUTABLE else MM_READWRITE


def map_large_pages(machine: SpaceMachine, space: AddressSpace, start: int, end: int, protection: int) -> Status:
    """Inserts a VAD of large pages over free, aligned addresses.

    COMMITMENT_LIMIT or the process's quota, INSUFFICIENT_RESOURCES if RAM cannot promise so much, or has not enough
    adjacent pages: nothing is written out for them. Nothing is changed then.
    """
    page = machine.architecture.page_size
    vad = Vad(start // page, end // page - 1, VadKind.LARGE_PAGES, large_code(protection), mem_commit=True)
    if not space.account.charge(vad.pages):
        return refusal(space, vad.pages)
    if not machine.resident.charge(vad.pages):
        space.account.give_back(vad.pages)
        return Status.INSUFFICIENT_RESOURCES
    vad.commit_charge = vad.pages
    if not has_room_for_tables(machine, space, start, end) or not _map_all(machine, space, start, end, vad.protection):
        machine.resident.give_back(vad.pages)
        space.account.give_back(vad.pages)
        return Status.INSUFFICIENT_RESOURCES
    space.vads.insert(vad)
    space.grow(end - start)
    return Status.SUCCESS


def unmap_large_pages(machine: SpaceMachine, space: AddressSpace, vad: Vad) -> None:
    """Gives a VAD of large pages back."""
    page = machine.architecture.page_size
    start, end = vad.start_vpn * page, (vad.end_vpn + 1) * page
    _unmap_all(machine, space, start, end)
    machine.resident.give_back(vad.pages)
    space.account.give_back(vad.pages)
    space.vads.remove(vad)
    space.grow(start - end)


def _map_all(machine: SpaceMachine, space: AddressSpace, start: int, end: int, protection: int) -> bool:
    """False, and nothing mapped, if RAM has no run of adjacent pages left for one of them."""
    large = machine.architecture.large_page_size
    for address in range(start, end, large):
        index = space.tables.ensure_directory(address)
        frame = take_aligned_run(machine.pfn, large // machine.architecture.page_size, PageUse.LARGE_PAGE)
        if frame == NO_FRAME:
            space.tables.drop_empty_directory(address)
            _unmap_all(machine, space, start, address)
            return False
        _map_one(machine, address, index, frame, protection)
    return True


def _map_one(machine: SpaceMachine, address: int, index: int, frame: int, protection: int) -> None:
    architecture, memory = machine.architecture, machine.table_memory
    indices = range(index, index + architecture.entries_of_large_page)
    assert not any(memory.entries[index] for index in indices), f"{address:#x} has a page table"
    bits = machine.format.user_bits[protection] | architecture.LARGE | architecture.ACCESSED | architecture.DIRTY
    for part in indices:
        memory.write(part, architecture.make_pte(frame, bits))
    pages = slice(frame, frame + architecture.large_page_size // architecture.page_size)
    column(machine.pfn.pte_frame)[pages] = index >> memory.entries_shift
    column(machine.pfn.pte_address)[pages] = architecture.pde_address(address)


def _unmap_all(machine: SpaceMachine, space: AddressSpace, start: int, end: int) -> None:
    architecture, memory, pfn = machine.architecture, machine.table_memory, machine.pfn
    for address in range(start, end, architecture.large_page_size):
        index = space.tables.ensure_directory(address)
        first = machine.format.frame(memory.entries[index])
        for part in range(index, index + architecture.entries_of_large_page):
            memory.write(part, 0)
        for frame in range(first, first + architecture.large_page_size // architecture.page_size):
            pfn.free(frame)
        space.tables.drop_empty_directory(address)
