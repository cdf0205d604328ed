"""Processor exceptions as NTSTATUS records (KiTrap00 to KiTrap13), and the instruction the kernel emulates."""

from typing import Final

from ntmm.hw.cpu import Context, Cpu, Vector
from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.division import division_status
from ntmm.kernel.ke.exceptions import ExceptionRecord
from ntmm.kernel.ke.instructions import instruction_at, is_privileged
from ntmm.nt.status import Status

_CODES: Final[dict[int, Status]] = {
    Vector.BOUND_RANGE: Status.ARRAY_BOUNDS_EXCEEDED,
    Vector.INVALID_OPCODE: Status.ILLEGAL_INSTRUCTION,
    Vector.ALIGNMENT_CHECK: Status.DATATYPE_MISALIGNMENT,
}
_STACK_FAULT: Final = 0x40
_FLOAT_CODES: Final = (
    (0x01, Status.FLOAT_INVALID_OPERATION),
    (0x04, Status.FLOAT_DIVIDE_BY_ZERO),
    (0x02, Status.FLOAT_INVALID_OPERATION),
    (0x08, Status.FLOAT_OVERFLOW),
    (0x10, Status.FLOAT_UNDERFLOW),
    (0x20, Status.FLOAT_INEXACT_RESULT),
)
"""By flag of the x87 status word and of MXCSR, the order in which they count; a denormal operand is an invalid one."""
_SIMD_FAULTS: Final = 0x07
_RDTSC: Final = b"\x0f\x31"
_WHOLE_ADDRESS_SPACE: Final = -1
"""The address that Windows reports for a general protection fault: unknown."""


def record_for(cpu: Cpu, context: Context, memory: GuestMemory, vector: int) -> ExceptionRecord:
    """The record of an exception; adjusts pc where Windows does (int3, into)."""
    if vector == Vector.DEBUG:
        context.flags = context.flags & ~0x100
        return ExceptionRecord(Status.SINGLE_STEP, context.pc)
    if vector == Vector.BREAKPOINT:
        context.pc = context.pc - 1
        return ExceptionRecord(Status.BREAKPOINT, context.pc, (0,))
    if vector == Vector.DIVIDE_ERROR:
        return ExceptionRecord(division_status(context, memory), context.pc)
    if vector == Vector.OVERFLOW:
        context.pc = context.pc - 1
        return ExceptionRecord(Status.INTEGER_OVERFLOW, context.pc)
    if vector == Vector.GENERAL_PROTECTION:
        if not cpu.error_code and is_privileged(memory, context.pc):
            return ExceptionRecord(Status.PRIVILEGED_INSTRUCTION, context.pc)
        return ExceptionRecord(Status.ACCESS_VIOLATION, context.pc, (0, _WHOLE_ADDRESS_SPACE))
    if vector == Vector.FLOATING_POINT:
        return ExceptionRecord(_x87_code(cpu.read_float_state(context)), context.pc, (0,))
    if vector == Vector.SIMD_FLOATING_POINT:
        control = int.from_bytes(cpu.read_float_state(context)[24:28], "little")
        return ExceptionRecord(_simd_code(control, memory.pointer_size == 8), context.pc, (0, control))
    return ExceptionRecord(_CODES.get(vector, Status.ACCESS_VIOLATION), context.pc)


def _first(pending: int) -> Status:
    return next((code for flag, code in _FLOAT_CODES if pending & flag), Status.FLOAT_INVALID_OPERATION)


def _x87_code(state: bytes) -> Status:
    """What the x87 unit reports: the first exception that its control word does not mask (KiTrap10)."""
    control, status = int.from_bytes(state[0:2], "little"), int.from_bytes(state[2:4], "little")
    pending = status & ~control
    return Status.FLOAT_STACK_CHECK if pending & 1 and status & _STACK_FAULT else _first(pending)


def _simd_code(control: int, is_64: bool) -> Status:
    """What SSE reports; 32-bit Windows only tells faults, which come before the operation, from traps (KiTrap13)."""
    pending = control & ~(control >> 7) & 0x3F
    if is_64:
        return _first(pending)
    return Status.FLOAT_MULTIPLE_FAULTS if pending & _SIMD_FAULTS else Status.FLOAT_MULTIPLE_TRAPS


def emulate_time_stamp_counter(context: Context, memory: GuestMemory, clock: Clock) -> bool:
    """rdtsc, which CR4.TSD makes a general protection fault: answers virtual time. False for another instruction."""
    if instruction_at(memory, context.pc)[:2] != _RDTSC:
        return False
    cycles = clock.time_stamp_counter()
    wide = memory.pointer_size == 8
    context.set("rax" if wide else "eax", cycles & 0xFFFFFFFF)
    context.set("rdx" if wide else "edx", cycles >> 32 & 0xFFFFFFFF)
    context.pc = context.pc + len(_RDTSC)
    return True
