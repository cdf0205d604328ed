"""ProcessWorkingSetWatch: the page faults of a process since somebody last asked (PsWatchWorkingSet)."""

from ntmm.kernel.mm.fault.history import FaultHistory, WatchedFault
from ntmm.kernel.ps import Process, Thread
from ntmm.native.call import Call
from ntmm.nt.status import Status

_HARD = 1
"""Bit 0 of an address that was touched: a page had to be read."""


def watch(call: Call, process: Process) -> Status:
    """Begins to keep a process's faults; PORT_ALREADY_SET if that was done before."""
    if process.space.fault_history is not None:
        return Status.PORT_ALREADY_SET
    scheduler = call.kernel.scheduler

    def instruction_of() -> int:
        thread = scheduler.current
        return thread.context.pc if isinstance(thread, Thread) and thread.process is process else 0

    process.space.fault_history = FaultHistory(instruction_of)
    return Status.SUCCESS


def query_watch(call: Call, process: Process, buffer: int, length: int, return_length: int) -> Status:
    """PROCESS_WS_WATCH_INFORMATION for each fault (instruction, address touched), ended by a pair of zeros.

    UNSUCCESSFUL where nobody watches; BUFFER_TOO_SMALL, and the faults are kept, where they do not fit.
    """
    history, width = process.space.fault_history, call.memory.pointer_size
    if history is None:
        return Status.UNSUCCESSFUL
    needed = (len(history) + 1) * 2 * width
    if length < needed:
        return Status.BUFFER_TOO_SMALL
    data = b"".join(_pack(fault, width) for fault in history.take())
    call.memory.write(buffer, data + bytes(2 * width))
    if return_length:
        call.memory.write_u32(return_length, len(data) + 2 * width)
    return Status.SUCCESS


def _pack(fault: WatchedFault, width: int) -> bytes:
    touched = fault.address & ~_HARD | (_HARD if fault.is_hard else 0)
    return (fault.instruction or 1).to_bytes(width, "little") + touched.to_bytes(width, "little")
