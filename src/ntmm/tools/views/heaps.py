"""Which memory the heaps of a process took, read from the PEB's list of heaps as far as it is in RAM."""

from collections.abc import Iterator
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ps import Process
from ntmm.tools.walk import TableWalk

_HEAP_COUNT: Final = {4: 0x88, 8: 0xE8}
"""Offset of PEB.NumberOfHeaps by size of a pointer; ProcessHeaps comes 8 bytes later."""
_VIRTUAL_BLOCKS: Final = {4: 0x50, 8: 0x90}
"""Offset of HEAP.VirtualAllocdBlocks."""
_SEGMENTS: Final = {4: 0x58, 8: 0xA0}
"""Offset of HEAP.Segments."""
_SEGMENT_COUNT: Final = 64
_MOST_HEAPS: Final = 1024
_MOST_BLOCKS: Final = 65536
"""Bounds for what a program may have spoilt."""


def heap_addresses(kernel: Kernel, process: Process) -> set[int]:
    """Addresses within every region that belongs to a heap: heaps, their segments, blocks with memory of their own."""
    if process.space.is_swapped_out or not process.peb:
        return set()
    return set(_HeapReader(kernel, process).addresses())


class _HeapReader:
    def __init__(self, kernel: Kernel, process: Process) -> None:
        self._pointer = kernel.architecture.pointer_size
        self._walk = TableWalk(kernel, process.space.directory)
        self._peb = process.peb

    def addresses(self) -> Iterator[int]:
        at = self._peb + _HEAP_COUNT[self._pointer]
        count, table = self._walk.word(at, 4) or 0, self._read(at + 8)
        for number in range(min(count, _MOST_HEAPS) if table else 0):
            heap = self._read(table + number * self._pointer)
            if heap:
                yield heap
                yield from self._segments(heap)
                yield from self._virtual_blocks(heap)

    def _segments(self, heap: int) -> Iterator[int]:
        start = heap + _SEGMENTS[self._pointer]
        for number in range(_SEGMENT_COUNT):
            segment = self._read(start + number * self._pointer)
            if segment:
                yield segment

    def _virtual_blocks(self, heap: int) -> Iterator[int]:
        head = heap + _VIRTUAL_BLOCKS[self._pointer]
        block = self._read(head)
        for _ in range(_MOST_BLOCKS):
            if not block or block == head:
                return
            yield block
            block = self._read(block)

    def _read(self, address: int) -> int:
        """A pointer, 0 where it cannot be read."""
        if address % self._pointer:
            return 0
        return self._walk.word(address, self._pointer) or 0
