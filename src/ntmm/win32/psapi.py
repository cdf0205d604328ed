"""psapi.h: what processes and the system do with memory. The functions are exports of psapi.dll.

On later systems kernel32 exports them under names that begin with K32.
"""

import struct

from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_QUERY_INFORMATION, PROCESS_SET_QUOTA, TargetProcess, process_of
from ntmm.native.service_table import service
from ntmm.native.working_set import query_pages, query_working_set
from ntmm.native.working_set_watch import query_watch, watch
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing, probing
from ntmm.win32.text import ANSI, WIDE, StringKind


@service("psapi", "EmptyWorkingSet", "h")
@service("kernel32", "K32EmptyWorkingSet", "h")
@failing(0)
def EmptyWorkingSet(call: Call, process: int) -> int:
    """Takes every page out of a working set that is not locked; the next touches are soft faults."""
    with TargetProcess(call, process, PROCESS_SET_QUOTA) as target:
        status = call.kernel.mm.empty_working_set(target)
    return 1 if status == Status.SUCCESS else call.fail(status)


@service("psapi", "QueryWorkingSet", "h p u32")
@service("kernel32", "K32QueryWorkingSet", "h p u32")
@failing(0)
@probing(0)
def QueryWorkingSet(call: Call, process: int, buffer: int, length: int) -> int:
    """PSAPI_WORKING_SET_INFORMATION; BAD_LENGTH (24) if it does not fit, with the count of pages in its first word."""
    with TargetProcess(call, process, PROCESS_QUERY_INFORMATION) as target:
        status = query_working_set(call, target, buffer, length, 0)
    return 1 if status == Status.SUCCESS else call.fail(status)


@service("psapi", "QueryWorkingSetEx", "h p u32")
@service("kernel32", "K32QueryWorkingSetEx", "h p u32")
@failing(0)
@probing(0)
def QueryWorkingSetEx(call: Call, process: int, buffer: int, length: int) -> int:
    """PSAPI_WORKING_SET_EX_INFORMATION: what is known of the pages at given addresses, windows and large pages too."""
    with TargetProcess(call, process, PROCESS_QUERY_INFORMATION) as target:
        status = query_pages(call, target, buffer, length, 0)
    return 1 if status == Status.SUCCESS else call.fail(status)


def _initialize_watch(call: Call, process: int) -> int:
    with TargetProcess(call, process, PROCESS_QUERY_INFORMATION) as target:
        status = watch(call, target)
    return 1 if status == Status.SUCCESS else call.fail(status)


def _working_set_changes(call: Call, process: int, buffer: int, length: int) -> int:
    with TargetProcess(call, process, PROCESS_QUERY_INFORMATION) as target:
        status = query_watch(call, target, buffer, length, 0)
    return 1 if status == Status.SUCCESS else call.fail(status)


for _dll, _prefix in (("psapi", ""), ("kernel32", "K32")):

    @service(_dll, f"{_prefix}InitializeProcessForWsWatch", "h")
    @failing(0)
    def InitializeProcessForWsWatch(call: Call, process: int) -> int:
        """Begins to keep the page faults of a process."""
        return _initialize_watch(call, process)

    @service(_dll, f"{_prefix}GetWsChanges", "h p u32")
    @failing(0)
    def GetWsChanges(call: Call, process: int, buffer: int, length: int) -> int:
        """PSAPI_WS_WATCH_INFORMATION of the faults since the last call, ended by a null instruction.

        INSUFFICIENT_BUFFER (122) where they do not fit, GEN_FAILURE (31) where nobody watches.
        """
        return _working_set_changes(call, process, buffer, length)


def _memory_counters(call: Call, process: int, extended: bool) -> bytes:
    """PROCESS_MEMORY_COUNTERS (40 / 72 bytes) or PROCESS_MEMORY_COUNTERS_EX (44 / 80)."""
    memory = call.kernel.mm.process_memory(process_of(call, process, PROCESS_QUERY_INFORMATION))
    sizes = [
        memory.peak_working_set,
        memory.working_set,
        memory.peak_paged_pool_quota,
        memory.paged_pool_quota,
        memory.peak_nonpaged_pool_quota,
        memory.nonpaged_pool_quota,
        memory.commit,
        memory.peak_commit,
    ]
    sizes += [memory.commit] * extended
    form = struct.Struct(f"<II{len(sizes)}{'Q' if call.memory.pointer_size == 8 else 'I'}")
    return form.pack(form.size, memory.page_fault_count & 0xFFFFFFFF, *sizes)


@service("psapi", "GetProcessMemoryInfo", "h p u32")
@service("kernel32", "K32GetProcessMemoryInfo", "h p u32")
@failing(0)
def GetProcessMemoryInfo(call: Call, process: int, buffer: int, length: int) -> int:
    """Page faults, working set, pool quotas and commit of a process; the larger structure if there is room for it."""
    pointer = call.memory.pointer_size
    if length < 8 + 8 * pointer:
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write(buffer, _memory_counters(call, process, extended=length >= 8 + 9 * pointer))
    return 1


@service("psapi", "GetPerformanceInfo", "p u32")
@service("kernel32", "K32GetPerformanceInfo", "p u32")
@failing(0)
def GetPerformanceInfo(call: Call, buffer: int, length: int) -> int:
    """PERFORMANCE_INFORMATION, 56 or 104 bytes: commit, RAM and kernel memory in pages; objects there are.

    The system cache is the standby list and the system working set.
    """
    is_64 = call.memory.pointer_size == 8
    form = struct.Struct("<I4x10Q3I4x" if is_64 else "<14I")
    if length < form.size:
        raise Win32Failure(Win32Error.BAD_LENGTH)
    kernel = call.kernel
    figures, system = kernel.mm.statistics(), kernel.mm.system
    paged, nonpaged = system.paged_pool.pages, system.nonpaged_pool.pages
    processes = kernel.ps.processes
    call.memory.write(
        buffer,
        form.pack(
            form.size,
            figures.commit,
            figures.commit_limit,
            figures.peak_commit,
            figures.total_pages,
            figures.available,
            figures.standby + system.working_set.count,
            paged + nonpaged,
            paged,
            nonpaged,
            figures.page_size,
            sum(len(process.handles) for process in processes),
            len(processes),
            sum(not thread.ended for process in processes for thread in process.threads),
        ),
    )
    return 1


def _mapped_file_name(call: Call, kind: StringKind, process: int, address: int, buffer: int, size: int) -> int:
    """The name, cut with INSUFFICIENT_BUFFER where it does not fit; its length without the zero."""
    if not size:
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    with TargetProcess(call, process, PROCESS_QUERY_INFORMATION) as target:
        status, name = call.kernel.mm.mapped_file_name(target, address)
    if status != Status.SUCCESS:
        return call.fail(status)
    data = kind.encode(name)
    units = len(data) // kind.unit
    if units >= size:
        units = size - 1
        call.set_last_error(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write(buffer, data[: units * kind.unit] + bytes(kind.unit))
    return units


@service("psapi", "GetMappedFileNameW", "h p p u32")
@failing(0)
def GetMappedFileNameW(call: Call, process: int, address: int, buffer: int, size: int) -> int:
    """The device path of the file that is mapped at an address, such as \\Device\\HarddiskVolume1\\file.

    Fails with INVALID_ADDRESS (487) where nothing is mapped and FILE_INVALID (1006) for a section without a file.
    """
    return _mapped_file_name(call, WIDE, process, address, buffer, size)


@service("psapi", "GetMappedFileNameA", "h p p u32")
@failing(0)
def GetMappedFileNameA(call: Call, process: int, address: int, buffer: int, size: int) -> int:
    """GetMappedFileNameW in ANSI."""
    return _mapped_file_name(call, ANSI, process, address, buffer, size)


@service("kernel32", "K32GetMappedFileNameW", "h p p u32")
@failing(0)
def K32GetMappedFileNameW(call: Call, process: int, address: int, buffer: int, size: int) -> int:
    """The name under which kernel32 exports GetMappedFileNameW on later systems."""
    return _mapped_file_name(call, WIDE, process, address, buffer, size)


@service("kernel32", "K32GetMappedFileNameA", "h p p u32")
@failing(0)
def K32GetMappedFileNameA(call: Call, process: int, address: int, buffer: int, size: int) -> int:
    """K32GetMappedFileNameW in ANSI."""
    return _mapped_file_name(call, ANSI, process, address, buffer, size)
