"""VirtualLock and VirtualUnlock: pages that stay in the working set."""

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.memory import MAP_PROCESS
from ntmm.nt.status import is_success


@service("kernel32", "VirtualLock", "p p")
def VirtualLock(call: Call, address: int, size: int) -> int:
    """Keeps every page that the range touches in the working set; there is no lock count.

    Fails with NOACCESS (998) for pages that are not committed or not accessible, and with WORKING_SET_QUOTA (1453)
    for more pages than the minimum working set lets a process keep.
    """
    status = call.kernel.mm.lock(call.process, address, size, MAP_PROCESS).status
    return 1 if is_success(status) else call.fail(status)


@service("kernel32", "VirtualUnlock", "p p")
def VirtualUnlock(call: Call, address: int, size: int) -> int:
    """Undoes all locks of the range; NOT_LOCKED (158) if a page of it is not locked, and then none is unlocked."""
    status = call.kernel.mm.unlock(call.process, address, size, MAP_PROCESS).status
    return 1 if is_success(status) else call.fail(status)
