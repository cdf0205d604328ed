"""NtLockVirtualMemory and NtUnlockVirtualMemory."""

from collections.abc import Callable
from typing import Final

from ntmm.kernel.mm.space.allocate import Range
from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_VM_OPERATION, TargetProcess
from ntmm.native.privilege import has_privilege
from ntmm.native.service_table import service
from ntmm.nt.memory import MAP_PROCESS, MAP_SYSTEM
from ntmm.nt.status import Status, is_success

_MAP_TYPES: Final = (MAP_PROCESS, MAP_SYSTEM, MAP_PROCESS | MAP_SYSTEM)

Operation = Callable[[Process, int, int, int], Range]


def _perform(call: Call, operation: Operation, process: int, base_address: int, region_size: int, map_type: int) -> int:
    if map_type not in _MAP_TYPES:
        return Status.INVALID_PARAMETER
    if map_type & MAP_SYSTEM and not has_privilege(call, "SeLockMemoryPrivilege"):
        return Status.PRIVILEGE_NOT_HELD
    memory = call.memory
    base, size = memory.read_pointer(base_address), memory.read_pointer(region_size)
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        status, base, size = operation(target, base, size, map_type)
    if is_success(status):
        memory.write_pointer(base_address, base)
        memory.write_pointer(region_size, size)
    return status


@service("ntdll", "NtLockVirtualMemory", "h p p u32")
def NtLockVirtualMemory(call: Call, process: int, base_address: int, region_size: int, map_type: int) -> int:
    """Keeps pages in the working set (MAP_PROCESS) or in RAM (MAP_SYSTEM); WAS_LOCKED if one was locked before."""
    return _perform(call, call.kernel.mm.lock, process, base_address, region_size, map_type)


@service("ntdll", "NtUnlockVirtualMemory", "h p p u32")
def NtUnlockVirtualMemory(call: Call, process: int, base_address: int, region_size: int, map_type: int) -> int:
    """Undoes all locks of pages; NOT_LOCKED if one is not locked."""
    return _perform(call, call.kernel.mm.unlock, process, base_address, region_size, map_type)
