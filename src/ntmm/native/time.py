"""Time: NtQuerySystemTime, NtQueryPerformanceCounter."""

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.status import Status


@service("ntdll", "NtQuerySystemTime", "p")
def NtQuerySystemTime(call: Call, address: int) -> int:
    """The machine's virtual time as a FILETIME."""
    call.memory.write_u64(address, call.kernel.clock.now_100ns())
    return Status.SUCCESS


@service("ntdll", "NtQueryPerformanceCounter", "p p")
def NtQueryPerformanceCounter(call: Call, counter: int, frequency: int) -> int:
    """The performance counter and, if asked for, its counts per second."""
    call.memory.write_u64(counter, call.kernel.clock.performance_counter())
    if frequency:
        call.memory.write_u64(frequency, call.kernel.clock.performance_frequency)
    return Status.SUCCESS
