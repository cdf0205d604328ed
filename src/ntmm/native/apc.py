"""User APCs and alerts: NtQueueApcThread, NtTestAlert, NtAlertThread, NtAlertResumeThread."""

from typing import Final

from ntmm.kernel.ke.apc import UserApc
from ntmm.native.call import Call
from ntmm.native.handles import THREAD_SET_CONTEXT, thread_of
from ntmm.native.service_table import service
from ntmm.nt.status import Status

_THREAD_ALERT: Final = 4


@service("ntdll", "NtQueueApcThread", "h p p p p")
def NtQueueApcThread(call: Call, thread: int, routine: int, context: int, argument1: int, argument2: int) -> int:
    """Has a thread call routine(context, argument1, argument2) when it next waits alertably."""
    target = thread_of(call, thread, THREAD_SET_CONTEXT)
    queued = not target.ended and call.kernel.scheduler.queue_user_apc(
        target, UserApc(routine, context, argument1, argument2)
    )
    return Status.SUCCESS if queued else Status.UNSUCCESSFUL


@service("ntdll", "NtTestAlert")
def NtTestAlert(call: Call) -> int:
    """Calls the user APCs that wait; ALERTED if the thread was alerted."""
    alert = call.kernel.scheduler.test_alert(call.thread)
    return alert if alert is Status.ALERTED else Status.SUCCESS


@service("ntdll", "NtAlertThread", "h")
def NtAlertThread(call: Call, thread: int) -> int:
    """Ends a thread's alertable wait, or its next one, with ALERTED."""
    call.kernel.scheduler.alert(thread_of(call, thread, _THREAD_ALERT))
    return Status.SUCCESS


@service("ntdll", "NtAlertResumeThread", "h p")
def NtAlertResumeThread(call: Call, thread: int, previous_count: int) -> int:
    """Alerts a thread and lowers its suspend count."""
    target = thread_of(call, thread, _THREAD_ALERT)
    call.kernel.scheduler.alert(target)
    old = call.kernel.scheduler.resume(target)
    if previous_count:
        call.memory.write_u32(previous_count, old)
    return Status.SUCCESS
