"""The virtual-memory services (NtAllocateVirtualMemory and its family), with their in/out parameters."""

import struct
from typing import Final

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.mm.space.query import MemoryInformation
from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.native.handles import (
    PROCESS_QUERY_INFORMATION,
    PROCESS_VM_OPERATION,
    PROCESS_VM_READ,
    PROCESS_VM_WRITE,
    TargetProcess,
)
from ntmm.native.privilege import has_privilege
from ntmm.native.section_information import query_section_name
from ntmm.native.service_table import service
from ntmm.native.working_set import query_pages, query_working_set
from ntmm.nt.status import Status

_MEMORY_BASIC_INFORMATION: Final = 0
_MEMORY_WORKING_SET_LIST: Final = 1
_MEMORY_SECTION_NAME: Final = 2
_MEMORY_WORKING_SET_EX: Final = 4


@service("ntdll", "NtAllocateVirtualMemory", "h p p p u32 u32")
def NtAllocateVirtualMemory(
    call: Call, process: int, base_address: int, zero_bits: int, region_size: int, allocation_type: int, protect: int
) -> int:
    """Reserves or commits pages of a process; base and size are read and written back rounded."""
    memory = call.memory
    base, size = memory.read_pointer(base_address), memory.read_pointer(region_size)
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        status, base, size = call.kernel.mm.allocate(
            target, base, size, allocation_type, protect, zero_bits, has_privilege(call, "SeLockMemoryPrivilege")
        )
    if status is Status.SUCCESS:
        memory.write_pointer(base_address, base)
        memory.write_pointer(region_size, size)
    return status


@service("ntdll", "NtFreeVirtualMemory", "h p p u32")
def NtFreeVirtualMemory(call: Call, process: int, base_address: int, region_size: int, free_type: int) -> int:
    """Decommits or releases pages of a process."""
    memory = call.memory
    base, size = memory.read_pointer(base_address), memory.read_pointer(region_size)
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        status, base, size = call.kernel.mm.free(target, base, size, free_type)
    if status is Status.SUCCESS:
        memory.write_pointer(base_address, base)
        memory.write_pointer(region_size, size)
    return status


@service("ntdll", "NtProtectVirtualMemory", "h p p u32 p")
def NtProtectVirtualMemory(
    call: Call, process: int, base_address: int, region_size: int, protect: int, old_protect: int
) -> int:
    """Changes the protection of committed pages."""
    memory = call.memory
    base, size = memory.read_pointer(base_address), memory.read_pointer(region_size)
    memory.write_u32(old_protect, memory.read_u32(old_protect))
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        status, old, base, size = call.kernel.mm.protect(target, base, size, protect)
    if status is Status.SUCCESS:
        memory.write_u32(old_protect, old)
        memory.write_pointer(base_address, base)
        memory.write_pointer(region_size, size)
    return status


def encode_basic_information(information: MemoryInformation, pointer_size: int) -> bytes:
    """MEMORY_BASIC_INFORMATION: 28 bytes on 32 bit, 48 on 64 bit."""
    values = (
        information.base_address,
        information.allocation_base,
        information.allocation_protect,
        information.region_size,
        information.state,
        information.protect,
        information.type,
    )
    return struct.pack("<QQIxxxxQIIIxxxx" if pointer_size == 8 else "<7I", *values)


@service("ntdll", "NtQueryVirtualMemory", "h p u32 p p p")
def NtQueryVirtualMemory(
    call: Call, process: int, address: int, information_class: int, buffer: int, length: int, return_length: int
) -> int:
    """Describes the pages at an address (MemoryBasicInformation), the working set (MemoryWorkingSetList), the pages at
    many addresses (MemoryWorkingSetExInformation) or the file that is mapped at an address (MemorySectionName).
    """
    if information_class == _MEMORY_SECTION_NAME:
        with TargetProcess(call, process, PROCESS_QUERY_INFORMATION) as target:
            return query_section_name(call, target, address, buffer, length, return_length)
    if information_class == _MEMORY_WORKING_SET_LIST:
        with TargetProcess(call, process, PROCESS_QUERY_INFORMATION) as target:
            return query_working_set(call, target, buffer, length, return_length)
    if information_class == _MEMORY_WORKING_SET_EX:
        with TargetProcess(call, process, PROCESS_QUERY_INFORMATION) as target:
            return query_pages(call, target, buffer, length, return_length)
    if information_class != _MEMORY_BASIC_INFORMATION:
        return Status.INVALID_INFO_CLASS
    with TargetProcess(call, process, PROCESS_QUERY_INFORMATION) as target:
        information = call.kernel.mm.query(target, address)
    if information is None:
        return Status.INVALID_PARAMETER
    data = encode_basic_information(information, call.memory.pointer_size)
    if length < len(data):
        return Status.INFO_LENGTH_MISMATCH
    call.memory.write(buffer, data)
    if return_length:
        call.memory.write_pointer(return_length, len(data))
    return Status.SUCCESS


def copy_between(source: Process, source_address: int, target: Process, target_address: int, size: int) -> int:
    """Copies bytes between address spaces, and answers how many before the first bad page (MmCopyVirtualMemory).

    Either side may fault and wait: each step takes its bytes out of one page before it touches the other side's page,
    and nothing of RAM is held meanwhile. The caller keeps both processes' memory from being returned.
    """
    done, page = 0, source.memory.page_size
    try:
        while done < size:
            room = min(page - (source_address + done) % page, page - (target_address + done) % page)
            step = min(size - done, room)
            target.memory.write(target_address + done, source.memory.read(source_address + done, step))
            done += step
    except GuestFault:
        pass
    return done


def _outcome(call: Call, address: int, buffer: int, size: int, done: int, count: int) -> int:
    """Stores how much was copied. A range that wraps or leaves user space was not begun at all."""
    if count:
        call.memory.write_pointer(count, done)
    if done == size:
        return Status.SUCCESS
    return Status.PARTIAL_COPY if is_user_range(call, (address, buffer), size) else Status.ACCESS_VIOLATION


def is_user_range(call: Call, starts: tuple[int, int], size: int) -> bool:
    """True if `size` bytes from both addresses lie in user space; what wraps or leaves it is not copied at all."""
    return max(starts) + size <= call.kernel.mm.layout.highest_user_address + 1


@service("ntdll", "NtReadVirtualMemory", "h p p p p")
def NtReadVirtualMemory(call: Call, process: int, address: int, buffer: int, size: int, count: int) -> int:
    """Copies from another process; PARTIAL_COPY with the count if a page is bad."""
    done = 0
    with TargetProcess(call, process, PROCESS_VM_READ) as source:
        if is_user_range(call, (address, buffer), size):
            done = copy_between(source, address, call.process, buffer, size)
    return _outcome(call, address, buffer, size, done, count)


@service("ntdll", "NtWriteVirtualMemory", "h p p p p")
def NtWriteVirtualMemory(call: Call, process: int, address: int, buffer: int, size: int, count: int) -> int:
    """Copies into another process; PARTIAL_COPY with the count if a page is bad."""
    done = 0
    with TargetProcess(call, process, PROCESS_VM_WRITE | PROCESS_VM_OPERATION) as target:
        if is_user_range(call, (address, buffer), size):
            done = copy_between(call.process, buffer, target, address, size)
    return _outcome(call, address, buffer, size, done, count)
