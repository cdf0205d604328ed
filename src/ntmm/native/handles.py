"""What handle arguments stand for: pseudo-handles and the objects of the caller's table."""

from typing import Final

from ntmm.kernel.ps import Process, Thread
from ntmm.native.call import Call

CURRENT_PROCESS: Final = -1
CURRENT_THREAD: Final = -2


def process_of(call: Call, handle: int) -> Process:
    """The process of a handle; -1 is the caller's own. Raises InvalidHandle."""
    return call.process if handle == CURRENT_PROCESS else call.process.handles.lookup(handle, Process)


def thread_of(call: Call, handle: int) -> Thread:
    """The thread of a handle; -2 is the caller. Raises InvalidHandle."""
    return call.thread if handle == CURRENT_THREAD else call.process.handles.lookup(handle, Thread)
