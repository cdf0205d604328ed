"""Physical memory: one mapping of the host, read and written by the kernel and by the CPU alike."""

import ctypes
import mmap
from contextlib import suppress

PAGE_SIZE = 0x1000
MAP_NORESERVE = 0x4000  # Linux; Python 3.11's mmap module has no name for it


class Ram:
    """`size` bytes of zeroed physical memory starting at physical address 0, and what is installed beyond them.

    The mapping is private, anonymous and not reserved, so only touched pages cost host memory and a machine of
    1 TB is legal. Huge pages are refused: one touched frame would otherwise cost 2 MB of the host.

    `bytes`, `u16`, `u32` and `u64` are views of the same memory; index = physical address // item size.
    """

    def __init__(self, size: int, installed: int = 0) -> None:
        """Map `size` bytes, a positive multiple of 4096; raises ValueError otherwise, OSError if the host refuses.

        Where more is `installed` than the system uses, `beyond` is the rest: physical memory from `size` on, which
        neither the memory manager nor the processor ever touches.
        """
        if size <= 0 or size % PAGE_SIZE:
            raise ValueError(f"RAM size {size:#x} is not a positive multiple of {PAGE_SIZE:#x} bytes.")
        self.size = size
        self._mapping = mmap.mmap(-1, max(size, installed), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_NORESERVE)
        self._refuse_huge_pages()
        everything = memoryview(self._mapping)
        self.bytes, self.beyond = everything[:size], everything[size:]
        self.u16 = self.bytes.cast("H")
        self.u32 = self.bytes.cast("I")
        self.u64 = self.bytes.cast("Q")
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._mapping))

    def _refuse_huge_pages(self) -> None:
        if hasattr(mmap, "MADV_NOHUGEPAGE"):
            with suppress(OSError):  # a host kernel built without huge pages answers EINVAL
                self._mapping.madvise(mmap.MADV_NOHUGEPAGE)
