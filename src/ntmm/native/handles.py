"""What handle arguments stand for: pseudo-handles and the objects of the caller's table."""

from typing import Final

from ntmm.kernel.ob import InvalidHandle
from ntmm.kernel.ps import Process, Thread
from ntmm.native.call import Call
from ntmm.nt.status import Status

CURRENT_PROCESS: Final = -1
CURRENT_THREAD: Final = -2


def process_of(call: Call, handle: int) -> Process:
    """The process of a handle; -1 is the caller's own. Raises InvalidHandle."""
    return call.process if handle == CURRENT_PROCESS else call.process.handles.lookup(handle, Process)


def memory_of(call: Call, handle: int) -> Process:
    """The process of a handle, for work on its memory. Raises InvalidHandle, with PROCESS_IS_TERMINATING for an end."""
    process = process_of(call, handle)
    if process.ended:
        raise InvalidHandle(Status.PROCESS_IS_TERMINATING)
    return process


def thread_of(call: Call, handle: int) -> Thread:
    """The thread of a handle; -2 is the caller. Raises InvalidHandle."""
    return call.thread if handle == CURRENT_THREAD else call.process.handles.lookup(handle, Thread)
