"""SystemProcessInformation: all processes with their memory, and their threads."""

import struct
from typing import Final

from ntmm.kernel.ps import Process, Thread
from ntmm.native.call import Call
from ntmm.native.probe import wrapped

_STATES: Final = {
    "INITIALIZED": 0,
    "READY": 1,
    "RUNNING": 2,
    "TERMINATED": 4,
    "WAITING": 5,
    "SUSPENDED": 5,
    "TRANSITION": 6,
}
"""KTHREAD_STATE; a suspended thread waits."""

_WAIT_DELAY: Final = 4
_WAIT_SUSPENDED: Final = 5
_WAIT_USER_REQUEST: Final = 6

_NORMAL_PRIORITY: Final = 8


def _wait_reason(thread: Thread) -> int:
    """KWAIT_REASON of a waiting thread; 0 of others."""
    if thread.state.name == "SUSPENDED":
        return _WAIT_SUSPENDED
    if thread.state.name != "WAITING":
        return 0
    return _WAIT_USER_REQUEST if thread.waits_for else _WAIT_DELAY


def _thread_entry(thread: Thread, is_64: bool) -> bytes:
    """SYSTEM_THREAD_INFORMATION: 64 or 80 bytes; times and switches are not counted by thread."""
    form = struct.Struct("<3QI4x3Q5I4x" if is_64 else "<3QI3I5I4x")
    place = (0, thread.process.id, thread.id)
    state = _STATES[thread.state.name]
    return form.pack(0, 0, 0, 0, *place, thread.priority, _NORMAL_PRIORITY, 0, state, _wait_reason(thread))


def _process_entry(call: Call, process: Process, following: bool, place: int) -> bytes:
    """SYSTEM_PROCESS_INFORMATION with its threads and its name, which lie behind it."""
    is_64 = call.memory.pointer_size == 8
    clock, memory = call.kernel.clock, call.kernel.mm.process_memory(process)
    threads = [_thread_entry(thread, is_64) for thread in process.threads if not thread.ended]
    name = process.name.encode("utf-16-le", "surrogatepass")
    form = struct.Struct("<II24x3QHH4xQI4xQQII13Q6Q" if is_64 else "<II24x3QHHII2III13I6Q")
    offset = form.size + sum(map(len, threads))
    room = -(-(offset + len(name) + 2) // 8) * 8
    times = (clock.now_100ns() - clock.uptime_100ns(), clock.uptime_100ns(), 0)
    counters = (
        process.space.directory,
        memory.peak_virtual_size,
        memory.virtual_size,
        memory.page_fault_count & 0xFFFFFFFF,
        memory.peak_working_set,
        memory.working_set,
        memory.peak_paged_pool_quota,
        memory.paged_pool_quota,
        memory.peak_nonpaged_pool_quota,
        memory.nonpaged_pool_quota,
        memory.commit,
        memory.peak_commit,
    )
    head = form.pack(
        room if following else 0,
        len(threads),
        *times,
        len(name),
        len(name) + 2,
        wrapped(call, place + offset),
        _NORMAL_PRIORITY,
        process.id,
        process.parent_id,
        len(process.handles),
        0,
        *counters,
        memory.commit,
        *(0,) * 6,
    )
    return (head + b"".join(threads) + name).ljust(room, b"\0")


def process_information(call: Call, buffer: int) -> bytes:
    """One entry for each process, linked by offsets; `buffer` is where the bytes will lie."""
    processes = list(call.kernel.ps.processes)
    result = b""
    for process in processes:
        result += _process_entry(call, process, process is not processes[-1], buffer + len(result))
    return result
