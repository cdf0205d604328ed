"""A memory descriptor list (MDL): a range of virtual addresses, and behind the header the frames that hold it.

offset on 32 bit, 64 bit
 0  0  Next                  10 20  StartVa, of the first page
 4  8  Size, 16 bits         14 28  ByteCount, 32 bits
 6  A  MdlFlags, 16 bits     18 2C  ByteOffset, 32 bits
 8 10  Process               1C 30  frame numbers, 4 or 8 bytes each
 C 18  MappedSystemVa
"""

from dataclasses import dataclass, field
from enum import IntFlag
from struct import pack


class MdlFlag(IntFlag):
    """Bits of MdlFlags."""

    NONE = 0
    MAPPED_TO_SYSTEM_VA = 0x0001
    PAGES_LOCKED = 0x0002
    WRITE_OPERATION = 0x0080


@dataclass(eq=False, slots=True)
class Mdl:
    """`size` bytes from the virtual address `start` on; the structure lies at `address` in nonpaged pool.

    `frames` are known while the pages are locked; `system_address` is where the range is mapped for the kernel, or 0.
    """

    address: int
    start: int
    size: int
    flags: MdlFlag = MdlFlag.NONE
    system_address: int = 0
    frames: list[int] = field(default_factory=list)

    def packed(self, pointer_size: int, page_size: int) -> bytes:
        """The structure as it stands in RAM. Process is 0: process objects are not in simulated RAM."""
        offset = self.start % page_size
        words = (0, self.system_address, self.start - offset, self.size, offset)
        if pointer_size == 4:
            size = 0x1C + 4 * len(self.frames)
            return pack(f"<IHHIIIII{len(self.frames)}I", 0, size, self.flags, *words, *self.frames)
        size = 0x30 + 8 * len(self.frames)
        return pack(f"<QHH4xQQQII{len(self.frames)}Q", 0, size, self.flags, *words, *self.frames)


def mdl_bytes(pages: int, pointer_size: int) -> int:
    """Bytes of the structure for so many pages (MmSizeOfMdl)."""
    return 0x1C + 4 * pages if pointer_size == 4 else 0x30 + 8 * pages
