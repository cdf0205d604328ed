"""The processor: Unicorn as a CPU whose own page-table walker reads our tables in RAM.

`processor`        Cpu: run a context until a trap; TLB, translated code, stop requests
`exits`            why it returned, vectors and page-fault error-code bits
`context`          one thread's registers
`floating_point`   x87 and SSE registers as an FXSAVE image
`ring3`            the supervisor pages, and entering ring 3 once for the template of all contexts
`descriptors`      segment descriptors and selectors
`code_counter`     a native hook that counts guest code, for quanta that repeat
`breakpoints`      stopping before an instruction, unnoticed by the program
`translated_code`  which frames hold translated code
`walk`             the page-table walk in Python
`calibration`      finding registers in the engine's saved state
`engine`           raw calls into Unicorn's shared library
"""

from ntmm.hw.cpu.calibration import CalibrationError, Slots
from ntmm.hw.cpu.context import Context
from ntmm.hw.cpu.engine import CpuError
from ntmm.hw.cpu.exits import (
    FAULT_FETCH,
    FAULT_PRESENT,
    FAULT_RESERVED,
    FAULT_USER,
    FAULT_WRITE,
    ExitReason,
    Vector,
)
from ntmm.hw.cpu.processor import Cpu
from ntmm.hw.cpu.ring3 import SupervisorArea

__all__ = [
    "FAULT_FETCH",
    "FAULT_PRESENT",
    "FAULT_RESERVED",
    "FAULT_USER",
    "FAULT_WRITE",
    "CalibrationError",
    "Context",
    "Cpu",
    "CpuError",
    "ExitReason",
    "Slots",
    "SupervisorArea",
    "Vector",
]
