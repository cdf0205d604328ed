"""Which memory a process may execute: ProcessExecuteFlags of NtQuery/SetInformationProcess (DEP).

Sources: the documentation of SetProcessDEPPolicy; the MEM_EXECUTE_OPTION_* flags of the DDK.
"""

import struct

from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.nt.dep import (
    MEM_EXECUTE_OPTION_DISABLE,
    MEM_EXECUTE_OPTION_ENABLE,
    MEM_EXECUTE_OPTION_PERMANENT,
    MEM_EXECUTE_OPTIONS,
    completed_options,
)
from ntmm.nt.status import Status


def query_execute_flags(call: Call, process: Process) -> bytes:
    """The flags of a process, as one ULONG."""
    return struct.pack("<I", process.execute_options)


def set_execute_flags(call: Call, process: Process, buffer: int, length: int) -> Status:
    """Changes the caller's own flags: ACCESS_DENIED where they are permanent, INVALID_PARAMETER in 64-bit processes."""
    if length != 4:
        return Status.INFO_LENGTH_MISMATCH
    return change_execute_options(call, process, call.memory.read_u32(buffer))


def change_execute_options(call: Call, process: Process, options: int) -> Status:
    """As `set_execute_flags` for flags that are in hand."""
    both = MEM_EXECUTE_OPTION_DISABLE | MEM_EXECUTE_OPTION_ENABLE
    if process is not call.process or process.memory.pointer_size == 8:
        return Status.INVALID_PARAMETER
    if options & ~MEM_EXECUTE_OPTIONS or options & both == both:
        return Status.INVALID_PARAMETER
    if process.execute_options & MEM_EXECUTE_OPTION_PERMANENT:
        return Status.ACCESS_DENIED
    process.execute_options = completed_options(options)
    executes = bool(options & MEM_EXECUTE_OPTION_ENABLE) or not call.kernel.profile.dep.in_hardware
    call.kernel.mm.set_executes_data(process, executes)
    return Status.SUCCESS
