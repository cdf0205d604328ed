"""Heaps under test: the functions of the compiled guest code on one heap, and what a walk over it finds."""

import ctypes
import struct
from dataclasses import dataclass
from typing import NamedTuple

from tests.guest.host import Host

NO_SERIALIZE, GROWABLE, GENERATE_EXCEPTIONS, ZERO_MEMORY, IN_PLACE = 1, 2, 4, 8, 0x10
TAIL_CHECKING, FREE_CHECKING, DISABLE_COALESCE = 0x20, 0x40, 0x80
VALIDATE_PARAMETERS = 0x40000000
DEBUGGING = TAIL_CHECKING | FREE_CHECKING | VALIDATE_PARAMETERS
UNIT = 16
LARGEST_LISTED = 0xFF00 * UNIT
REGION, UNCOMMITTED, BUSY, MOVEABLE = 1, 2, 4, 0x10
OWN_MEMORY = 64
LOW_FRAGMENTATION = 1 << 32
"""Not a flag of Windows: has `make_heap` ask for the low-fragmentation heap."""


class Element(NamedTuple):
    """PROCESS_HEAP_ENTRY of 64 bit; the last four fields are those of a region."""

    data: int
    size: int
    overhead: int
    region: int
    flags: int
    committed: int
    uncommitted: int
    first: int
    last: int


@dataclass
class Heap:
    """One heap under test and the functions on it."""

    host: Host
    address: int

    def __post_init__(self) -> None:
        pointer, size, u32 = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32
        function = self.host.function
        self._allocate = function("RtlAllocateHeap", pointer, pointer, u32, size)
        self._free = function("RtlFreeHeap", ctypes.c_uint32, pointer, u32, pointer)
        self._reallocate = function("RtlReAllocateHeap", pointer, pointer, u32, pointer, size)
        self._size = function("RtlSizeHeap", size, pointer, u32, pointer)
        self._validate = function("RtlValidateHeap", ctypes.c_int, pointer, u32, pointer)
        self._compact = function("RtlCompactHeap", size, pointer, u32)
        self._destroy = function("RtlDestroyHeap", pointer, pointer)
        self._walk = function("HeapWalk", ctypes.c_int, pointer, pointer)

    def allocate(self, size: int, flags: int = 0) -> int:
        return self._allocate(self.address, flags, size) or 0

    def free(self, block: int) -> bool:
        answer = self._free(self.address, 0, block)
        assert answer in (0, 1), "callers of HeapFree look at all bits"
        return bool(answer)

    def reallocate(self, block: int, size: int, flags: int = 0) -> int:
        return self._reallocate(self.address, flags, block, size) or 0

    def size(self, block: int) -> int:
        return int(self._size(self.address, 0, block))

    def is_valid(self, block: int = 0) -> bool:
        return bool(self._validate(self.address, 0, block))

    def elements(self) -> list[Element]:
        """All that HeapWalk visits, in its order."""
        entry, found = ctypes.create_string_buffer(40), []
        while self._walk(self.address, ctypes.addressof(entry)):
            found.append(Element(*struct.unpack("<QIBBHIIQQ", entry.raw)))
        return found

    def destroy(self) -> None:
        assert not self._destroy(self.address)

    def compact(self) -> int:
        return int(self._compact(self.address, 0))


def make_heap(host: Host, flags: int = GROWABLE, reserve: int = 0) -> Heap:
    create = host.function("RtlCreateHeap", ctypes.c_void_p, ctypes.c_uint32, *[ctypes.c_size_t] * 5)
    heap = Heap(host, create(flags & 0xFFFFFFFF, 0, reserve, 0, 0, 0))
    assert not flags & LOW_FRAGMENTATION or set_front_end(heap, 2)
    return heap


def set_front_end(heap: Heap, kind: int) -> bool:
    """HeapSetInformation(HeapCompatibilityInformation)."""
    pointer, u32 = ctypes.c_void_p, ctypes.c_uint32
    change = heap.host.function("HeapSetInformation", ctypes.c_int, pointer, u32, pointer, ctypes.c_size_t)
    return bool(change(heap.address, 0, ctypes.addressof(u32(kind)), 4))


def front_end(heap: Heap) -> int:
    """HeapQueryInformation(HeapCompatibilityInformation)."""
    pointer, u32, size = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_size_t
    query = heap.host.function("HeapQueryInformation", ctypes.c_int, pointer, u32, pointer, size, pointer)
    answer, needed = u32(99), size()
    assert query(heap.address, 0, ctypes.addressof(answer), 4, ctypes.addressof(needed))
    assert needed.value == 4
    return answer.value
