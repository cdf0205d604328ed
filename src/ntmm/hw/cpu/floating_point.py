"""A context's floating-point and SSE registers as the 512-byte image FXSAVE writes (and CONTEXT contains).

0 FCW  2 FSW  4 FTW (abridged)  6 FOP  8 FIP  16 FDP  24 MXCSR  28 MXCSR mask  32 ST0..7 x16  160 XMM0..15 x16
"""

import struct

from unicorn import x86_const as x86

from ntmm.hw.cpu.context import Context

IMAGE_SIZE = 512
MXCSR_MASK = 0xFFFF
STACK_OFFSET, STACK_REGISTERS = 32, 8
XMM_OFFSET = 160
EMPTY = 0b11  # tag of an empty x87 register


def read_float_state(context: Context, xmm_registers: int) -> bytes:
    """The FXSAVE image of a stopped thread; `xmm_registers` is 8 on 32-bit machines, 16 on x64."""
    image = bytearray(IMAGE_SIZE)
    words = [context.read_bytes(register, 2) for register in (x86.UC_X86_REG_FPCW, x86.UC_X86_REG_FPSW)]
    image[0:4] = b"".join(words)
    image[4] = _abridged(int.from_bytes(context.read_bytes(x86.UC_X86_REG_FPTAG, 2), "little"))
    image[24:28] = context.read_bytes(x86.UC_X86_REG_MXCSR, 4)
    struct.pack_into("<I", image, 28, MXCSR_MASK)
    top = words[1][1] >> 3 & 7
    for number in range(STACK_REGISTERS):
        start = STACK_OFFSET + 16 * number
        image[start : start + 10] = context.read_bytes(x86.UC_X86_REG_FP0 + (top + number) % 8, 10)
    for number in range(xmm_registers):
        start = XMM_OFFSET + 16 * number
        image[start : start + 16] = context.read_bytes(x86.UC_X86_REG_XMM0 + number, 16)
    return bytes(image)


def write_float_state(context: Context, image: bytes, xmm_registers: int) -> None:
    """Load an FXSAVE image; raises ValueError if it is not 512 bytes."""
    if len(image) != IMAGE_SIZE:
        raise ValueError(f"A floating-point state has {IMAGE_SIZE} bytes, not {len(image)}.")
    context.write_bytes(x86.UC_X86_REG_FPCW, image[0:2])
    context.write_bytes(x86.UC_X86_REG_FPSW, image[2:4])
    context.write_bytes(x86.UC_X86_REG_MXCSR, image[24:28])
    top = image[3] >> 3 & 7
    for number in range(STACK_REGISTERS):
        start = STACK_OFFSET + 16 * number
        context.write_bytes(x86.UC_X86_REG_FP0 + (top + number) % 8, image[start : start + 10])
    context.write_bytes(x86.UC_X86_REG_FPTAG, _full_tag(image[4]).to_bytes(2, "little"))
    for number in range(xmm_registers):
        start = XMM_OFFSET + 16 * number
        context.write_bytes(x86.UC_X86_REG_XMM0 + number, image[start : start + 16])


def _abridged(tag: int) -> int:
    return sum(1 << number for number in range(8) if tag >> 2 * number & 3 != EMPTY)


def _full_tag(abridged: int) -> int:
    return sum(EMPTY << 2 * number for number in range(8) if not abridged >> number & 1)
