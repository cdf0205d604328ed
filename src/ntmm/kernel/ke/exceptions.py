"""Exceptions on their way to a program: EXCEPTION_RECORD and CONTEXT on its stack (KiDispatchException)."""

import struct
from dataclasses import dataclass
from typing import Final

from ntmm.hw.cpu import Context, Cpu
from ntmm.kernel.ke.access import GuestMemory

NONCONTINUABLE: Final = 1
MAXIMUM_PARAMETERS: Final = 15

_TRAP_FLAG: Final = 0x100
_RECORD_SIZE: Final = {4: 80, 8: 152}

CONTEXT_32_SIZE: Final = 0x2CC
CONTEXT_64_SIZE: Final = 0x4D0
_CONTEXT_32_ALL: Final = 0x1003F
_CONTEXT_64_ALL: Final = 0x10001F
_RECORD_OFFSET_64: Final = 0x4F0
_MACHINE_FRAME_64: Final = 0x590
_FRAME_64: Final = 0x5C0
_CODE_64: Final = 0x33
_STACK_64: Final = 0x2B

_REGISTERS_32: Final = ("edi", "esi", "ebx", "edx", "ecx", "eax", "ebp")
_REGISTERS_64: Final = (
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
)  # fmt: skip
_MODE_FLAGS: Final = 0x40DD5
"""The flags a program may set through a CONTEXT: CF PF AF ZF SF TF DF OF AC."""


@dataclass(frozen=True, slots=True)
class ExceptionRecord:
    """EXCEPTION_RECORD: NTSTATUS code, address of the instruction, and up to 15 parameters."""

    code: int
    address: int
    parameters: tuple[int, ...] = ()
    flags: int = 0

    def encode(self, pointer_size: int) -> bytes:
        """The structure as a program sees it."""
        count = len(self.parameters)
        padded = self.parameters + (0,) * (MAXIMUM_PARAMETERS - count)
        if pointer_size == 8:
            words = (value & 0xFFFFFFFFFFFFFFFF for value in padded)
            return struct.pack("<IIQQIxxxx15Q", self.code, self.flags, 0, self.address, count, *words)
        short = (value & 0xFFFFFFFF for value in padded)
        return struct.pack("<IIIII15I", self.code, self.flags, 0, self.address, count, *short)


def decode_record(memory: GuestMemory, address: int) -> ExceptionRecord:
    """Reads an EXCEPTION_RECORD; a parameter count past 15 is cut."""
    if memory.pointer_size == 8:
        code, flags, _, at, count, *parameters = struct.unpack("<IIQQIxxxx15Q", memory.read(address, _RECORD_SIZE[8]))
    else:
        code, flags, _, at, count, *parameters = struct.unpack("<IIIII15I", memory.read(address, _RECORD_SIZE[4]))
    return ExceptionRecord(code, at, tuple(parameters[: min(count, MAXIMUM_PARAMETERS)]), flags)


def capture_context(cpu: Cpu, context: Context) -> bytes:
    """The thread's registers as a CONTEXT structure."""
    floating = cpu.read_float_state(context)
    if context.bits == 64:
        return _capture_64(context, floating)
    return _capture_32(context, floating)


def _capture_32(context: Context, floating: bytes) -> bytes:
    data = bytearray(CONTEXT_32_SIZE)
    struct.pack_into("<I", data, 0, _CONTEXT_32_ALL)
    _save_x87_32(data, floating)
    segments = context.selectors
    struct.pack_into("<4I", data, 0x8C, segments.user_gs, segments.user_fs, segments.user_data, segments.user_data)
    registers = [context.get(name) for name in _REGISTERS_32]
    struct.pack_into("<7I", data, 0x9C, *registers)
    struct.pack_into("<5I", data, 0xB8, context.pc, segments.user_code, context.flags, context.sp, segments.user_stack)
    data[0xCC:0x2CC] = floating
    return bytes(data)


def _save_x87_32(data: bytearray, floating: bytes) -> None:
    """FLOATING_SAVE_AREA, the older form of the x87 state: control, status and full tag word, then eight registers."""
    control, status, tags = struct.unpack_from("<HHB", floating)
    full = sum(0b11 << 2 * number for number in range(8) if not tags >> number & 1)
    struct.pack_into("<7I", data, 0x1C, control | 0xFFFF0000, status | 0xFFFF0000, full | 0xFFFF0000, 0, 0, 0, 0)
    for number in range(8):
        data[0x38 + 10 * number : 0x42 + 10 * number] = floating[32 + 16 * number : 42 + 16 * number]


def _capture_64(context: Context, floating: bytes) -> bytes:
    data = bytearray(CONTEXT_64_SIZE)
    struct.pack_into("<II", data, 0x30, _CONTEXT_64_ALL, int.from_bytes(floating[24:28], "little"))
    struct.pack_into("<6HI", data, 0x38, 0x33, 0x2B, 0x2B, 0x53, 0x2B, 0x2B, context.flags)
    struct.pack_into("<16Q", data, 0x78, *(context.get(name) for name in _REGISTERS_64))
    struct.pack_into("<Q", data, 0xF8, context.pc)
    data[0x100:0x300] = floating
    return bytes(data)


def restore_context(cpu: Cpu, context: Context, memory: GuestMemory, address: int) -> None:
    """Loads registers from a CONTEXT in guest memory, the parts that its flags name (NtContinue); raises GuestFault."""
    if memory.pointer_size == 8:
        _restore_64(cpu, context, memory.read(address, CONTEXT_64_SIZE))
    else:
        _restore_32(cpu, context, memory, address)


def _restore_32(cpu: Cpu, context: Context, memory: GuestMemory, address: int) -> None:
    flags = memory.read_u32(address)
    data = memory.read(address, CONTEXT_32_SIZE if flags & 0x20 else 0xCC)
    if flags & 2:
        for number, name in enumerate(_REGISTERS_32[:-1]):
            context.set(name, struct.unpack_from("<I", data, 0x9C + 4 * number)[0])
    if flags & 1:
        ebp, eip, _, eflags, esp = struct.unpack_from("<5I", data, 0xB4)
        context.set("ebp", ebp)
        context.pc, context.sp = eip, esp
        context.flags = eflags & _MODE_FLAGS | 0x202
    if flags & 0x20:
        cpu.write_float_state(context, data[0xCC:0x2CC])


def _restore_64(cpu: Cpu, context: Context, data: bytes) -> None:
    flags = struct.unpack_from("<I", data, 0x30)[0]
    values = dict(zip(_REGISTERS_64, struct.unpack_from("<16Q", data, 0x78), strict=True))
    control = ("rsp",)
    for name, value in values.items():
        if flags & (1 if name in control else 2):
            context.set(name, value)
    if flags & 1:
        context.pc = struct.unpack_from("<Q", data, 0xF8)[0]
        context.flags = struct.unpack_from("<I", data, 0x44)[0] & _MODE_FLAGS | 0x202
    if flags & 8:
        cpu.write_float_state(context, data[0x100:0x300])


def deliver(cpu: Cpu, context: Context, memory: GuestMemory, record: ExceptionRecord, dispatcher: int) -> None:
    """Builds the exception frame on the user stack and makes the thread go on in KiUserExceptionDispatcher.

    x86: ESP points to the two pointers (record, context) with both structures above. x64: RSP points to the CONTEXT,
    the record lies at +0x4F0, and at +0x590 a machine frame, by which unwinding goes on to the interrupted code. Raises
    GuestFault if the stack cannot hold them.
    """
    saved = capture_context(cpu, context)
    encoded = record.encode(memory.pointer_size)
    if memory.pointer_size == 8:
        frame = (context.sp & -16) - _FRAME_64
        memory.write(frame, saved)
        memory.write(frame + _RECORD_OFFSET_64, encoded)
        interrupted = struct.pack("<5Q", context.pc, _CODE_64, context.flags, context.sp, _STACK_64)
        memory.write(frame + _MACHINE_FRAME_64, interrupted)
    else:
        context_at = (context.sp - CONTEXT_32_SIZE) & 0xFFFFFFFC
        record_at = (context_at - len(encoded)) & 0xFFFFFFFF
        frame = (record_at - 8) & 0xFFFFFFFF
        memory.write(frame, struct.pack("<II", record_at, context_at) + encoded + saved)
    context.sp = frame
    context.pc = dispatcher
    context.flags = context.flags & ~_TRAP_FLAG
