"""processthreadsapi.h: opening processes and threads, ending processes, and what can be asked about them."""

import struct
from typing import Final

from ntmm.native.call import Call
from ntmm.native.handles import (
    PROCESS_QUERY_INFORMATION,
    PROCESS_SET_INFORMATION,
    PROCESS_TERMINATE,
    PROCESS_VM_WRITE,
    THREAD_QUERY_INFORMATION,
    THREAD_SET_INFORMATION,
    process_of,
    thread_of,
)
from ntmm.native.open_process import open_process, open_thread
from ntmm.native.process import terminate_process
from ntmm.native.process_information import process_times
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.process_parameters import ProcessParameters
from ntmm.win32.process_state import state_of

STILL_ACTIVE: Final = 259
STARTF_USESTDHANDLES: Final = 0x100

# PF_*: 64-bit compare-exchange, MMX, SSE, RDTSC, SSE2, 3DNow! (no), PAE, NX, 128-bit compare-exchange.
_ALWAYS_PRESENT: Final = frozenset({2, 3, 6, 8, 10})
_PF_PAE: Final = 9
_PF_NX: Final = 12
_PF_COMPARE_EXCHANGE_128: Final = 14


@service("kernel32", "GetProcessTimes", "h p p p p", lacks="kernel time; all time counts as user time")
@failing(0)
def GetProcessTimes(call: Call, process: int, creation: int, exited: int, kernel: int, user: int) -> int:
    """Times as FILETIMEs. All time for which its threads have run counts as user time."""
    times = process_times(call, process_of(call, process, PROCESS_QUERY_INFORMATION))
    for address, value in zip((creation, exited, kernel, user), times, strict=True):
        call.memory.write_u64(address, value)
    return 1


@service("kernel32", "GetProcessHandleCount", "h p")
@failing(0)
def GetProcessHandleCount(call: Call, process: int, count_address: int) -> int:
    """How many handles a process has."""
    call.memory.write_u32(count_address, len(process_of(call, process, PROCESS_QUERY_INFORMATION).handles))
    return 1


@service("kernel32", "GetExitCodeProcess", "h p")
@failing(0)
def GetExitCodeProcess(call: Call, process: int, code_address: int) -> int:
    """The exit status, or STILL_ACTIVE."""
    target = process_of(call, process, PROCESS_QUERY_INFORMATION)
    call.memory.write_u32(code_address, target.exit_status if target.ended else STILL_ACTIVE)
    return 1


@service("kernel32", "TerminateProcess", "h u32")
@failing(0)
def TerminateProcess(call: Call, handle: int, exit_code: int) -> int:
    """Ends a process where it is."""
    status = terminate_process(call, process_of(call, handle, PROCESS_TERMINATE), exit_code)
    return 1 if status is Status.SUCCESS else call.fail(status)


@service("kernel32", "OpenProcess", "u32 u32 u32")
@failing(0)
def OpenProcess(call: Call, access: int, inherit: int, process_id: int) -> int:
    """A handle to a process by id; the two low bits are ignored."""
    return open_process(call, process_id, access, bool(inherit))


@service("kernel32", "OpenThread", "u32 u32 u32")
@failing(0)
def OpenThread(call: Call, access: int, inherit: int, thread_id: int) -> int:
    """A handle to a thread by id."""
    return open_thread(call, thread_id, access, bool(inherit))


@service("kernel32", "GetProcessId", "h")
@failing(0)
def GetProcessId(call: Call, process: int) -> int:
    """The id of a process."""
    return process_of(call, process, PROCESS_QUERY_INFORMATION).id


@service("kernel32", "ProcessIdToSessionId", "u32 p")
@failing(0)
def ProcessIdToSessionId(call: Call, process_id: int, session: int) -> int:
    """The session of a process, which the caller must be allowed to ask."""
    handle = open_process(call, process_id, PROCESS_QUERY_INFORMATION)
    number = process_of(call, handle).token.session_id
    call.process.handles.close(handle)
    call.memory.write_u32(session, number)
    return 1


@service("kernel32", "GetThreadId", "h")
@failing(0)
def GetThreadId(call: Call, thread: int) -> int:
    """The id of a thread."""
    return thread_of(call, thread, THREAD_QUERY_INFORMATION).id


@service("kernel32", "GetProcessIdOfThread", "h")
@failing(0)
def GetProcessIdOfThread(call: Call, thread: int) -> int:
    """The id of a thread's process."""
    return thread_of(call, thread, THREAD_QUERY_INFORMATION).process.id


def _all_processors(call: Call) -> int:
    return (1 << call.kernel.profile.reported_processors) - 1


@service("kernel32", "GetProcessAffinityMask", "h p p")
@failing(0)
def GetProcessAffinityMask(call: Call, process: int, process_mask: int, system_mask: int) -> int:
    """The processors the process may use, and those there are."""
    process_of(call, process, PROCESS_QUERY_INFORMATION)
    everything = _all_processors(call)
    call.memory.write_pointer(process_mask, state_of(call).affinity or everything)
    call.memory.write_pointer(system_mask, everything)
    return 1


def _checked_mask(call: Call, mask: int) -> int:
    if not mask or mask & ~_all_processors(call):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    return mask


@service("kernel32", "SetProcessAffinityMask", "h p")
@failing(0)
def SetProcessAffinityMask(call: Call, process: int, mask: int) -> int:
    """Keeps the mask; the machine runs one thread at a time in any case."""
    process_of(call, process, PROCESS_SET_INFORMATION)
    state_of(call).affinity = _checked_mask(call, mask)
    return 1


@service("kernel32", "SetThreadAffinityMask", "h p", lacks="the mask is checked and not kept")
@failing(0)
def SetThreadAffinityMask(call: Call, thread: int, mask: int) -> int:
    """Checks the mask and answers the one before: that of the process."""
    thread_of(call, thread, THREAD_SET_INFORMATION)
    _checked_mask(call, mask)
    return state_of(call).affinity or _all_processors(call)


def _startup_info(call: Call, with_strings: bool) -> bytes:
    """STARTUPINFO: 68 bytes on 32 bit, 104 on 64 bit."""
    parameters = ProcessParameters(call)
    is_64 = call.memory.pointer_size == 8
    *numbers, flags, show = parameters.window()
    title = parameters.buffer(parameters.layout.window_title) if with_strings else 0
    desktop = parameters.buffer(parameters.layout.desktop) if with_strings else 0
    uses = bool(flags & STARTF_USESTDHANDLES)
    handles = [parameters.standard_handle(index) if uses else 0 for index in range(3)]
    data_size, data = parameters.runtime_data()
    head = struct.pack("<I4x3Q" if is_64 else "<4I", 104 if is_64 else 68, 0, desktop, title)
    middle = struct.pack("<8IHH", *numbers, flags, show & 0xFFFF, data_size)
    return head + middle + struct.pack("<4x4Q" if is_64 else "<4I", data, *handles)


@service("kernel32", "GetStartupInfoW", "p")
def GetStartupInfoW(call: Call, buffer: int) -> int:
    """What the process was started with."""
    call.memory.write(buffer, _startup_info(call, with_strings=True))
    return 0


@service("kernel32", "GetStartupInfoA", "p", lacks="title and desktop")
def GetStartupInfoA(call: Call, buffer: int) -> int:
    """GetStartupInfoW; the title and desktop are left null."""
    call.memory.write(buffer, _startup_info(call, with_strings=False))
    return 0


@service("kernel32", "IsProcessorFeaturePresent", "u32")
def IsProcessorFeaturePresent(call: Call, feature: int) -> int:
    """MMX, SSE, SSE2, RDTSC and 64-bit compare-exchange; PAE and NX where the machine uses them."""
    profile = call.kernel.profile
    if feature == _PF_PAE:
        return int(profile.architecture != "x86")
    if feature == _PF_NX:
        return int(profile.dep.in_hardware)
    if feature == _PF_COMPARE_EXCHANGE_128:
        return int(profile.architecture == "x64")
    return int(feature in _ALWAYS_PRESENT)


@service("kernel32", "FlushInstructionCache", "h p p")
@failing(0)
def FlushInstructionCache(call: Call, process: int, address: int, size: int) -> int:
    """Nothing to do: the machine sees every write to code, as x86 processors do."""
    process_of(call, process, PROCESS_VM_WRITE)
    return 1
