"""NtContinue and NtRaiseException: how a program goes on after an exception, or does not."""

from ntmm.kernel.ke.exceptions import decode_record, deliver, restore_context
from ntmm.native.call import Call
from ntmm.native.service_table import service


@service("ntdll", "NtContinue", "p u32")
def NtContinue(call: Call, context: int, test_alert: int) -> None:
    """Loads all registers from a CONTEXT; does not return to its caller. `test_alert` calls waiting user APCs first."""
    restore_context(call.kernel.cpu, call.thread.context, call.memory, context)
    if test_alert & 0xFF:
        call.kernel.scheduler.test_alert(call.thread)


@service("ntdll", "NtRaiseException", "p p u32")
def NtRaiseException(call: Call, record: int, context: int, first_chance: int) -> None:
    """First chance: the exception starts at KiUserExceptionDispatcher with that context. Second chance: nobody
    handled it and the process ends with its code.
    """
    decoded = decode_record(call.memory, record)
    if not first_chance:
        call.kernel.ps.exit_process(call.process, decoded.code)
    restore_context(call.kernel.cpu, call.thread.context, call.memory, context)
    deliver(call.kernel.cpu, call.thread.context, call.memory, decoded, call.process.exception_dispatcher)
