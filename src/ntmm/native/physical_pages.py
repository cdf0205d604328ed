"""Address windowing: NtAllocateUserPhysicalPages and its family. Counts and frame numbers are pointer-sized."""

import struct
from typing import Final

from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_VM_OPERATION, TargetProcess
from ntmm.native.privilege import has_privilege
from ntmm.native.service_table import service
from ntmm.nt.status import Status

_WORD: Final = {4: "I", 8: "Q"}


def _read_words(call: Call, address: int, count: int) -> list[int]:
    size = call.memory.pointer_size
    return list(struct.unpack(f"<{count}{_WORD[size]}", call.memory.read(address, count * size)))


def _is_too_many(call: Call, count: int) -> bool:
    """More words than user space could hold."""
    return count > (call.kernel.mm.layout.highest_user_address + 1) // call.memory.pointer_size


@service("ntdll", "NtAllocateUserPhysicalPages", "h p p")
def NtAllocateUserPhysicalPages(call: Call, process: int, count_address: int, frames_address: int) -> int:
    """Gives a process pages of RAM, perhaps fewer than it asks for: the count and the frame numbers are stored.

    Needs SeLockMemoryPrivilege. INSUFFICIENT_RESOURCES if there is not one page.
    """
    memory, size = call.memory, call.memory.pointer_size
    count = memory.read_pointer(count_address)
    memory.write_pointer(count_address, count)
    if not has_privilege(call, "SeLockMemoryPrivilege"):
        return Status.PRIVILEGE_NOT_HELD
    if _is_too_many(call, count):
        return Status.INVALID_PARAMETER_2
    if not count:
        return Status.SUCCESS
    memory.probe_for_write(frames_address, min(count, call.kernel.mm.pfn.frames) * size)
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        allocation = call.kernel.mm.allocate_physical_pages(target, count)
    if allocation.status is Status.SUCCESS:
        memory.write(frames_address, allocation.frames.astype(f"<u{size}").tobytes())
        memory.write_pointer(count_address, len(allocation.frames))
    return allocation.status


@service("ntdll", "NtFreeUserPhysicalPages", "h p p")
def NtFreeUserPhysicalPages(call: Call, process: int, count_address: int, frames_address: int) -> int:
    """Takes such pages back, out of the windows that show them; the count tells how many were freed."""
    memory = call.memory
    count = memory.read_pointer(count_address)
    memory.write_pointer(count_address, count)
    if _is_too_many(call, count):
        return Status.INVALID_PARAMETER_2
    frames = _read_words(call, frames_address, count)
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        status, freed = call.kernel.mm.free_physical_pages(target, frames)
    memory.write_pointer(count_address, freed)
    return status


@service("ntdll", "NtMapUserPhysicalPages", "p p p")
def NtMapUserPhysicalPages(call: Call, address: int, count: int, frames_address: int) -> int:
    """Shows pages in adjacent pages of a window, one after the other; without frames the addresses show nothing."""
    kernel = call.kernel
    page, end = kernel.architecture.page_size, kernel.mm.layout.highest_vad_address + 1
    start = address & -page
    if start >= end:
        return Status.INVALID_PARAMETER_1
    if count > (end - start) // page:
        return Status.INVALID_PARAMETER_2
    frames = _read_words(call, frames_address, count) if frames_address else None
    return kernel.mm.map_physical_pages(call.process, range(start, start + count * page, page), frames)


@service("ntdll", "NtMapUserPhysicalPagesScatter", "p p p")
def NtMapUserPhysicalPagesScatter(call: Call, addresses_address: int, count: int, frames_address: int) -> int:
    """As NtMapUserPhysicalPages, with an address for each page."""
    if _is_too_many(call, count):
        return Status.INVALID_PARAMETER_2
    addresses = _read_words(call, addresses_address, count)
    frames = _read_words(call, frames_address, count) if frames_address else None
    return call.kernel.mm.map_physical_pages(call.process, addresses, frames)
