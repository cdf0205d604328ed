"""NtQueryInformationProcess and NtSetInformationProcess.

Classes that tell of a process: basic information, quota limits, memory counters, pool quotas, execute options. Sizes in
bytes.
"""

import struct
from collections.abc import Callable
from typing import Final

from ntmm.kernel.io.drives import device_path
from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.native.execution import query_execute_flags, set_execute_flags
from ntmm.native.handles import PROCESS_QUERY_INFORMATION, PROCESS_SET_INFORMATION, PROCESS_SET_QUOTA, process_of
from ntmm.native.privilege import has_privilege
from ntmm.native.service_table import service
from ntmm.native.working_set import hard_flags, set_limits
from ntmm.native.working_set_watch import query_watch, watch
from ntmm.nt.status import Status

PROCESS_BASIC_INFORMATION: Final = 0
PROCESS_QUOTA_LIMITS: Final = 1
PROCESS_VM_COUNTERS: Final = 3
PROCESS_TIMES: Final = 4
PROCESS_DEBUG_PORT: Final = 7
PROCESS_POOLED_USAGE_AND_LIMITS: Final = 14
PROCESS_WORKING_SET_WATCH: Final = 15
PROCESS_PRIORITY_CLASS: Final = 18
PROCESS_HANDLE_COUNT: Final = 20
PROCESS_AFFINITY_MASK: Final = 21
PROCESS_SESSION_INFORMATION: Final = 24
PROCESS_WOW64_INFORMATION: Final = 26
PROCESS_IMAGE_FILE_NAME: Final = 27
PROCESS_EXECUTE_FLAGS: Final = 34


_NO_TIME_LIMIT: Final = -1


def _pointers(call: Call, *values: int) -> bytes:
    """Values as SIZE_T; -1 means no limit."""
    size = call.memory.pointer_size
    return b"".join((value & (1 << 8 * size) - 1).to_bytes(size, "little") for value in values)


def _basic_information(call: Call, process: Process) -> bytes:
    """PROCESS_BASIC_INFORMATION: exit status, PEB, affinity, priority, ids; 24 or 48 bytes."""
    values = (process.exit_status, process.peb, 1, 8, process.id, process.parent_id)
    return struct.pack("<IxxxxQQIxxxxQQ" if call.memory.pointer_size == 8 else "<6I", *values)


def _quota_limits(call: Call, process: Process) -> bytes:
    """QUOTA_LIMITS_EX, 56 or 88 bytes: QUOTA_LIMITS is its first 32 or 48. Pool has no limits."""
    limits, quota = call.kernel.mm.working_set_limits(process), call.kernel.mm.page_file_quota(process)
    head = _pointers(call, -1, -1, limits.minimum, limits.maximum, -1 if quota is None else quota)
    flags = hard_flags(limits.hard_minimum, limits.hard_maximum)
    padding = bytes(-len(head) % 8)
    return (
        head + padding + struct.pack("<q", _NO_TIME_LIMIT) + _pointers(call, 0, 0, 0, 0) + struct.pack("<II", flags, 0)
    )


def _vm_counters(call: Call, process: Process) -> bytes:
    """VM_COUNTERS_EX, 48 or 96 bytes: VM_COUNTERS is its first 44 or 88."""
    memory = call.kernel.mm.process_memory(process)
    return _pointers(
        call,
        memory.peak_virtual_size,
        memory.virtual_size,
        memory.page_fault_count & 0xFFFFFFFF,
        memory.peak_working_set,
        memory.working_set,
        memory.peak_paged_pool_quota,
        memory.paged_pool_quota,
        memory.peak_nonpaged_pool_quota,
        memory.nonpaged_pool_quota,
        memory.commit,
        memory.peak_commit,
        memory.commit,
    )


def _pooled_usage(call: Call, process: Process) -> bytes:
    """POOLED_USAGE_AND_LIMITS: peak, usage and limit of paged pool, nonpaged pool and page file, all in bytes."""
    memory = call.kernel.mm.process_memory(process)
    paged = (memory.peak_paged_pool_quota, memory.paged_pool_quota, -1)
    nonpaged = (memory.peak_nonpaged_pool_quota, memory.nonpaged_pool_quota, -1)
    quota = call.kernel.mm.page_file_quota(process)
    return _pointers(call, *paged, *nonpaged, memory.peak_commit, memory.commit, -1 if quota is None else quota)


def _wow64_information(call: Call, process: Process) -> bytes:
    """The 32-bit PEB of a 32-bit process on a 64-bit machine, else 0."""
    return _pointers(call, process.peb if process.is_wow64 else 0)


def process_times(call: Call, process: Process) -> tuple[int, int, int, int]:
    """Creation and end as FILETIMEs, kernel and user time; all running counts as user time. The end is 0 before it."""
    clock = call.kernel.clock
    boot = clock.now_100ns() - clock.uptime_100ns()
    ended = boot + process.ended_100ns if process.ended else 0
    return boot + process.created_100ns, ended, 0, call.kernel.ps.run_time_of(process)


def _times(call: Call, process: Process) -> bytes:
    """KERNEL_USER_TIMES, 32 bytes."""
    return struct.pack("<4Q", *process_times(call, process))


def _handle_count(call: Call, process: Process) -> bytes:
    return struct.pack("<I", len(process.handles))


def _session_information(call: Call, process: Process) -> bytes:
    return struct.pack("<I", 0)


def _no_pointer(call: Call, process: Process) -> bytes:
    """ProcessDebugPort: there is none."""
    return bytes(call.memory.pointer_size)


def _priority_class(call: Call, process: Process) -> bytes:
    """PROCESS_PRIORITY_CLASS: in the background, normal."""
    return bytes((0, 2))


def _affinity(call: Call, process: Process) -> bytes:
    return _pointers(call, (1 << call.kernel.profile.processors) - 1)


def _smaller_quota(pointer_size: int) -> int:
    return 48 if pointer_size == 8 else 32


Query = Callable[[Call, Process], bytes]

_QUERIES: Final[dict[int, tuple[Query, Callable[[int], int]]]] = {
    PROCESS_BASIC_INFORMATION: (_basic_information, lambda pointer_size: 6 * pointer_size),
    PROCESS_QUOTA_LIMITS: (_quota_limits, _smaller_quota),
    PROCESS_VM_COUNTERS: (_vm_counters, lambda pointer_size: 11 * pointer_size),
    PROCESS_TIMES: (_times, lambda pointer_size: 32),
    PROCESS_DEBUG_PORT: (_no_pointer, lambda pointer_size: pointer_size),
    PROCESS_WOW64_INFORMATION: (_wow64_information, lambda pointer_size: pointer_size),
    PROCESS_EXECUTE_FLAGS: (query_execute_flags, lambda pointer_size: 4),
    PROCESS_POOLED_USAGE_AND_LIMITS: (_pooled_usage, lambda pointer_size: 9 * pointer_size),
    PROCESS_PRIORITY_CLASS: (_priority_class, lambda pointer_size: 2),
    PROCESS_HANDLE_COUNT: (_handle_count, lambda pointer_size: 4),
    PROCESS_AFFINITY_MASK: (_affinity, lambda pointer_size: pointer_size),
    PROCESS_SESSION_INFORMATION: (_session_information, lambda pointer_size: 4),
}
"""By class: what answers, and the size in bytes of the structure's older form, which may be asked for as well."""


def _image_name(call: Call, process: Process, buffer: int, length: int, return_length: int) -> Status:
    """A UNICODE_STRING and behind it the device path of the program; INFO_LENGTH_MISMATCH if it does not fit."""
    name = device_path(process.parameters.image_path).encode("utf-16-le", "surrogatepass")
    head = 2 * call.memory.pointer_size
    if return_length:
        call.memory.write_u32(return_length, head + len(name) + 2)
    if length < head + len(name) + 2:
        return Status.INFO_LENGTH_MISMATCH
    call.memory.write(buffer, struct.pack("<HH", len(name), len(name) + 2))
    call.memory.write_pointer(buffer + call.memory.pointer_size, buffer + head)
    call.memory.write(buffer + head, name + b"\0\0")
    return Status.SUCCESS


@service("ntdll", "NtQueryInformationProcess", "h u32 p u32 p")
def NtQueryInformationProcess(
    call: Call, process: int, information_class: int, buffer: int, length: int, return_length: int
) -> int:
    """Tells of a process; the length must be that of one of the structure's forms."""
    if information_class == PROCESS_IMAGE_FILE_NAME:
        target = process_of(call, process, PROCESS_QUERY_INFORMATION)
        return _image_name(call, target, buffer, length, return_length)
    if information_class == PROCESS_WORKING_SET_WATCH:
        return query_watch(call, process_of(call, process, PROCESS_QUERY_INFORMATION), buffer, length, return_length)
    known = _QUERIES.get(information_class)
    if known is None:
        return Status.INVALID_INFO_CLASS
    query, older_size = known
    data = query(call, process_of(call, process, PROCESS_QUERY_INFORMATION))
    if length not in (len(data), older_size(call.memory.pointer_size)):
        return Status.INFO_LENGTH_MISMATCH
    call.memory.write(buffer, data[:length])
    if return_length:
        call.memory.write_u32(return_length, length)
    return Status.SUCCESS


def _set_quota_limits(call: Call, process: Process, buffer: int, length: int) -> Status:
    """Sets the working set's limits; with both zero the pool and page-file quotas are meant.

    The flags of QUOTA_LIMITS_EX lie before its last word.
    """
    size = call.memory.pointer_size
    smaller = _smaller_quota(size)
    larger = smaller + 4 * size + 8
    if length not in (smaller, larger):
        return Status.INFO_LENGTH_MISMATCH
    minimum = call.memory.read_pointer(buffer + 2 * size)
    maximum = call.memory.read_pointer(buffer + 3 * size)
    flags = call.memory.read_u32(buffer + larger - 8) if length == larger else 0
    if minimum and maximum:
        privileged = has_privilege(call, "SeIncreaseBasePriorityPrivilege")
        return set_limits(call, process, minimum, maximum, flags, privileged)
    if not has_privilege(call, "SeIncreaseQuotaPrivilege"):
        return Status.PRIVILEGE_NOT_HELD
    return _set_quotas(call, process, buffer)


def _set_quotas(call: Call, process: Process, buffer: int) -> Status:
    """The page-file quota, in bytes: 0 or all ones for no limit. There are no quotas of pool: NOT_IMPLEMENTED."""
    size = call.memory.pointer_size
    none = (0, (1 << 8 * size) - 1)
    if any(call.memory.read_pointer(buffer + at * size) not in none for at in (0, 1)):
        return Status.NOT_IMPLEMENTED
    limit = call.memory.read_pointer(buffer + 4 * size)
    call.kernel.mm.set_page_file_quota(process, None if limit in none else limit)
    return Status.SUCCESS


@service("ntdll", "NtSetInformationProcess", "h u32 p u32", lacks="rarer classes, quotas of pool")
def NtSetInformationProcess(call: Call, process: int, information_class: int, buffer: int, length: int) -> int:
    """Changes a process: ProcessQuotaLimits sets the limits of its working set, ProcessWorkingSetWatch begins to keep
    its page faults, ProcessExecuteFlags whether it may execute data; other classes are NOT_IMPLEMENTED.
    """
    if information_class == PROCESS_WORKING_SET_WATCH:
        return watch(call, process_of(call, process, PROCESS_SET_INFORMATION))
    if information_class == PROCESS_EXECUTE_FLAGS:
        target = process_of(call, process, PROCESS_SET_INFORMATION)
        return set_execute_flags(call, target, buffer, length)
    target = process_of(call, process, PROCESS_SET_QUOTA)
    if information_class != PROCESS_QUOTA_LIMITS:
        return Status.NOT_IMPLEMENTED
    return _set_quota_limits(call, target, buffer, length)
