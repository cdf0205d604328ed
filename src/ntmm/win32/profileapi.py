"""profileapi.h: the performance counter."""

from ntmm.native.call import Call
from ntmm.native.service_table import service


@service("kernel32", "QueryPerformanceCounter", "p")
def QueryPerformanceCounter(call: Call, address: int) -> int:
    """Counts since boot."""
    call.memory.write_u64(address, call.kernel.clock.performance_counter())
    return 1


@service("kernel32", "QueryPerformanceFrequency", "p")
def QueryPerformanceFrequency(call: Call, address: int) -> int:
    """Counts per second."""
    call.memory.write_u64(address, call.kernel.clock.performance_frequency)
    return 1
