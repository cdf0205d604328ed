"""Segment descriptors and selectors, numbered as Windows numbers them on each architecture.

63    56 55 54 53 52 51   48 47 46 45 44 43  40 39           16 15        0
base     G  D  L  -  limit   P  DPL   S  type   base 23..0      limit 15..0
"""

from dataclasses import dataclass

from ntmm.hw.arch import Architecture

GDT_LIMIT = 0x7F  # sixteen descriptors
KERNEL_CODE = 0x9B  # present, ring 0, code, readable, accessed
KERNEL_DATA = 0x93
USER_CODE = 0xFB
USER_DATA = 0xF3
GRANULAR_32 = 0xC  # limit in pages, 32-bit
GRANULAR_64 = 0xA  # limit in pages, long mode
BYTES_32 = 0x4  # limit in bytes, 32-bit
TEB_LIMIT = 0xFFF


def descriptor(base: int, limit: int, access: int, flags: int) -> int:
    """Pack one 8-byte segment descriptor; `limit` in the unit that the granularity flag says."""
    low = limit & 0xFFFF | (base & 0xFFFFFF) << 16 | access << 40
    return low | (limit >> 16 & 0xF) << 48 | flags << 52 | (base >> 24 & 0xFF) << 56


def teb_descriptor(base: int) -> int:
    """The ring-3 data segment over one 4 KB TEB at `base`."""
    return descriptor(base, TEB_LIMIT, USER_DATA, BYTES_32)


@dataclass(frozen=True)
class Selectors:
    """The segment selectors of one architecture, requested privilege level included."""

    kernel_code: int
    kernel_data: int
    user_code: int
    user_stack: int
    user_data: int
    user_fs: int
    user_gs: int

    teb: int
    """The selector whose descriptor has the TEB's base."""


SELECTORS_32 = Selectors(
    kernel_code=0x08,
    kernel_data=0x10,
    user_code=0x1B,
    user_stack=0x23,
    user_data=0x23,
    user_fs=0x3B,
    user_gs=0,
    teb=0x3B,
)
SELECTORS_64 = Selectors(
    kernel_code=0x10,
    kernel_data=0x18,
    user_code=0x33,
    user_stack=0x2B,
    user_data=0x2B,
    user_fs=0x53,
    user_gs=0x2B,
    teb=0x53,
)

SELECTORS_32_ON_64 = Selectors(
    kernel_code=0x10,
    kernel_data=0x18,
    user_code=0x23,
    user_stack=0x2B,
    user_data=0x2B,
    user_fs=0x53,
    user_gs=0x2B,
    teb=0x53,
)
"""A 32-bit program on a 64-bit machine: its code segment puts the processor into compatibility mode."""


def selectors_of(architecture: Architecture, bits: int | None = None) -> Selectors:
    """The segment selectors in use on this architecture by programs of `bits`, by default its own."""
    if architecture.bits == 32:
        return SELECTORS_32
    return SELECTORS_32_ON_64 if bits == 32 else SELECTORS_64


def descriptor_table(bits: int) -> dict[int, int]:
    """Byte offset in the GDT -> descriptor, for a 32-bit or 64-bit machine (Windows' KGDT numbering)."""
    flat = 0xFFFFF
    if bits == 32:
        return {
            0x08: descriptor(0, flat, KERNEL_CODE, GRANULAR_32),
            0x10: descriptor(0, flat, KERNEL_DATA, GRANULAR_32),
            0x18: descriptor(0, flat, USER_CODE, GRANULAR_32),
            0x20: descriptor(0, flat, USER_DATA, GRANULAR_32),
            0x38: teb_descriptor(0),
        }
    return {
        0x10: descriptor(0, flat, KERNEL_CODE, GRANULAR_64),
        0x18: descriptor(0, flat, KERNEL_DATA, GRANULAR_32),
        0x20: descriptor(0, flat, USER_CODE, GRANULAR_32),  # compatibility mode
        0x28: descriptor(0, flat, USER_DATA, GRANULAR_32),
        0x30: descriptor(0, flat, USER_CODE, GRANULAR_64),
        0x50: teb_descriptor(0),
    }
