"""Memory resource notifications: handles to the two events that tell of low and of plentiful memory."""

from typing import Final

from ntmm.kernel.ob import Event
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.native.synchronization import QUERY_STATE
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing

_LOW: Final = 0
_HIGH: Final = 1
_QUERY_AND_WAIT: Final = 0x100001
"""SYNCHRONIZE | EVENT_QUERY_STATE: the memory manager alone signals."""


@service("kernel32", "CreateMemoryResourceNotification", "u32")
@failing(0)
def CreateMemoryResourceNotification(call: Call, notification_type: int) -> int:
    """A handle to wait on: 0 is signalled while memory is low, 1 while it is plentiful."""
    if notification_type not in (_LOW, _HIGH):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    mm = call.kernel.mm
    event = mm.high_memory if notification_type == _HIGH else mm.low_memory
    return call.process.handles.insert(event, _QUERY_AND_WAIT)


@service("kernel32", "QueryMemoryResourceNotification", "h p")
@failing(0)
def QueryMemoryResourceNotification(call: Call, handle: int, state: int) -> int:
    """Whether the condition holds now, as a BOOL at `state`."""
    if handle in (0, -1) or not state:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    event = call.process.handles.lookup(handle, Event, QUERY_STATE)
    call.memory.write_u32(state, int(event.signal_state))
    return 1
