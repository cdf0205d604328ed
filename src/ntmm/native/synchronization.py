"""Events and waits at the Nt level."""

import struct

from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ob import Event, InvalidHandle
from ntmm.native.call import Call
from ntmm.native.handles import CURRENT_PROCESS, CURRENT_THREAD
from ntmm.native.service_table import service
from ntmm.nt.status import Status


def waitable_of(call: Call, handle: int) -> DispatcherObject:
    """The object of a handle that threads can wait for. Raises InvalidHandle."""
    if handle == CURRENT_PROCESS:
        return call.process
    if handle == CURRENT_THREAD:
        return call.thread
    target: object = call.process.handles.lookup(handle)
    if not isinstance(target, DispatcherObject):
        raise InvalidHandle(Status.OBJECT_TYPE_MISMATCH)
    return target


def timeout_of(call: Call, address: int) -> int | None:
    """A LARGE_INTEGER timeout as a relative amount of 100 ns units; None for a null pointer."""
    if not address:
        return None
    value: int = struct.unpack("<q", call.memory.read(address, 8))[0]
    return -value if value <= 0 else max(0, value - call.kernel.clock.now_100ns())


@service("ntdll", "NtCreateEvent", "p u32 p u32 u32", lacks="names")
def NtCreateEvent(call: Call, handle: int, access: int, attributes: int, event_type: int, initial: int) -> int:
    """A new unnamed event: type 0 notification (manual reset), 1 synchronisation. Named ones are kernel32's."""
    if event_type > 1:
        return Status.INVALID_PARAMETER
    if attributes and call.memory.read_pointer(attributes + 2 * call.memory.pointer_size):
        return Status.NOT_IMPLEMENTED
    event = Event(call.kernel.scheduler, event_type == 0, bool(initial & 0xFF))
    call.memory.write_pointer(handle, call.process.handles.insert(event, access))
    return Status.SUCCESS


@service("ntdll", "NtSetEvent", "h p")
def NtSetEvent(call: Call, handle: int, previous: int) -> int:
    """Signals an event."""
    old = call.process.handles.lookup(handle, Event).set()
    if previous:
        call.memory.write_u32(previous, int(old))
    return Status.SUCCESS


@service("ntdll", "NtResetEvent", "h p")
def NtResetEvent(call: Call, handle: int, previous: int) -> int:
    """Clears an event."""
    old = call.process.handles.lookup(handle, Event).reset()
    if previous:
        call.memory.write_u32(previous, int(old))
    return Status.SUCCESS


@service("ntdll", "NtWaitForSingleObject", "h u32 p")
def NtWaitForSingleObject(call: Call, handle: int, alertable: int, timeout: int) -> int:
    """Waits for one object."""
    target = waitable_of(call, handle)
    amount = timeout_of(call, timeout)
    return call.kernel.scheduler.wait(call.thread, (target,), timeout_100ns=amount, user_mode=True)
