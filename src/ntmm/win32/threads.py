"""processthreadsapi.h: creating and ending threads."""

from typing import Final

from ntmm.kernel.ps import Process, Thread
from ntmm.loader.process import finish_thread, initialize_thread, thread_start_block
from ntmm.loader.teb import ThreadPlace
from ntmm.native.call import Call
from ntmm.native.handles import process_of, thread_of
from ntmm.native.service_table import service
from ntmm.nt.status import Status

_CREATE_SUSPENDED: Final = 4
_STACK_SIZE_IS_RESERVATION: Final = 0x10000
_ALL_ACCESS: Final = 0x1F03FF
_STILL_ACTIVE: Final = 259


@service("kernel32", "CreateThread", "p p p p u32 p")
def CreateThread(
    call: Call, attributes: int, stack_size: int, start: int, parameter: int, flags: int, thread_id: int
) -> int:
    """A thread that runs start(parameter); `stack_size` is its commit, or its reserve if the flag says so."""
    if flags & ~(_CREATE_SUSPENDED | _STACK_SIZE_IS_RESERVATION):
        return call.fail(Status.INVALID_PARAMETER)
    headers = call.process.modules.modules.program.headers
    reserve, commit = headers.stack_reserve, stack_size or headers.stack_commit
    if flags & _STACK_SIZE_IS_RESERVATION and stack_size:
        reserve, commit = stack_size, headers.stack_commit
    routine, block = thread_start_block(call.process.modules, start, parameter)
    created = call.kernel.ps.create_thread(call.process, reserve, commit, routine)
    if created is None:
        call.process.modules.arena.release(block)
        return call.fail(Status.NO_MEMORY)
    thread, stack = created
    place = ThreadPlace(thread.teb, call.process.id, thread.id, stack.base, stack.limit, stack.allocation)
    initialize_thread(call.process.modules, place, call.process.peb)
    thread.start_block = block
    push_start_arguments(thread, stack.base, block)
    thread.suspend_count = int(bool(flags & _CREATE_SUSPENDED))
    if thread_id:
        call.memory.write_u32(thread_id, thread.id)
    call.kernel.ps.start(thread)
    return call.process.handles.insert(thread, _ALL_ACCESS)


def push_start_arguments(thread: Thread, stack_base: int, block: int) -> None:
    """The start routine's argument and a null return address: on the stack on x86, in RCX on x64."""
    memory, context = thread.process.memory, thread.context
    if memory.pointer_size == 8:
        context.sp = stack_base - 0x28
        memory.write_u64(context.sp, 0)
        context.set("rcx", block)
    else:
        context.sp = stack_base - 8
        memory.write_u32(context.sp, 0)
        memory.write_u32(context.sp + 4, block)


def release_thread(thread: Thread) -> None:
    """Frees what user mode needed for a thread that has ended; fills the process manager's slot."""
    if thread.process.modules is not None:
        finish_thread(thread.process.modules, thread.teb, thread.start_block)


@service("kernel32", "ResumeThread", "h")
def ResumeThread(call: Call, handle: int) -> int:
    """Lowers the suspend count; the old one."""
    return call.kernel.scheduler.resume(thread_of(call, handle))


@service("kernel32", "SuspendThread", "h")
def SuspendThread(call: Call, handle: int) -> int:
    """Raises the suspend count; the old one."""
    return call.kernel.scheduler.suspend(thread_of(call, handle))


@service("kernel32", "TerminateThread", "h u32")
def TerminateThread(call: Call, handle: int, exit_code: int) -> int:
    """Ends a thread where it is."""
    thread = thread_of(call, handle)
    if not thread.ended:
        call.kernel.ps.exit_thread(thread, exit_code)
    return 1


@service("kernel32", "GetExitCodeThread", "h p")
def GetExitCodeThread(call: Call, handle: int, exit_code: int) -> int:
    """A thread's exit code, or STILL_ACTIVE."""
    thread = thread_of(call, handle)
    call.memory.write_u32(exit_code, thread.exit_status if thread.ended else _STILL_ACTIVE)
    return 1


@service("kernel32", "TerminateProcess", "h u32")
def TerminateProcess(call: Call, handle: int, exit_code: int) -> int:
    """Ends a process where it is."""
    call.kernel.ps.exit_process(process_of(call, handle), exit_code)
    return 1


@service("kernel32", "OpenProcess", "u32 u32 u32")
def OpenProcess(call: Call, access: int, inherit: int, process_id: int) -> int:
    """A handle to a process by id."""
    process: Process | None = call.kernel.ps.find(process_id)
    if process is None:
        return call.fail(Status.INVALID_CID)
    return call.process.handles.insert(process, access)
