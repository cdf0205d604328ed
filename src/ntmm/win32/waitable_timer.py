"""synchapi.h: waitable timers."""

from typing import Final

from ntmm.kernel.ob import WaitableTimer
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.native.timer import TIMER_MODIFY_STATE, set_timer
from ntmm.nt.status import Status
from ntmm.win32.failing import failing
from ntmm.win32.synchapi import create_named, open_named

_MANUAL_RESET: Final = 1


def _create(call: Call, attributes: int, manual_reset: int, name: int, wide: bool) -> int:
    return create_named(call, attributes, name, wide, WaitableTimer(call.kernel.scheduler, bool(manual_reset)))


@service("kernel32", "CreateWaitableTimerW", "p u32 p")
def CreateWaitableTimerW(call: Call, attributes: int, manual_reset: int, name: int) -> int:
    """A timer that is not set."""
    return _create(call, attributes, manual_reset, name, wide=True)


@service("kernel32", "CreateWaitableTimerA", "p u32 p")
def CreateWaitableTimerA(call: Call, attributes: int, manual_reset: int, name: int) -> int:
    """A timer that is not set."""
    return _create(call, attributes, manual_reset, name, wide=False)


@service("kernel32", "CreateWaitableTimerExW", "p p u32 u32")
def CreateWaitableTimerExW(call: Call, attributes: int, name: int, flags: int, access: int) -> int:
    """CreateWaitableTimer; bit 0 of the flags: manual reset, others ask for a finer clock."""
    return _create(call, attributes, flags & _MANUAL_RESET, name, wide=True)


@service("kernel32", "CreateWaitableTimerExA", "p p u32 u32")
def CreateWaitableTimerExA(call: Call, attributes: int, name: int, flags: int, access: int) -> int:
    """CreateWaitableTimerExW in ANSI."""
    return _create(call, attributes, flags & _MANUAL_RESET, name, wide=False)


@service("kernel32", "OpenWaitableTimerW", "u32 u32 p")
def OpenWaitableTimerW(call: Call, access: int, inherit: int, name: int) -> int:
    """A handle to a named timer."""
    return open_named(call, name, True, WaitableTimer, access, inherit)


@service("kernel32", "OpenWaitableTimerA", "u32 u32 p")
def OpenWaitableTimerA(call: Call, access: int, inherit: int, name: int) -> int:
    """A handle to a named timer."""
    return open_named(call, name, False, WaitableTimer, access, inherit)


@service("kernel32", "SetWaitableTimer", "h p i32 p p u32")
@failing(0)
def SetWaitableTimer(call: Call, handle: int, due: int, period: int, routine: int, argument: int, resume: int) -> int:
    """Due at a FILETIME, or after a relative time (negative); then every `period` milliseconds unless that is 0."""
    timer = call.process.handles.lookup(handle, WaitableTimer, TIMER_MODIFY_STATE)
    if period < 0:
        return call.fail(Status.INVALID_PARAMETER)
    set_timer(call, timer, due, period, routine, argument)
    return 1


@service("kernel32", "CancelWaitableTimer", "h")
@failing(0)
def CancelWaitableTimer(call: Call, handle: int) -> int:
    """Stops a timer; its signal stays as it is."""
    call.process.handles.lookup(handle, WaitableTimer, TIMER_MODIFY_STATE).cancel()
    return 1
