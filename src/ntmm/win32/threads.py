"""processthreadsapi.h: creating, stopping and ending threads."""

from typing import Final

from ntmm.kernel.ps import Process, Thread
from ntmm.loader.errors import LoaderError
from ntmm.loader.start import create_user_thread
from ntmm.native.call import Call
from ntmm.native.handles import (
    CURRENT_PROCESS,
    PROCESS_CREATE_THREAD,
    THREAD_ALL_ACCESS,
    THREAD_GET_CONTEXT,
    THREAD_QUERY_INFORMATION,
    THREAD_SET_CONTEXT,
    THREAD_SUSPEND_RESUME,
    THREAD_TERMINATE,
    TargetProcess,
    thread_of,
)
from ntmm.native.process import suspend_thread
from ntmm.native.service_table import service
from ntmm.native.thread_context import get_context, set_context
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import failing, probing
from ntmm.win32.security_attributes import inherits, new_descriptor

_CREATE_SUSPENDED: Final = 4
_STACK_SIZE_IS_RESERVATION: Final = 0x10000
_STILL_ACTIVE: Final = 259
_FAILED: Final = 0xFFFFFFFF


@service("kernel32", "CreateThread", "p p p p u32 p")
def CreateThread(
    call: Call, attributes: int, stack_size: int, start: int, parameter: int, flags: int, thread_id: int
) -> int:
    """A thread that runs start(parameter); `stack_size` is its commit, or its reserve if the flag says so."""
    return CreateRemoteThread(call, CURRENT_PROCESS, attributes, stack_size, start, parameter, flags, thread_id)


@service("kernel32", "CreateRemoteThread", "h p p p p u32 p")
@failing(0)
def CreateRemoteThread(
    call: Call,
    process: int,
    attributes: int,
    stack_size: int,
    start: int,
    parameter: int,
    flags: int,
    thread_id: int,
) -> int:
    """A thread of any process that runs start(parameter) there; sizes as for CreateThread."""
    if flags & ~(_CREATE_SUSPENDED | _STACK_SIZE_IS_RESERVATION):
        return call.fail(Status.INVALID_PARAMETER)
    security = new_descriptor(call, attributes, Thread)
    with TargetProcess(call, process, PROCESS_CREATE_THREAD) as target:
        reserve, commit = _stack_sizes(target, stack_size, flags)
        try:
            thread = create_user_thread(call.kernel, target, start, parameter, reserve, commit)
        except LoaderError as failure:
            return call.fail(failure.status)
        if thread is None:
            return call.fail(Status.NO_MEMORY)
        thread.security = security
        thread.suspend_count = int(bool(flags & _CREATE_SUSPENDED))
        if thread_id:
            call.memory.write_u32(thread_id, thread.id)
        call.kernel.ps.start(thread)
    return call.process.handles.insert(thread, THREAD_ALL_ACCESS, inherits(call, attributes))


def _stack_sizes(process: Process, stack_size: int, flags: int) -> tuple[int, int]:
    """Bytes to reserve and to commit; those the program's image asks for where the caller does not."""
    headers = process.modules.modules.program.headers
    if flags & _STACK_SIZE_IS_RESERVATION and stack_size:
        return stack_size, headers.stack_commit
    return headers.stack_reserve, stack_size or headers.stack_commit


@service("kernel32", "ResumeThread", "h")
@failing(_FAILED)
def ResumeThread(call: Call, handle: int) -> int:
    """Lowers the suspend count; the old one."""
    return call.kernel.scheduler.resume(thread_of(call, handle, THREAD_SUSPEND_RESUME))


@service("kernel32", "SuspendThread", "h")
@failing(_FAILED)
def SuspendThread(call: Call, handle: int) -> int:
    """Raises the suspend count; the old one."""
    return suspend_thread(call, thread_of(call, handle, THREAD_SUSPEND_RESUME))


@service("kernel32", "TerminateThread", "h u32")
def TerminateThread(call: Call, handle: int, exit_code: int) -> int:
    """Ends a thread where it is."""
    thread = thread_of(call, handle, THREAD_TERMINATE)
    if not thread.ended:
        call.kernel.ps.exit_thread(thread, exit_code)
    return 1


@service("kernel32", "GetExitCodeThread", "h p")
def GetExitCodeThread(call: Call, handle: int, exit_code: int) -> int:
    """A thread's exit code, or STILL_ACTIVE."""
    thread = thread_of(call, handle, THREAD_QUERY_INFORMATION)
    call.memory.write_u32(exit_code, thread.exit_status if thread.ended else _STILL_ACTIVE)
    return 1


@service("kernel32", "GetThreadContext", "h p")
@failing(0)
@probing(0)
def GetThreadContext(call: Call, handle: int, context: int) -> int:
    """The registers of a thread, in the parts that ContextFlags ask for."""
    status = get_context(call, thread_of(call, handle, THREAD_GET_CONTEXT), context)
    return 1 if status is Status.SUCCESS else call.fail(status)


@service("kernel32", "SetThreadContext", "h p")
@failing(0)
@probing(0)
def SetThreadContext(call: Call, handle: int, context: int) -> int:
    """Changes the registers of a thread, in the parts that ContextFlags name."""
    status = set_context(call, thread_of(call, handle, THREAD_SET_CONTEXT), context)
    return 1 if status is Status.SUCCESS else call.fail(status)


@service("kernel32", "SetThreadStackGuarantee", "p", lacks="more than one page kept for handlers of an overflow")
def SetThreadStackGuarantee(call: Call, size_address: int) -> int:
    """The bytes that stay for handlers of a stack overflow: a page is always kept; the old guarantee is stored."""
    wanted = call.memory.read_u32(size_address)
    call.memory.write_u32(size_address, 0)
    if wanted > call.memory.page_size:
        call.set_last_error(Win32Error.CALL_NOT_IMPLEMENTED)
        return 0
    return 1
