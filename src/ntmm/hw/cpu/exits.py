"""Why the CPU returned to the kernel."""

from enum import IntEnum


class ExitReason(IntEnum):
    """The reason `Cpu.run` returned."""

    PAGE_FAULT = 0
    """#PF; see Cpu.error_code and Cpu.fault_address; the context's pc is at the faulting instruction."""
    SYSTEM_CALL = 1
    """`int 2Eh` or `syscall`; the context's pc is behind it. RCX and R11 keep their values."""
    EXCEPTION = 2
    """Any other vector; see Cpu.vector."""
    QUANTUM = 3
    """As much guest code as Cpu.count_code allowed has run; the context's pc is at the next instruction."""
    STOPPED = 4
    """Cpu.request_stop was called."""
    BREAKPOINT = 5
    """One of Cpu.breakpoints was reached, or a step is over; the context's pc is at the next instruction."""


class Vector(IntEnum):
    """Processor exceptions, as Cpu.vector reports them."""

    DIVIDE_ERROR = 0
    DEBUG = 1
    BREAKPOINT = 3
    OVERFLOW = 4
    BOUND_RANGE = 5
    INVALID_OPCODE = 6
    DEVICE_NOT_AVAILABLE = 7
    DOUBLE_FAULT = 8
    INVALID_TSS = 10
    SEGMENT_NOT_PRESENT = 11
    STACK_FAULT = 12
    GENERAL_PROTECTION = 13
    PAGE_FAULT = 14
    FLOATING_POINT = 16
    ALIGNMENT_CHECK = 17
    SIMD_FLOATING_POINT = 19
    SYSTEM_CALL = 0x2E


FAULT_PRESENT = 1
"""Page-fault error code: the page was present, so the access broke its protection."""
FAULT_WRITE = 2
"""Page-fault error code: the access was a write."""
FAULT_USER = 4
"""Page-fault error code: the access came from ring 3."""
FAULT_RESERVED = 8
"""Page-fault error code: a reserved bit was set in an entry."""
FAULT_FETCH = 0x10
"""Page-fault error code: the access was an instruction fetch (only with no-execute enabled)."""
