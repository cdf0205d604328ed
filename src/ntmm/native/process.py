"""Processes and threads: ends, suspension, delays."""

import struct
from typing import Final

from ntmm.kernel.ob import InvalidHandle
from ntmm.kernel.ps import Process, Thread
from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_TERMINATE, THREAD_SUSPEND_RESUME, THREAD_TERMINATE, process_of, thread_of
from ntmm.native.service_table import service
from ntmm.nt.status import Status

MAXIMUM_SUSPEND_COUNT: Final = 0x7F


@service("ntdll", "NtTerminateProcess", "h u32")
def NtTerminateProcess(call: Call, process: int, status: int) -> int:
    """Ends a process. A null handle ends all other threads of the caller's, as ExitProcess first does."""
    if process == 0:
        for thread in list(call.process.threads):
            if thread is not call.thread and not thread.ended:
                call.kernel.ps.exit_thread(thread, status)
        return Status.SUCCESS
    return terminate_process(call, process_of(call, process, PROCESS_TERMINATE), status)


def terminate_process(call: Call, process: Process, status: int) -> Status:
    """Ends a process; PROCESS_IS_TERMINATING if it has ended already. Does not return from the caller's own."""
    if process.ended:
        return Status.PROCESS_IS_TERMINATING
    call.kernel.ps.exit_process(process, status)
    return Status.SUCCESS


def suspend_thread(call: Call, thread: Thread) -> int:
    """Raises the suspend count and answers the old one; raises InvalidHandle where that cannot be."""
    if thread.ended:
        raise InvalidHandle(Status.THREAD_IS_TERMINATING)
    if thread.suspend_count >= MAXIMUM_SUSPEND_COUNT:
        raise InvalidHandle(Status.SUSPEND_COUNT_EXCEEDED)
    return call.kernel.scheduler.suspend(thread)


@service("ntdll", "NtTerminateThread", "h u32")
def NtTerminateThread(call: Call, thread: int, status: int) -> int:
    """Ends a thread; a null handle means the caller."""
    target = call.thread if thread == 0 else thread_of(call, thread, THREAD_TERMINATE)
    if not target.ended:
        call.kernel.ps.exit_thread(target, status)
    return Status.SUCCESS


@service("ntdll", "NtSuspendThread", "h p")
def NtSuspendThread(call: Call, thread: int, previous_count: int) -> int:
    """Raises the suspend count."""
    old = suspend_thread(call, thread_of(call, thread, THREAD_SUSPEND_RESUME))
    if previous_count:
        call.memory.write_u32(previous_count, old)
    return Status.SUCCESS


@service("ntdll", "NtResumeThread", "h p")
def NtResumeThread(call: Call, thread: int, previous_count: int) -> int:
    """Lowers the suspend count."""
    old = call.kernel.scheduler.resume(thread_of(call, thread, THREAD_SUSPEND_RESUME))
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
    return delay(call, amount, bool(alertable & 0xFF))


def delay(call: Call, amount_100ns: int | None, alertable: bool = False) -> int:
    """Lets the caller wait: SUCCESS after the whole time, else USER_APC or ALERTED.

    0 only lets others go first; None has no end.
    """
    scheduler = call.kernel.scheduler
    if alertable and (alert := scheduler.test_alert(call.thread)):
        return alert
    if amount_100ns == 0:
        scheduler.yield_now()
        return Status.SUCCESS
    status = scheduler.wait(call.thread, (), timeout_100ns=amount_100ns, user_mode=True, alertable=alertable)
    return Status.SUCCESS if status == Status.TIMEOUT else status
