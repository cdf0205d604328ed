"""A thread's user registers on its kernel stack: KTRAP_FRAME, the floating-point area above it, and on x64 the rest.

    base    x86                                     x64
            FX_SAVE_AREA       210h bytes           KERNEL_STACK_CONTROL  200h bytes, its first part XMM_SAVE_AREA32
            KTRAP_FRAME         8Ch bytes           KTRAP_FRAME           190h bytes
                                                    KEXCEPTION_FRAME      140h bytes: r12 to r15, xmm6 to xmm15
    pointer

While the stack is out of memory the registers are nowhere else. What the kernel itself was doing is not on the stack:
its code is Python and waits in a coroutine of its own.
Offsets as in public symbols; the size of KEXCEPTION_FRAME in Server 2003 may differ from this later one.
"""

import struct
from collections.abc import Mapping
from typing import Final

from ntmm.hw.cpu import Context, Cpu

TRAP_FRAME_32: Final = 0x8C
TRAP_FRAME_64: Final = 0x190
EXCEPTION_FRAME: Final = 0x140
FLOAT_AREA_32: Final = 0x210
FLOAT_AREA_64: Final = 0x200
_IMAGE: Final = 0x200
"""What FXSAVE writes."""

_TRAP_32: Final[Mapping[str, int]] = {
    "edx": 0x3C, "ecx": 0x40, "eax": 0x44, "edi": 0x54, "esi": 0x58, "ebx": 0x5C, "ebp": 0x60,
}  # fmt: skip
_TRAP_64: Final[Mapping[str, int]] = {
    "rax": 0x30, "rcx": 0x38, "rdx": 0x40, "r8": 0x48, "r9": 0x50, "r10": 0x58, "r11": 0x60,
    "rbx": 0x140, "rdi": 0x148, "rsi": 0x150, "rbp": 0x158,
}  # fmt: skip
_EXCEPTION_64: Final[Mapping[str, int]] = {"r12": 0x118, "r13": 0x120, "r14": 0x128, "r15": 0x130}
_DEBUG_MARK: Final = 0xBADB0D00
_USER_MODE: Final = 1
_END_OF_LIST: Final = 0xFFFFFFFF
"""No exception handler of the kernel's."""

_XMM_IN_IMAGE: Final = 0xA0
_XMM_IN_TRAP: Final = 0x70
_XMM_IN_EXCEPTION: Final = 0x30
_VOLATILE_XMM_BYTES: Final = 6 * 16


def frame_size(pointer_size: int) -> int:
    """Bytes at the top of a kernel stack that hold a thread's user registers."""
    if pointer_size == 8:
        return EXCEPTION_FRAME + TRAP_FRAME_64 + FLOAT_AREA_64
    return TRAP_FRAME_32 + FLOAT_AREA_32


def save_registers(cpu: Cpu, context: Context) -> bytes:
    """The frames that lie from a kernel stack's pointer up to its base."""
    floating = cpu.read_float_state(context)
    if cpu.architecture.pointer_size == 8:
        return _save_64(context, floating)
    return _save_32(context, floating)


def load_registers(cpu: Cpu, context: Context, frames: bytes, page_directory: int, teb: int) -> None:
    """Gives a context that was dropped the registers that `save_registers` had taken from it."""
    if cpu.architecture.pointer_size == 8:
        _load_64(cpu, context, frames, page_directory, teb)
    else:
        _load_32(cpu, context, frames, page_directory, teb)


def _save_32(context: Context, floating: bytes) -> bytes:
    trap = bytearray(TRAP_FRAME_32)
    struct.pack_into("<4I", trap, 0x00, context.get("ebp"), context.pc, _DEBUG_MARK, 0)
    struct.pack_into("<3I", trap, 0x30, 0, 0x23, 0x23)  # SegGs, SegEs, SegDs
    struct.pack_into("<3I", trap, 0x48, _USER_MODE, _END_OF_LIST, 0x3B)  # previous mode, handlers, SegFs
    for name, offset in _TRAP_32.items():
        struct.pack_into("<I", trap, offset, context.get(name))
    struct.pack_into("<6I", trap, 0x64, 0, context.pc, 0x1B, context.flags, context.sp, 0x23)
    return bytes(trap) + floating.ljust(FLOAT_AREA_32, b"\0")


def _load_32(cpu: Cpu, context: Context, frames: bytes, page_directory: int, teb: int) -> None:
    registers = {name: struct.unpack_from("<I", frames, offset)[0] for name, offset in _TRAP_32.items()}
    pc, _, flags, sp = struct.unpack_from("<4I", frames, 0x68)
    cpu.restore_context(context, page_directory, pc, sp, teb, registers)
    context.flags = flags
    cpu.write_float_state(context, frames[TRAP_FRAME_32 : TRAP_FRAME_32 + _IMAGE])


def _save_64(context: Context, floating: bytes) -> bytes:
    trap, rest = bytearray(TRAP_FRAME_64), bytearray(EXCEPTION_FRAME)
    trap[0x28] = _USER_MODE
    trap[0x2C:0x30] = rest[0xF0:0xF4] = floating[24:28]  # MXCSR
    for frame, names in ((trap, _TRAP_64), (rest, _EXCEPTION_64)):
        for name, offset in names.items():
            struct.pack_into("<Q", frame, offset, context.get(name))
    volatile = floating[_XMM_IN_IMAGE : _XMM_IN_IMAGE + _VOLATILE_XMM_BYTES]
    preserved = floating[_XMM_IN_IMAGE + _VOLATILE_XMM_BYTES : _XMM_IN_IMAGE + 16 * 16]
    trap[_XMM_IN_TRAP : _XMM_IN_TRAP + len(volatile)] = volatile
    rest[_XMM_IN_EXCEPTION : _XMM_IN_EXCEPTION + len(preserved)] = preserved
    code, stack = context.selectors.user_code, context.selectors.user_stack
    struct.pack_into("<QH6xI4xQH", trap, 0x168, context.pc, code, context.flags, context.sp, stack)
    return bytes(rest) + bytes(trap) + floating


def _load_64(cpu: Cpu, context: Context, frames: bytes, page_directory: int, teb: int) -> None:
    rest, trap = frames[:EXCEPTION_FRAME], frames[EXCEPTION_FRAME : EXCEPTION_FRAME + TRAP_FRAME_64]
    floating = bytearray(frames[EXCEPTION_FRAME + TRAP_FRAME_64 :][:_IMAGE])
    registers = {name: struct.unpack_from("<Q", trap, offset)[0] for name, offset in _TRAP_64.items()}
    registers |= {name: struct.unpack_from("<Q", rest, offset)[0] for name, offset in _EXCEPTION_64.items()}
    pc, _, flags, sp = struct.unpack_from("<QH6xI4xQ", trap, 0x168)
    cpu.restore_context(context, page_directory, pc, sp, teb, registers)
    context.flags = flags
    volatile = trap[_XMM_IN_TRAP : _XMM_IN_TRAP + _VOLATILE_XMM_BYTES]
    floating[_XMM_IN_IMAGE : _XMM_IN_IMAGE + 16 * 16] = volatile + rest[_XMM_IN_EXCEPTION : _XMM_IN_EXCEPTION + 160]
    cpu.write_float_state(context, bytes(floating))
