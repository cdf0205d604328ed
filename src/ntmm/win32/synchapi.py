"""synchapi.h: events, semaphores, mutexes and waits."""

from typing import Final

from ntmm.kernel.ke.scheduler import MAXIMUM_WAIT_OBJECTS
from ntmm.kernel.ob import Event, InvalidHandle, KernelObject, Mutant, Semaphore, create_object, open_object
from ntmm.native.call import Call
from ntmm.native.probe import probe_u32
from ntmm.native.process import delay
from ntmm.native.service_table import service
from ntmm.native.synchronization import MODIFY_STATE, waitable_of
from ntmm.nt.status import Status, is_success, win32_error
from ntmm.win32.failing import probing
from ntmm.win32.named_objects import creating, opening, read_object_name
from ntmm.win32.text import ANSI, WIDE

_INFINITE: Final = 0xFFFFFFFF
_FAILED: Final = 0xFFFFFFFF


def create_named(call: Call, attributes: int, name: int, wide: bool, target: KernelObject) -> int:
    """A handle to a new object, or to the one that has the name already (last error 183)."""
    asked = creating(call, _read_name(call, name, wide), attributes)
    status, handle = create_object(call.kernel.names, call.requester, target, asked, target.mapping.all)
    call.set_last_error(win32_error(status))
    return handle


def _read_name(call: Call, address: int, wide: bool) -> str:
    return read_object_name(call, WIDE if wide else ANSI, address)


def open_named(call: Call, name: int, wide: bool, kind: type[KernelObject], access: int, inherit: int) -> int:
    """A handle to a named object of a kind; 0 with the last error where there is none or the caller may not."""
    if not name:
        return call.fail(Status.INVALID_PARAMETER)
    asked = opening(call, _read_name(call, name, wide), inherit)
    status, handle = open_object(call.kernel.names, call.requester, kind, asked, access)
    return handle if is_success(status) else call.fail(status)


def _create_event(call: Call, attributes: int, manual_reset: int, initial: int, name: int, wide: bool) -> int:
    event = Event(call.kernel.scheduler, bool(manual_reset), bool(initial))
    return create_named(call, attributes, name, wide, event)


@service("kernel32", "CreateEventW", "p u32 u32 p")
def CreateEventW(call: Call, attributes: int, manual_reset: int, initial: int, name: int) -> int:
    """An event, signalled at first if `initial`."""
    return _create_event(call, attributes, manual_reset, initial, name, wide=True)


@service("kernel32", "CreateEventA", "p u32 u32 p")
def CreateEventA(call: Call, attributes: int, manual_reset: int, initial: int, name: int) -> int:
    """An event, signalled at first if `initial`."""
    return _create_event(call, attributes, manual_reset, initial, name, wide=False)


@service("kernel32", "OpenEventW", "u32 u32 p")
def OpenEventW(call: Call, access: int, inherit: int, name: int) -> int:
    """A handle to a named event."""
    return open_named(call, name, True, Event, access, inherit)


@service("kernel32", "OpenEventA", "u32 u32 p")
def OpenEventA(call: Call, access: int, inherit: int, name: int) -> int:
    """A handle to a named event."""
    return open_named(call, name, False, Event, access, inherit)


@service("kernel32", "SetEvent", "h")
def SetEvent(call: Call, handle: int) -> int:
    """Signals an event."""
    call.process.handles.lookup(handle, Event, MODIFY_STATE).set()
    return 1


@service("kernel32", "ResetEvent", "h")
def ResetEvent(call: Call, handle: int) -> int:
    """Clears an event."""
    call.process.handles.lookup(handle, Event, MODIFY_STATE).reset()
    return 1


def _create_semaphore(call: Call, attributes: int, initial: int, maximum: int, name: int, wide: bool) -> int:
    if maximum <= 0 or not 0 <= initial <= maximum:
        return call.fail(Status.INVALID_PARAMETER)
    return create_named(call, attributes, name, wide, Semaphore(call.kernel.scheduler, initial, maximum))


@service("kernel32", "CreateSemaphoreW", "p i32 i32 p")
def CreateSemaphoreW(call: Call, attributes: int, initial: int, maximum: int, name: int) -> int:
    """A semaphore with a count."""
    return _create_semaphore(call, attributes, initial, maximum, name, True)


@service("kernel32", "CreateSemaphoreA", "p i32 i32 p")
def CreateSemaphoreA(call: Call, attributes: int, initial: int, maximum: int, name: int) -> int:
    """A semaphore with a count."""
    return _create_semaphore(call, attributes, initial, maximum, name, False)


@service("kernel32", "OpenSemaphoreW", "u32 u32 p")
def OpenSemaphoreW(call: Call, access: int, inherit: int, name: int) -> int:
    """A handle to a named semaphore."""
    return open_named(call, name, True, Semaphore, access, inherit)


@service("kernel32", "OpenSemaphoreA", "u32 u32 p")
def OpenSemaphoreA(call: Call, access: int, inherit: int, name: int) -> int:
    """A handle to a named semaphore."""
    return open_named(call, name, False, Semaphore, access, inherit)


@service("kernel32", "ReleaseSemaphore", "h i32 p")
@probing(0)
def ReleaseSemaphore(call: Call, handle: int, amount: int, previous: int) -> int:
    """Raises the count; refused past the maximum."""
    probe_u32(call, previous)
    old = call.process.handles.lookup(handle, Semaphore, MODIFY_STATE).release(amount)
    if old is None:
        return call.fail(Status.SEMAPHORE_LIMIT_EXCEEDED if amount > 0 else Status.INVALID_PARAMETER)
    if previous:
        call.memory.write_u32(previous, old)
    return 1


def _create_mutex(call: Call, attributes: int, owned: int, name: int, wide: bool) -> int:
    mutant = Mutant(call.kernel.scheduler, call.thread if owned else None)
    handle = create_named(call, attributes, name, wide, mutant)
    if mutant.handle_count:
        call.kernel.ps.mutants.append(mutant)
    return handle


@service("kernel32", "CreateMutexW", "p u32 p")
def CreateMutexW(call: Call, attributes: int, owned: int, name: int) -> int:
    """A mutex, owned by the caller at first if `owned`."""
    return _create_mutex(call, attributes, owned, name, True)


@service("kernel32", "CreateMutexA", "p u32 p")
def CreateMutexA(call: Call, attributes: int, owned: int, name: int) -> int:
    """A mutex, owned by the caller at first if `owned`."""
    return _create_mutex(call, attributes, owned, name, False)


@service("kernel32", "OpenMutexW", "u32 u32 p")
def OpenMutexW(call: Call, access: int, inherit: int, name: int) -> int:
    """A handle to a named mutex."""
    return open_named(call, name, True, Mutant, access, inherit)


@service("kernel32", "OpenMutexA", "u32 u32 p")
def OpenMutexA(call: Call, access: int, inherit: int, name: int) -> int:
    """A handle to a named mutex."""
    return open_named(call, name, False, Mutant, access, inherit)


@service("kernel32", "ReleaseMutex", "h")
def ReleaseMutex(call: Call, handle: int) -> int:
    """Gives up one level of ownership."""
    if not call.process.handles.lookup(handle, Mutant).release(call.thread):
        return call.fail(Status.MUTANT_NOT_OWNED)
    return 1


def _timeout(milliseconds: int) -> int | None:
    return None if milliseconds == _INFINITE else milliseconds * 10_000


def _wait(call: Call, handles: list[int], wait_all: bool, milliseconds: int, alertable: int = 0) -> int:
    try:
        targets = [waitable_of(call, handle) for handle in handles]
    except InvalidHandle as error:
        call.fail(error.status)
        return _FAILED
    scheduler, timeout, status = call.kernel.scheduler, _timeout(milliseconds), int(Status.ALERTED)
    while status == Status.ALERTED:
        status = scheduler.wait(call.thread, targets, wait_all, timeout, user_mode=True, alertable=bool(alertable))
    return status


@service("kernel32", "WaitForSingleObject", "h u32")
def WaitForSingleObject(call: Call, handle: int, milliseconds: int) -> int:
    """Waits for one object: 0, WAIT_ABANDONED, WAIT_TIMEOUT or WAIT_FAILED."""
    return _wait(call, [handle], False, milliseconds)


@service("kernel32", "WaitForSingleObjectEx", "h u32 u32")
def WaitForSingleObjectEx(call: Call, handle: int, milliseconds: int, alertable: int) -> int:
    """As WaitForSingleObject; alertably, user APCs end it with WAIT_IO_COMPLETION."""
    return _wait(call, [handle], False, milliseconds, alertable)


def _wait_multiple(call: Call, count: int, handles: int, wait_all: int, milliseconds: int, alertable: int = 0) -> int:
    if not 0 < count <= MAXIMUM_WAIT_OBJECTS:
        call.fail(Status.INVALID_PARAMETER)
        return _FAILED
    pointer = call.memory.pointer_size
    data = call.memory.read(handles, count * pointer)
    numbers = [int.from_bytes(data[at : at + 4], "little", signed=True) for at in range(0, len(data), pointer)]
    if wait_all and len(set(numbers)) != count:
        call.fail(Status.INVALID_PARAMETER)
        return _FAILED
    return _wait(call, numbers, bool(wait_all), milliseconds, alertable)


@service("kernel32", "WaitForMultipleObjects", "u32 p u32 u32")
def WaitForMultipleObjects(call: Call, count: int, handles: int, wait_all: int, milliseconds: int) -> int:
    """Waits for one or all of up to 64 objects."""
    return _wait_multiple(call, count, handles, wait_all, milliseconds)


@service("kernel32", "WaitForMultipleObjectsEx", "u32 p u32 u32 u32")
def WaitForMultipleObjectsEx(
    call: Call, count: int, handles: int, wait_all: int, milliseconds: int, alertable: int
) -> int:
    """As WaitForMultipleObjects; alertably, user APCs end it with WAIT_IO_COMPLETION."""
    return _wait_multiple(call, count, handles, wait_all, milliseconds, alertable)


@service("kernel32", "Sleep", "u32")
def Sleep(call: Call, milliseconds: int) -> None:
    """Waits; 0 only lets other ready threads go first."""
    SleepEx(call, milliseconds, 0)


@service("kernel32", "SleepEx", "u32 u32")
def SleepEx(call: Call, milliseconds: int, alertable: int) -> int:
    """As Sleep: 0 for the whole time passed, WAIT_IO_COMPLETION if user APCs ended it."""
    amount, status = _timeout(milliseconds), int(Status.ALERTED)
    while status == Status.ALERTED:
        status = delay(call, amount, bool(alertable))
    return status


@service("kernel32", "SwitchToThread")
def SwitchToThread(call: Call) -> int:
    """Lets another ready thread run; FALSE if there is none."""
    return int(call.kernel.scheduler.yield_now())
