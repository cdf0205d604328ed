"""VirtualAlloc and its family. Sizes in bytes; errors as GetLastError tells them."""

from typing import Final

from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.native.handles import (
    CURRENT_PROCESS,
    PROCESS_QUERY_INFORMATION,
    PROCESS_VM_OPERATION,
    PROCESS_VM_READ,
    PROCESS_VM_WRITE,
    TargetProcess,
)
from ntmm.native.memory import copy_between, encode_basic_information, is_user_range
from ntmm.native.privilege import has_privilege
from ntmm.native.service_table import service
from ntmm.nt.memory import ALLOCATION_GRANULARITY, MEM_RELEASE, PAGE_EXECUTE_READWRITE, PAGE_READWRITE
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import probing

_WRITABLE: Final = PAGE_READWRITE | PAGE_EXECUTE_READWRITE


@service("kernel32", "VirtualAlloc", "p p u32 u32")
def VirtualAlloc(call: Call, address: int, size: int, allocation_type: int, protect: int) -> int:
    """Reserves or commits pages of the calling process; the base address, or 0."""
    return VirtualAllocEx(call, CURRENT_PROCESS, address, size, allocation_type, protect)


@service("kernel32", "VirtualAllocEx", "h p p u32 u32")
def VirtualAllocEx(call: Call, process: int, address: int, size: int, allocation_type: int, protect: int) -> int:
    """Reserves or commits pages of a process; the base address, or 0."""
    if address and address < ALLOCATION_GRANULARITY:
        return call.fail(Status.INVALID_PARAMETER)
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        privileged = has_privilege(call, "SeLockMemoryPrivilege")
        status, base, _ = call.kernel.mm.allocate(target, address, size, allocation_type, protect, 0, privileged)
    return base if status is Status.SUCCESS else call.fail(status)


@service("kernel32", "VirtualFree", "p p u32")
def VirtualFree(call: Call, address: int, size: int, free_type: int) -> int:
    """Decommits or releases pages of the calling process."""
    return VirtualFreeEx(call, CURRENT_PROCESS, address, size, free_type)


@service("kernel32", "VirtualFreeEx", "h p p u32")
def VirtualFreeEx(call: Call, process: int, address: int, size: int, free_type: int) -> int:
    """Decommits or releases pages of a process; a release names no size."""
    if free_type & MEM_RELEASE and size:
        return call.fail(Status.INVALID_PARAMETER)
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        status = call.kernel.mm.free(target, address, size, free_type).status
    return 1 if status is Status.SUCCESS else call.fail(status)


@service("kernel32", "VirtualProtect", "p p u32 p")
def VirtualProtect(call: Call, address: int, size: int, protect: int, old_protect: int) -> int:
    """Changes the protection of committed pages."""
    return VirtualProtectEx(call, CURRENT_PROCESS, address, size, protect, old_protect)


@service("kernel32", "VirtualProtectEx", "h p p u32 p")
@probing(0)
def VirtualProtectEx(call: Call, process: int, address: int, size: int, protect: int, old_protect: int) -> int:
    """Changes the protection of committed pages of a process; `old_protect` must be writable memory."""
    if not old_protect:
        return call.fail(Status.ACCESS_VIOLATION)
    call.memory.write_u32(old_protect, call.memory.read_u32(old_protect))
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        result = call.kernel.mm.protect(target, address, size, protect)
    if result.status is not Status.SUCCESS:
        return call.fail(result.status)
    call.memory.write_u32(old_protect, result.old)
    return 1


@service("kernel32", "VirtualQuery", "p p p")
def VirtualQuery(call: Call, address: int, buffer: int, length: int) -> int:
    """Describes the pages at an address; bytes written, or 0."""
    return VirtualQueryEx(call, CURRENT_PROCESS, address, buffer, length)


@service("kernel32", "VirtualQueryEx", "h p p p")
@probing(0)
def VirtualQueryEx(call: Call, process: int, address: int, buffer: int, length: int) -> int:
    """Describes the pages at an address of a process; bytes written, or 0."""
    with TargetProcess(call, process, PROCESS_QUERY_INFORMATION) as target:
        information = call.kernel.mm.query(target, address)
    if information is None:
        return call.fail(Status.INVALID_PARAMETER)
    data = encode_basic_information(information, call.memory.pointer_size)
    if length < len(data):
        return call.fail(Status.INFO_LENGTH_MISMATCH)
    call.memory.write(buffer, data)
    return len(data)


@service("kernel32", "ReadProcessMemory", "h p p p p")
def ReadProcessMemory(call: Call, process: int, address: int, buffer: int, size: int, count: int) -> int:
    """Copies from a process; all or ERROR_PARTIAL_COPY. A range that leaves user space is NOACCESS (998)."""
    with TargetProcess(call, process, PROCESS_VM_READ) as source:
        if not is_user_range(call, (address, buffer), size):
            return call.fail(Status.ACCESS_VIOLATION)
        done = copy_between(source, address, call.process, buffer, size)
    if count:
        call.memory.write_pointer(count, done)
    return 1 if done == size else call.fail(Status.PARTIAL_COPY)


@service("kernel32", "WriteProcessMemory", "h p p p p")
def WriteProcessMemory(call: Call, process: int, address: int, buffer: int, size: int, count: int) -> int:
    """Copies into a process. A range that is not writable but executable is made so for the time of the copy."""
    with TargetProcess(call, process, PROCESS_VM_WRITE | PROCESS_VM_OPERATION) as target:
        if not is_user_range(call, (address, buffer), size):
            return call.fail(Status.ACCESS_VIOLATION)
        done = _write_checked(call, target, address, buffer, size)
    if count:
        call.memory.write_pointer(count, done)
    if done == size:
        return 1
    call.set_last_error(Win32Error.NOACCESS if done == 0 else 299)
    return 0


def _write_checked(call: Call, target: Process, address: int, buffer: int, size: int) -> int:
    information = call.kernel.mm.query(target, address)
    executable = information is not None and information.protect & 0x70 and not information.protect & _WRITABLE
    if not executable:
        return copy_between(call.process, buffer, target, address, size)
    result = call.kernel.mm.protect(target, address, size, PAGE_EXECUTE_READWRITE)
    if result.status is not Status.SUCCESS:
        return 0
    done = copy_between(call.process, buffer, target, address, size)
    call.kernel.mm.protect(target, address, size, result.old)
    return done
