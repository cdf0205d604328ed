"""Small blocks of guest memory for the loader's data: module entries, names, start blocks, TLS blocks.

Windows takes these from the process heap; here they come from regions of 64 KB of their own.
"""

from typing import Final

from ntmm.loader.space import AddressSpace
from ntmm.nt.memory import ALLOCATION_GRANULARITY, PAGE_READWRITE

_ALIGNMENT: Final = 16


class Arena:
    """Hands out zeroed blocks; released blocks are used again for requests of their size."""

    def __init__(self, space: AddressSpace) -> None:
        self._space = space
        self._next = 0
        self._end = 0
        self._free: dict[int, list[int]] = {}
        self._sizes: dict[int, int] = {}

    def allocate(self, size: int) -> int:
        """The address of a zeroed block of at least `size` bytes, aligned to 16. Raises LoaderError without memory."""
        rounded = max(size + _ALIGNMENT - 1, _ALIGNMENT) & -_ALIGNMENT
        released = self._free.get(rounded)
        if released:
            address = released.pop()
            self._space.memory.write(address, bytes(rounded))
        else:
            address = self._carve(rounded)
        self._sizes[address] = rounded
        return address

    def store(self, content: bytes) -> int:
        """The address of a new block holding `content`."""
        address = self.allocate(len(content))
        self._space.memory.write(address, content)
        return address

    def holds(self, address: int) -> bool:
        """True if a block in use begins at `address`."""
        return address in self._sizes

    def release(self, address: int) -> None:
        """Gives a block back. Releasing what is no block is our own error."""
        size = self._sizes.pop(address)
        self._free.setdefault(size, []).append(address)

    def _carve(self, size: int) -> int:
        if size > ALLOCATION_GRANULARITY // 2:
            return self._space.allocate(size, PAGE_READWRITE)
        if self._next + size > self._end:
            self._next = self._space.allocate(ALLOCATION_GRANULARITY, PAGE_READWRITE)
            self._end = self._next + ALLOCATION_GRANULARITY
        address = self._next
        self._next += size
        return address
