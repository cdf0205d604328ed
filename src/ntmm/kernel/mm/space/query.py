"""NtQueryVirtualMemory, MemoryBasicInformation: what a range of addresses is."""

from dataclasses import dataclass

from ntmm.kernel.mm.layout import SHARED_USER_DATA, SHARED_USER_DATA_END
from ntmm.kernel.mm.section import AreaKind
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.space.protect import code_of
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_FREE,
    MEM_PRIVATE,
    MEM_RESERVE,
    PAGE_NOACCESS,
    PAGE_READONLY,
    page_protection,
)


@dataclass(frozen=True, slots=True)
class MemoryInformation:
    """MEMORY_BASIC_INFORMATION: addresses and sizes in bytes, PAGE_* and MEM_* values."""

    base_address: int
    allocation_base: int
    allocation_protect: int
    region_size: int
    state: int
    protect: int
    type: int


def query(machine: SpaceMachine, space: AddressSpace, address: int) -> MemoryInformation | None:
    """The run of alike pages that starts at the page of `address`; None above the highest user address."""
    if not 0 <= address <= space.user.highest:
        return None
    page = machine.architecture.page_size
    start = address & -page
    if SHARED_USER_DATA <= start < SHARED_USER_DATA_END:
        return _shared_page(start, page)
    vad = space.vads.find(start // page)
    if vad is None:
        return _free(machine, space, start)
    return _in_vad(machine, space, vad, start)


def _shared_page(start: int, page: int) -> MemoryInformation:
    if start == SHARED_USER_DATA:
        return MemoryInformation(start, start, PAGE_READONLY, page, MEM_COMMIT, PAGE_READONLY, MEM_PRIVATE)
    size = SHARED_USER_DATA_END - start
    return MemoryInformation(start, SHARED_USER_DATA, PAGE_READONLY, size, MEM_RESERVE, PAGE_NOACCESS, MEM_PRIVATE)


def _free(machine: SpaceMachine, space: AddressSpace, start: int) -> MemoryInformation:
    page = machine.architecture.page_size
    following = space.vads.next_after(start // page)
    if following is not None:
        end = following.start_vpn * page
    else:
        top = space.user.highest_vad + 1
        end = top if start < top else space.user.highest + 1
    return MemoryInformation(start, 0, 0, end - start, MEM_FREE, PAGE_NOACCESS, 0)


def _in_vad(machine: SpaceMachine, space: AddressSpace, vad: Vad, start: int) -> MemoryInformation:
    page = machine.architecture.page_size
    end = (vad.end_vpn + 1) * page
    code = code_of(machine, space, vad, start)
    size = _run_length(machine, space, vad, start, end, code)
    base = vad.start_vpn * page
    allocation_protect = page_protection(vad.protection)
    if code is None:
        return MemoryInformation(start, base, allocation_protect, size, MEM_RESERVE, 0, vad.kind.memory_type)
    protect = page_protection(code)
    kind = vad.kind if vad.kind is not VadKind.SHARED_PAGE else VadKind.PRIVATE
    return MemoryInformation(start, base, allocation_protect, size, MEM_COMMIT, protect, kind.memory_type)


def _is_uniform(vad: Vad) -> bool:
    """True if all pages without a PTE of their own are alike."""
    return not vad.is_view or (vad.kind is VadKind.MAPPED and vad.control_area.kind is AreaKind.FILE)


def _run_length(machine: SpaceMachine, space: AddressSpace, vad: Vad, start: int, end: int, code: int | None) -> int:
    """Bytes from `start` whose pages have the same state; missing page tables are passed over whole."""
    page = machine.architecture.page_size
    address = start + page
    while address < end:
        if _is_uniform(vad) and space.tables.find_resident(address) < 0:
            default = vad.protection if vad.mem_commit or vad.is_view else None
            if default != code:
                break
            address = min(end, space.tables.skip_absent(address))
            continue
        if code_of(machine, space, vad, address) != code:
            break
        address += page
    return min(address, end) - start
