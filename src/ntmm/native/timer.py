"""Timers at the Nt level."""

import struct
from typing import Final

from ntmm.kernel.ob import TimerRoutine, WaitableTimer
from ntmm.native.call import Call
from ntmm.native.object_attributes import create_from_attributes, open_from_attributes
from ntmm.native.service_table import service
from ntmm.nt.status import Status

_MILLISECOND_100NS: Final = 10_000
TIMER_MODIFY_STATE: Final = 2


def due_time(call: Call, address: int) -> int:
    """The uptime in 100 ns units of a LARGE_INTEGER: a FILETIME, or relative if it is not positive."""
    value: int = struct.unpack("<q", call.memory.read(address, 8))[0]
    uptime = call.kernel.clock.uptime_100ns()
    return uptime - value if value <= 0 else uptime + max(0, value - call.kernel.clock.now_100ns())


def set_timer(call: Call, timer: WaitableTimer, due: int, period: int, routine: int, context: int) -> bool:
    """Sets a timer to a LARGE_INTEGER at `due` and a period in milliseconds; answers whether it was set.

    The caller calls `routine`, unless that is 0, when it waits alertably after the time has come.
    """
    called = TimerRoutine(call.thread, routine, context) if routine else None
    return timer.set(due_time(call, due), period * _MILLISECOND_100NS, called)


@service("ntdll", "NtCreateTimer", "p u32 p u32")
def NtCreateTimer(call: Call, handle: int, access: int, attributes: int, kind: int) -> int:
    """A timer that is not set: type 0 notification (manual reset), 1 synchronisation."""
    if kind > 1:
        return Status.INVALID_PARAMETER_4
    timer = WaitableTimer(call.kernel.scheduler, manual_reset=kind == 0)
    return create_from_attributes(call, handle, access, attributes, timer)


@service("ntdll", "NtOpenTimer", "p u32 p")
def NtOpenTimer(call: Call, handle: int, access: int, attributes: int) -> int:
    """A handle to a named timer."""
    return open_from_attributes(call, handle, access, attributes, WaitableTimer)


@service("ntdll", "NtSetTimer", "h p p p u32 i32 p")
def NtSetTimer(
    call: Call, handle: int, due: int, routine: int, context: int, resume: int, period: int, previous: int
) -> int:
    """Sets a timer; whether it was signalled before goes to `previous`."""
    timer = call.process.handles.lookup(handle, WaitableTimer, TIMER_MODIFY_STATE)
    if period < 0:
        return Status.INVALID_PARAMETER_6
    was_signalled = timer.signal_state
    set_timer(call, timer, due, period, routine, context)
    if previous:
        call.memory.write_u8(previous, int(was_signalled))
    return Status.SUCCESS


@service("ntdll", "NtCancelTimer", "h p")
def NtCancelTimer(call: Call, handle: int, state: int) -> int:
    """Stops a timer; whether it is signalled goes to `state`."""
    timer = call.process.handles.lookup(handle, WaitableTimer, TIMER_MODIFY_STATE)
    timer.cancel()
    if state:
        call.memory.write_u8(state, int(timer.signal_state))
    return Status.SUCCESS
