"""Processor exceptions as NTSTATUS records (KiTrap00 to KiTrap13), and the instructions the kernel emulates."""

from typing import Final

from ntmm.hw.cpu import Context, Cpu, Vector
from ntmm.kernel.ke.access import GuestFault, GuestMemory
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.exceptions import ExceptionRecord
from ntmm.nt.status import Status

_CODES: Final = {
    Vector.DIVIDE_ERROR: Status.INTEGER_DIVIDE_BY_ZERO,
    Vector.OVERFLOW: Status.INTEGER_OVERFLOW,
    Vector.BOUND_RANGE: Status.ARRAY_BOUNDS_EXCEEDED,
    Vector.INVALID_OPCODE: Status.ILLEGAL_INSTRUCTION,
    Vector.FLOATING_POINT: Status.FLOAT_INVALID_OPERATION,
    Vector.ALIGNMENT_CHECK: Status.DATATYPE_MISALIGNMENT,
    Vector.SIMD_FLOATING_POINT: Status.FLOAT_INVALID_OPERATION,
}
_RDTSC: Final = b"\x0f\x31"
_PREFIXES: Final = frozenset({0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3})
_PRIVILEGED: Final = frozenset({0xF4, 0xFA, 0xFB, 0x6C, 0x6D, 0x6E, 0x6F, *range(0xE4, 0xE8), *range(0xEC, 0xF0)})
"""hlt, cli, sti, in, out, ins, outs."""
_PRIVILEGED_0F: Final = frozenset({0x00, 0x01, 0x06, 0x07, 0x08, 0x09, 0x20, 0x21, 0x22, 0x23, 0x30, 0x32, 0x33, 0x35})
"""lldt, lgdt and kin, clts, sysret, invd, wbinvd, mov cr/dr, wrmsr, rdmsr, rdpmc, sysexit."""
_WHOLE_ADDRESS_SPACE: Final = -1
"""The address that Windows reports for a general protection fault: unknown."""


def record_for(cpu: Cpu, context: Context, memory: GuestMemory, vector: int) -> ExceptionRecord:
    """The record of an exception; adjusts pc where Windows does (int3, single step)."""
    if vector == Vector.DEBUG:
        context.flags = context.flags & ~0x100
        return ExceptionRecord(Status.SINGLE_STEP, context.pc)
    if vector == Vector.BREAKPOINT:
        context.pc = context.pc - 1
        return ExceptionRecord(Status.BREAKPOINT, context.pc, (0,))
    if vector == Vector.GENERAL_PROTECTION:
        if not cpu.error_code and is_privileged(memory, context.pc):
            return ExceptionRecord(Status.PRIVILEGED_INSTRUCTION, context.pc)
        return ExceptionRecord(Status.ACCESS_VIOLATION, context.pc, (0, _WHOLE_ADDRESS_SPACE))
    known = {int(key): value for key, value in _CODES.items()}
    return ExceptionRecord(known.get(vector, Status.ACCESS_VIOLATION), context.pc)


def is_privileged(memory: GuestMemory, address: int) -> bool:
    """True if the instruction at an address may only run in ring 0."""
    code = _instruction(memory, address)
    position = 0
    while position < len(code) and (code[position] in _PREFIXES or _is_rex(memory, code[position])):
        position += 1
    rest = code[position:]
    if not rest:
        return False
    return rest[0] in _PRIVILEGED or (rest[0] == 0x0F and len(rest) > 1 and rest[1] in _PRIVILEGED_0F)


def _is_rex(memory: GuestMemory, byte: int) -> bool:
    return memory.pointer_size == 8 and byte & 0xF0 == 0x40


def _instruction(memory: GuestMemory, address: int) -> bytes:
    """Up to 15 bytes at an address, fewer at the end of mapped memory."""
    code = b""
    try:
        for offset in range(15):
            code += memory.read(address + offset, 1)
    except GuestFault:
        pass
    return code


def emulate_time_stamp_counter(context: Context, memory: GuestMemory, clock: Clock) -> bool:
    """rdtsc, which CR4.TSD makes a general protection fault: answers virtual time. False for another instruction."""
    if _instruction(memory, context.pc)[:2] != _RDTSC:
        return False
    cycles = clock.time_stamp_counter()
    wide = memory.pointer_size == 8
    context.set("rax" if wide else "eax", cycles & 0xFFFFFFFF)
    context.set("rdx" if wide else "edx", cycles >> 32 & 0xFFFFFFFF)
    context.pc = context.pc + len(_RDTSC)
    return True
