"""werapi.h and errhandlingapi.h: error reporting. This machine sends no reports, so its settings are only kept."""

from typing import Final

from ntmm.kernel.ke.exceptions import decode_record
from ntmm.kernel.ob import InvalidHandle
from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_QUERY_INFORMATION, process_of
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.win32.process_state import state_of, state_of_process

_FLAGS: Final = 0x3F
_E_HANDLE: Final = 0x80070006
_E_INVALIDARG: Final = 0x80070057


@service("kernel32", "WerSetFlags", "u32")
def WerSetFlags(call: Call, flags: int) -> int:
    """Keeps the WER_FAULT_REPORTING_* flags of the process; E_INVALIDARG for others."""
    if flags & ~_FLAGS:
        return _E_INVALIDARG
    state_of(call).error_reporting = flags
    return 0


@service("kernel32", "WerGetFlags", "h p")
def WerGetFlags(call: Call, process: int, flags: int) -> int:
    """The flags of a process; E_HANDLE."""
    try:
        target = process_of(call, process, PROCESS_QUERY_INFORMATION)
    except InvalidHandle:
        return _E_HANDLE
    call.memory.write_u32(flags, state_of_process(target).error_reporting)
    return 0


@service("kernel32", "RaiseFailFastException", "p p u32")
def RaiseFailFastException(call: Call, record: int, context: int, flags: int) -> None:
    """Ends the process with the record's code, past all handlers; without a record that is FAIL_FAST_EXCEPTION."""
    code = decode_record(call.memory, record).code if record else Status.FAIL_FAST_EXCEPTION
    call.kernel.ps.exit_process(call.process, code)
