"""Processes and threads: ends, ids, basic information, delays."""

import struct
from typing import Final

from ntmm.native.call import Call
from ntmm.native.handles import process_of, thread_of
from ntmm.native.service_table import service
from ntmm.nt.status import Status

_BASIC_INFORMATION: Final = 0


@service("ntdll", "NtTerminateProcess", "h u32")
def NtTerminateProcess(call: Call, process: int, status: int) -> int:
    """Ends a process. A null handle ends all other threads of the caller's, as ExitProcess first does."""
    if process == 0:
        for thread in list(call.process.threads):
            if thread is not call.thread and not thread.ended:
                call.kernel.ps.exit_thread(thread, status)
        return Status.SUCCESS
    call.kernel.ps.exit_process(process_of(call, process), status)
    return Status.SUCCESS


@service("ntdll", "NtTerminateThread", "h u32")
def NtTerminateThread(call: Call, thread: int, status: int) -> int:
    """Ends a thread; a null handle means the caller."""
    target = call.thread if thread == 0 else thread_of(call, thread)
    if not target.ended:
        call.kernel.ps.exit_thread(target, status)
    return Status.SUCCESS


@service("ntdll", "NtSuspendThread", "h p")
def NtSuspendThread(call: Call, thread: int, previous_count: int) -> int:
    """Raises the suspend count."""
    old = call.kernel.scheduler.suspend(thread_of(call, thread))
    if previous_count:
        call.memory.write_u32(previous_count, old)
    return Status.SUCCESS


@service("ntdll", "NtResumeThread", "h p")
def NtResumeThread(call: Call, thread: int, previous_count: int) -> int:
    """Lowers the suspend count."""
    old = call.kernel.scheduler.resume(thread_of(call, thread))
    if previous_count:
        call.memory.write_u32(previous_count, old)
    return Status.SUCCESS


@service("ntdll", "NtYieldExecution")
def NtYieldExecution(call: Call) -> int:
    """Lets other ready threads run; NO_YIELD_PERFORMED (0x40000024) if there is none."""
    return Status.SUCCESS if call.kernel.scheduler.yield_now() else Status.NO_YIELD_PERFORMED


@service("ntdll", "NtDelayExecution", "u32 p")
def NtDelayExecution(call: Call, alertable: int, interval: int) -> int:
    """Waits for a time in 100 ns units: negative is relative, positive an absolute FILETIME."""
    value = struct.unpack("<q", call.memory.read(interval, 8))[0]
    amount = -value if value < 0 else max(0, value - call.kernel.clock.now_100ns())
    if amount == 0:
        call.kernel.scheduler.yield_now()
        return Status.SUCCESS
    call.kernel.scheduler.wait(call.thread, (), timeout_100ns=amount, user_mode=True)
    return Status.SUCCESS


@service("ntdll", "NtQueryInformationProcess", "h u32 p u32 p")
def NtQueryInformationProcess(
    call: Call, process: int, information_class: int, buffer: int, length: int, return_length: int
) -> int:
    """ProcessBasicInformation: exit status, PEB, affinity, priority, ids."""
    if information_class != _BASIC_INFORMATION:
        return Status.INVALID_INFO_CLASS
    target = process_of(call, process)
    values = (target.exit_status, target.peb, 1, 8, target.id, target.parent_id)
    data = struct.pack("<IxxxxQQIxxxxQQ" if call.memory.pointer_size == 8 else "<6I", *values)
    if length != len(data):
        return Status.INFO_LENGTH_MISMATCH
    call.memory.write(buffer, data)
    if return_length:
        call.memory.write_u32(return_length, len(data))
    return Status.SUCCESS
