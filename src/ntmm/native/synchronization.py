"""Events, mutants and semaphores, and waits for them."""

import struct
from typing import Final

from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ob import Event, InvalidHandle, KernelObject, Mutant, Semaphore
from ntmm.kernel.se.access import SYNCHRONIZE
from ntmm.native.call import Call
from ntmm.native.handles import CURRENT_PROCESS, CURRENT_THREAD
from ntmm.native.object_attributes import create_from_attributes, open_from_attributes
from ntmm.native.probe import probe_u32
from ntmm.native.service_table import service
from ntmm.nt.status import Status

QUERY_STATE: Final = 0x1
"""EVENT_QUERY_STATE, MUTANT_QUERY_STATE, SEMAPHORE_QUERY_STATE."""
MODIFY_STATE: Final = 0x2
"""EVENT_MODIFY_STATE, SEMAPHORE_MODIFY_STATE; releasing a mutant needs its ownership, no right."""

_WAIT_ALL: Final = 0
_WAIT_ANY: Final = 1


def waitable_of(call: Call, handle: int) -> DispatcherObject:
    """The object of a handle that threads can wait for. Raises InvalidHandle, also without the right SYNCHRONIZE."""
    if handle == CURRENT_PROCESS:
        return call.process
    if handle == CURRENT_THREAD:
        return call.thread
    target: object = call.process.handles.lookup(handle, KernelObject, SYNCHRONIZE)
    if not isinstance(target, DispatcherObject):
        raise InvalidHandle(Status.OBJECT_TYPE_MISMATCH)
    return target


def timeout_of(call: Call, address: int) -> int | None:
    """A LARGE_INTEGER timeout as a relative amount of 100 ns units; None for a null pointer."""
    if not address:
        return None
    value: int = struct.unpack("<q", call.memory.read(address, 8))[0]
    return -value if value <= 0 else max(0, value - call.kernel.clock.now_100ns())


@service("ntdll", "NtCreateEvent", "p u32 p u32 u32")
def NtCreateEvent(call: Call, handle: int, access: int, attributes: int, event_type: int, initial: int) -> int:
    """An event: type 0 notification (manual reset), 1 synchronisation."""
    if event_type > 1:
        return Status.INVALID_PARAMETER
    event = Event(call.kernel.scheduler, event_type == 0, bool(initial & 0xFF))
    return create_from_attributes(call, handle, access, attributes, event)


@service("ntdll", "NtOpenEvent", "p u32 p")
def NtOpenEvent(call: Call, handle: int, access: int, attributes: int) -> int:
    """A handle to a named event."""
    return open_from_attributes(call, handle, access, attributes, Event)


def _answer_previous(call: Call, address: int, old: int) -> int:
    if address:
        call.memory.write_u32(address, old)
    return Status.SUCCESS


@service("ntdll", "NtSetEvent", "h p")
def NtSetEvent(call: Call, handle: int, previous: int) -> int:
    """Signals an event."""
    probe_u32(call, previous)
    return _answer_previous(call, previous, int(call.process.handles.lookup(handle, Event, MODIFY_STATE).set()))


@service("ntdll", "NtResetEvent", "h p")
def NtResetEvent(call: Call, handle: int, previous: int) -> int:
    """Clears an event."""
    probe_u32(call, previous)
    return _answer_previous(call, previous, int(call.process.handles.lookup(handle, Event, MODIFY_STATE).reset()))


@service("ntdll", "NtClearEvent", "h")
def NtClearEvent(call: Call, handle: int) -> int:
    """Clears an event."""
    call.process.handles.lookup(handle, Event, MODIFY_STATE).reset()
    return Status.SUCCESS


def _query(call: Call, information_class: int, buffer: int, length: int, data: bytes, return_length: int) -> int:
    """Answers the only class there is, whose structure has 8 bytes."""
    if information_class:
        return Status.INVALID_INFO_CLASS
    if length != len(data):
        return Status.INFO_LENGTH_MISMATCH
    call.memory.write(buffer, data)
    return _answer_previous(call, return_length, len(data))


@service("ntdll", "NtQueryEvent", "h u32 p u32 p")
def NtQueryEvent(call: Call, handle: int, information_class: int, buffer: int, length: int, return_length: int) -> int:
    """EVENT_BASIC_INFORMATION: type and state."""
    event = call.process.handles.lookup(handle, Event, QUERY_STATE)
    data = struct.pack("<Ii", int(not event.manual_reset), int(event.signal_state))
    return _query(call, information_class, buffer, length, data, return_length)


@service("ntdll", "NtCreateMutant", "p u32 p u32")
def NtCreateMutant(call: Call, handle: int, access: int, attributes: int, owned: int) -> int:
    """A mutant, owned by the caller at first if `owned`."""
    mutant = Mutant(call.kernel.scheduler, call.thread if owned & 0xFF else None)
    status = create_from_attributes(call, handle, access, attributes, mutant)
    if status == Status.SUCCESS:
        call.kernel.ps.mutants.append(mutant)
    return status


@service("ntdll", "NtOpenMutant", "p u32 p")
def NtOpenMutant(call: Call, handle: int, access: int, attributes: int) -> int:
    """A handle to a named mutant."""
    return open_from_attributes(call, handle, access, attributes, Mutant)


@service("ntdll", "NtReleaseMutant", "h p")
def NtReleaseMutant(call: Call, handle: int, previous: int) -> int:
    """Gives up one level of ownership; the previous count is 1 less what the owner had."""
    mutant = call.process.handles.lookup(handle, Mutant)
    count = 1 - mutant.recursion
    if not mutant.release(call.thread):
        return Status.MUTANT_NOT_OWNED
    return _answer_previous(call, previous, count & 0xFFFFFFFF)


@service("ntdll", "NtQueryMutant", "h u32 p u32 p")
def NtQueryMutant(call: Call, handle: int, information_class: int, buffer: int, length: int, return_length: int) -> int:
    """MUTANT_BASIC_INFORMATION: count, whether the caller owns it, whether it was abandoned."""
    mutant = call.process.handles.lookup(handle, Mutant, QUERY_STATE)
    data = struct.pack("<i??2x", 1 - mutant.recursion, mutant.owner is call.thread, mutant.abandoned)
    return _query(call, information_class, buffer, length, data, return_length)


@service("ntdll", "NtCreateSemaphore", "p u32 p i32 i32")
def NtCreateSemaphore(call: Call, handle: int, access: int, attributes: int, initial: int, maximum: int) -> int:
    """A semaphore with a count."""
    if maximum <= 0 or not 0 <= initial <= maximum:
        return Status.INVALID_PARAMETER
    return create_from_attributes(call, handle, access, attributes, Semaphore(call.kernel.scheduler, initial, maximum))


@service("ntdll", "NtOpenSemaphore", "p u32 p")
def NtOpenSemaphore(call: Call, handle: int, access: int, attributes: int) -> int:
    """A handle to a named semaphore."""
    return open_from_attributes(call, handle, access, attributes, Semaphore)


@service("ntdll", "NtReleaseSemaphore", "h i32 p")
def NtReleaseSemaphore(call: Call, handle: int, amount: int, previous: int) -> int:
    """Raises the count; refused past the maximum."""
    probe_u32(call, previous)
    if amount <= 0:
        return Status.INVALID_PARAMETER
    old = call.process.handles.lookup(handle, Semaphore, MODIFY_STATE).release(amount)
    return Status.SEMAPHORE_LIMIT_EXCEEDED if old is None else _answer_previous(call, previous, old)


@service("ntdll", "NtQuerySemaphore", "h u32 p u32 p")
def NtQuerySemaphore(
    call: Call, handle: int, information_class: int, buffer: int, length: int, return_length: int
) -> int:
    """SEMAPHORE_BASIC_INFORMATION: count and maximum."""
    semaphore = call.process.handles.lookup(handle, Semaphore, QUERY_STATE)
    data = struct.pack("<ii", semaphore.count, semaphore.maximum)
    return _query(call, information_class, buffer, length, data, return_length)


@service("ntdll", "NtWaitForSingleObject", "h u32 p")
def NtWaitForSingleObject(call: Call, handle: int, alertable: int, timeout: int) -> int:
    """Waits for one object; alertably, a user APC ends the wait with USER_APC."""
    target = waitable_of(call, handle)
    amount = timeout_of(call, timeout)
    return call.kernel.scheduler.wait(
        call.thread, (target,), timeout_100ns=amount, user_mode=True, alertable=bool(alertable & 0xFF)
    )
