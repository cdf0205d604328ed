"""Processor exceptions as NTSTATUS records (KiTrap00 to KiTrap13), and the instruction the kernel emulates."""

from typing import Final

from ntmm.hw.cpu import Context, Cpu, Vector
from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.exceptions import ExceptionRecord
from ntmm.kernel.ke.instructions import instruction_at, is_privileged
from ntmm.nt.status import Status

_CODES: Final[dict[int, Status]] = {
    Vector.DIVIDE_ERROR: Status.INTEGER_DIVIDE_BY_ZERO,
    Vector.BOUND_RANGE: Status.ARRAY_BOUNDS_EXCEEDED,
    Vector.INVALID_OPCODE: Status.ILLEGAL_INSTRUCTION,
    Vector.FLOATING_POINT: Status.FLOAT_INVALID_OPERATION,
    Vector.ALIGNMENT_CHECK: Status.DATATYPE_MISALIGNMENT,
    Vector.SIMD_FLOATING_POINT: Status.FLOAT_INVALID_OPERATION,
}
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
    if vector == Vector.OVERFLOW:
        context.pc = context.pc - 1
        return ExceptionRecord(Status.INTEGER_OVERFLOW, context.pc)
    if vector == Vector.GENERAL_PROTECTION:
        if not cpu.error_code and is_privileged(memory, context.pc):
            return ExceptionRecord(Status.PRIVILEGED_INSTRUCTION, context.pc)
        return ExceptionRecord(Status.ACCESS_VIOLATION, context.pc, (0, _WHOLE_ADDRESS_SPACE))
    return ExceptionRecord(_CODES.get(vector, Status.ACCESS_VIOLATION), context.pc)


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
