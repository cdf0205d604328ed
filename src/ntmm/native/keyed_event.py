"""Keyed events: threads wait at keys, which are even numbers (NtWaitForKeyedEvent, NtReleaseKeyedEvent; since XP)."""

from weakref import WeakKeyDictionary

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.ob import KernelObject
from ntmm.kernel.ob.rendezvous import KeyedEvent
from ntmm.native.call import Call
from ntmm.native.object_attributes import create_from_attributes
from ntmm.native.service_table import service
from ntmm.native.synchronization import timeout_of
from ntmm.nt.status import Status


class KeyedEventObject(KernelObject):
    """What a handle to a keyed event stands for."""

    type_name = "KeyedEvent"

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__()
        self.event = KeyedEvent(scheduler)


_critical_section_events: WeakKeyDictionary[Kernel, KeyedEventObject] = WeakKeyDictionary()


def _event_of(call: Call, handle: int) -> KeyedEvent:
    """The keyed event of a handle; 0 stands for the one of the whole machine. Raises InvalidHandle."""
    if handle:
        return call.process.handles.lookup(handle, KeyedEventObject).event
    found = _critical_section_events.get(call.kernel)
    if found is None:
        found = _critical_section_events[call.kernel] = KeyedEventObject(call.kernel.scheduler)
    return found.event


@service("ntdll", "NtCreateKeyedEvent", "p u32 p u32")
def NtCreateKeyedEvent(call: Call, handle: int, access: int, attributes: int, flags: int) -> int:
    """A keyed event; `flags` must be 0."""
    if flags:
        return Status.INVALID_PARAMETER_4
    return create_from_attributes(call, handle, access, attributes, KeyedEventObject(call.kernel.scheduler))


@service("ntdll", "NtWaitForKeyedEvent", "h p u32 p")
def NtWaitForKeyedEvent(call: Call, handle: int, key: int, alertable: int, timeout: int) -> int:
    """Waits until another thread of the process releases the key."""
    if key & 1:
        return Status.INVALID_PARAMETER_1
    place, amount = (call.process.id, key), timeout_of(call, timeout)
    return _event_of(call, handle).wait(call.thread, place, amount, bool(alertable & 0xFF))


@service("ntdll", "NtReleaseKeyedEvent", "h p u32 p")
def NtReleaseKeyedEvent(call: Call, handle: int, key: int, alertable: int, timeout: int) -> int:
    """Releases one thread that waits at the key; waits itself while there is none."""
    if key & 1:
        return Status.INVALID_PARAMETER_1
    place, amount = (call.process.id, key), timeout_of(call, timeout)
    return _event_of(call, handle).release(call.thread, place, amount, bool(alertable & 0xFF))
