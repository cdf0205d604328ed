"""RtlWaitOnAddress and RtlWakeAddress: threads of a process that wait for the contents of an address to change.

Windows has them since version 8; here the run-time's own locks (slim locks, condition variables, one-time
initialization) wait by them in every version, because the comparison and the wait are one step in the kernel.
"""

from typing import Final
from weakref import WeakKeyDictionary

from ntmm.kernel.ob.rendezvous import Rendezvous
from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.native.synchronization import timeout_of
from ntmm.nt.status import Status

_SIZES: Final = frozenset({1, 2, 4, 8})
_addresses: WeakKeyDictionary[Process, Rendezvous] = WeakKeyDictionary()


def addresses_of(call: Call) -> Rendezvous:
    """The threads of the calling process that wait at addresses."""
    found = _addresses.get(call.process)
    if found is None:
        found = _addresses[call.process] = Rendezvous(call.kernel.scheduler)
    return found


def wait_on_address(call: Call, address: int, compare: int, size: int, timeout_100ns: int | None) -> int:
    """Waits until the address is woken, unless `size` bytes there differ from those at `compare` already."""
    if size not in _SIZES:
        return Status.INVALID_PARAMETER
    if call.memory.read(compare, size) != call.memory.read(address, size):
        return Status.SUCCESS
    return addresses_of(call).wait(call.thread, address, timeout_100ns)


@service("ntdll", "RtlWaitOnAddress", "p p p p")
def RtlWaitOnAddress(call: Call, address: int, compare: int, size: int, timeout: int) -> int:
    """Waits for a change of 1, 2, 4 or 8 bytes: SUCCESS, TIMEOUT or INVALID_PARAMETER."""
    return wait_on_address(call, address, compare, size, timeout_of(call, timeout))


@service("ntdll", "RtlWakeAddressSingle", "p")
def RtlWakeAddressSingle(call: Call, address: int) -> None:
    """Wakes the thread that has waited longest at an address."""
    addresses_of(call).wake(address)


@service("ntdll", "RtlWakeAddressAll", "p")
def RtlWakeAddressAll(call: Call, address: int) -> None:
    """Wakes all threads that wait at an address."""
    addresses_of(call).wake_all(address)
