"""synchapi.h: pulsing an event, signalling one object and waiting for another; the Ex forms of creating objects."""

from typing import Final

from ntmm.kernel.ob import Event, Mutant, Semaphore
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.synchapi import (
    CreateEventA,
    CreateEventW,
    CreateMutexA,
    CreateMutexW,
    CreateSemaphoreA,
    CreateSemaphoreW,
    WaitForSingleObjectEx,
)

_FAILED: Final = 0xFFFFFFFF
_MANUAL_RESET, _INITIAL_SET = 1, 2
_INITIAL_OWNER: Final = 1


@service("kernel32", "PulseEvent", "h")
@failing(0)
def PulseEvent(call: Call, handle: int) -> int:
    """Releases the threads that wait now (one for an auto-reset event) and leaves the event clear (KePulseEvent)."""
    event = call.process.handles.lookup(handle, Event)
    event.set()
    event.reset()
    return 1


def _signal(call: Call, handle: int) -> None:
    target: object = call.process.handles.lookup(handle)
    if isinstance(target, Event):
        target.set()
    elif isinstance(target, Semaphore):
        if target.release(1) is None:
            raise Win32Failure(Win32Error.TOO_MANY_POSTS)
    elif isinstance(target, Mutant):
        if not target.release(call.thread):
            raise Win32Failure(Win32Error.NOT_OWNER)
    else:
        raise Win32Failure(Win32Error.INVALID_HANDLE)


@service("kernel32", "SignalObjectAndWait", "h h u32 u32")
@failing(_FAILED)
def SignalObjectAndWait(call: Call, signalled: int, waited: int, milliseconds: int, alertable: int) -> int:
    """Sets an event, raises a semaphore or releases a mutex, and waits for another object in the same step."""
    call.process.handles.lookup(waited)
    _signal(call, signalled)
    return WaitForSingleObjectEx(call, waited, milliseconds, alertable)


@service("kernel32", "CreateEventExW", "p p u32 u32")
def CreateEventExW(call: Call, attributes: int, name: int, flags: int, access: int) -> int:
    """CreateEvent; bit 0 of the flags: manual reset, bit 1: signalled."""
    if flags & ~(_MANUAL_RESET | _INITIAL_SET):
        return call.fail(Status.INVALID_PARAMETER)
    return CreateEventW(call, attributes, flags & _MANUAL_RESET, flags & _INITIAL_SET, name)


@service("kernel32", "CreateEventExA", "p p u32 u32")
def CreateEventExA(call: Call, attributes: int, name: int, flags: int, access: int) -> int:
    """CreateEventExW in ANSI."""
    if flags & ~(_MANUAL_RESET | _INITIAL_SET):
        return call.fail(Status.INVALID_PARAMETER)
    return CreateEventA(call, attributes, flags & _MANUAL_RESET, flags & _INITIAL_SET, name)


@service("kernel32", "CreateMutexExW", "p p u32 u32")
def CreateMutexExW(call: Call, attributes: int, name: int, flags: int, access: int) -> int:
    """CreateMutex; bit 0 of the flags: owned by the caller."""
    return CreateMutexW(call, attributes, flags & _INITIAL_OWNER, name)


@service("kernel32", "CreateMutexExA", "p p u32 u32")
def CreateMutexExA(call: Call, attributes: int, name: int, flags: int, access: int) -> int:
    """CreateMutexExW in ANSI."""
    return CreateMutexA(call, attributes, flags & _INITIAL_OWNER, name)


@service("kernel32", "CreateSemaphoreExW", "p i32 i32 p u32 u32")
def CreateSemaphoreExW(
    call: Call, attributes: int, initial: int, maximum: int, name: int, flags: int, access: int
) -> int:
    """CreateSemaphore with the rights that are wanted."""
    return CreateSemaphoreW(call, attributes, initial, maximum, name)


@service("kernel32", "CreateSemaphoreExA", "p i32 i32 p u32 u32")
def CreateSemaphoreExA(
    call: Call, attributes: int, initial: int, maximum: int, name: int, flags: int, access: int
) -> int:
    """CreateSemaphoreExW in ANSI."""
    return CreateSemaphoreA(call, attributes, initial, maximum, name)
