"""Does the guest's heap keep blocks apart, keep their contents, and stay intact?"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.guest.host import Host

GROWABLE, ZERO_MEMORY, IN_PLACE = 2, 8, 0x10
UNIT = 16
LARGEST_LISTED = 0xFE00 * UNIT
NO_SERIALIZE = 1


@dataclass
class Heap:
    """One heap under test and the functions on it."""

    host: Host
    address: int

    def __post_init__(self) -> None:
        pointer, size, u32 = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32
        function = self.host.function
        self._allocate = function("RtlAllocateHeap", pointer, pointer, u32, size)
        self._free = function("RtlFreeHeap", ctypes.c_uint8, pointer, u32, pointer)
        self._reallocate = function("RtlReAllocateHeap", pointer, pointer, u32, pointer, size)
        self._size = function("RtlSizeHeap", size, pointer, u32, pointer)
        self._validate = function("RtlValidateHeap", ctypes.c_int, pointer, u32, pointer)
        self._compact = function("RtlCompactHeap", size, pointer, u32)

    def allocate(self, size: int, flags: int = 0) -> int:
        return self._allocate(self.address, flags, size) or 0

    def free(self, block: int) -> bool:
        return bool(self._free(self.address, 0, block))

    def reallocate(self, block: int, size: int, flags: int = 0) -> int:
        return self._reallocate(self.address, flags, block, size) or 0

    def size(self, block: int) -> int:
        return int(self._size(self.address, 0, block))

    def is_valid(self, block: int = 0) -> bool:
        return bool(self._validate(self.address, 0, block))

    def compact(self) -> int:
        return int(self._compact(self.address, 0))


def make_heap(host: Host, flags: int = GROWABLE, reserve: int = 0) -> Heap:
    create = host.function("RtlCreateHeap", ctypes.c_void_p, ctypes.c_uint32, *[ctypes.c_size_t] * 5)
    return Heap(host, create(flags, 0, reserve, 0, 0, 0))


@pytest.fixture
def heap(host: Host) -> Iterator[Heap]:
    """A growable heap."""
    made = make_heap(host)
    yield made
    assert not host.function("RtlDestroyHeap", ctypes.c_void_p, ctypes.c_void_p)(made.address)


sizes = st.one_of(
    st.integers(0, 64),
    st.integers(0, 5000),
    st.integers(0, 300_000),
    st.sampled_from([2016, 2017, 2032, LARGEST_LISTED - 33, LARGEST_LISTED - 32, LARGEST_LISTED - 31, LARGEST_LISTED]),
    st.integers(LARGEST_LISTED, 3_000_000),
)
steps = st.lists(
    st.tuples(st.sampled_from(["allocate", "zeroed", "free", "free", "resize"]), sizes, st.integers(0, 1 << 30)),
    max_size=120,
)


class Model:
    """What the blocks should be: address, size, and the byte that both ends of the contents repeat."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap
        self.blocks: list[tuple[int, int, int]] = []

    def add(self, size: int, seed: int, zeroed: bool) -> None:
        block = self.heap.allocate(size, ZERO_MEMORY if zeroed else 0)
        assert block
        assert block % UNIT == 0
        if zeroed:
            assert ctypes.string_at(block, size).count(0) == size
        self.fill(block, size, seed % 255 + 1)

    def fill(self, block: int, size: int, byte: int) -> None:
        ctypes.memset(block, byte, size)
        self.blocks.append((block, size, byte))

    def take(self, seed: int) -> tuple[int, int, int]:
        block, size, byte = self.blocks.pop(seed % len(self.blocks))
        assert self.heap.size(block) == size
        assert ctypes.string_at(block, size).count(byte) == size
        return block, size, byte

    def free(self, seed: int) -> None:
        assert self.heap.free(self.take(seed)[0])

    def resize(self, size: int, seed: int) -> None:
        block, old_size, byte = self.take(seed)
        moved = self.heap.reallocate(block, size)
        assert moved
        kept = min(size, old_size)
        assert ctypes.string_at(moved, kept).count(byte) == kept
        self.fill(moved, size, byte)

    def are_apart(self) -> bool:
        spans = sorted((block, block + max(size, 1)) for block, size, _ in self.blocks)
        return all(end <= start for (_, end), (start, _) in pairwise(spans))


@settings(max_examples=60)
@given(steps, st.sampled_from([GROWABLE, GROWABLE | NO_SERIALIZE]))
def test_do_blocks_stay_apart_and_keep_their_contents(host: Host, actions: list[Any], flags: int) -> None:
    heap = make_heap(host, flags)
    model = Model(heap)
    for action, size, seed in actions:
        if action in ("allocate", "zeroed") or not model.blocks:
            model.add(size, seed, action == "zeroed")
        elif action == "free":
            model.free(seed)
        else:
            model.resize(size, seed)
        assert heap.is_valid()
    assert model.are_apart()
    for block, _, _ in model.blocks:
        assert heap.is_valid(block)
    while model.blocks:
        model.free(0)
    heap.compact()
    assert heap.is_valid()
    host.function("RtlDestroyHeap", ctypes.c_void_p, ctypes.c_void_p)(heap.address)


def test_is_freed_room_joined_again(heap: Heap) -> None:
    blocks = [heap.allocate(5000) for _ in range(200)]
    for block in blocks[::2] + blocks[1::2]:
        assert heap.free(block)
    assert heap.compact() >= 0x10000


def test_does_a_growing_block_stay_where_it_is_while_there_is_room(heap: Heap) -> None:
    block = heap.allocate(100)
    assert all(heap.reallocate(block, size) == block for size in range(1000, 100_000, 1000))
    blocked = heap.allocate(50_000)
    assert heap.reallocate(block, 200_000, IN_PLACE) == 0
    assert heap.size(block) == 99_000
    assert heap.free(blocked)


def test_does_resizing_clear_only_what_is_new(heap: Heap) -> None:
    block = heap.allocate(10)
    ctypes.memset(block, 7, 10)
    block = heap.reallocate(block, 5000, ZERO_MEMORY)
    assert ctypes.string_at(block, 5000) == b"\7" * 10 + b"\0" * 4990


def test_do_large_blocks_have_memory_of_their_own(heap: Heap) -> None:
    block = heap.allocate(LARGEST_LISTED)
    assert block % 0x1000 == 0x40
    assert heap.size(block) == LARGEST_LISTED
    assert heap.free(block)


def test_is_a_block_that_was_freed_by_mistake_refused(heap: Heap) -> None:
    block = heap.allocate(5000)
    assert heap.free(block)
    assert not heap.free(block)
    assert heap.free(0)


def test_does_a_heap_of_limited_size_stay_within_it(host: Host) -> None:
    heap = make_heap(host, 0, 0x40000)
    count = 0
    while heap.allocate(1000):
        count += 1
    assert 200 < count < 262
    assert heap.allocate(LARGEST_LISTED + 1) == 0


def test_is_null_answered_when_memory_ends(host: Host, heap: Heap) -> None:
    committed = host.word("host_committed").value
    host.word("host_limit").value = committed + (2 << 20)
    try:
        blocks = []
        while block := heap.allocate(100_000):
            blocks.append(block)
        assert 10 < len(blocks) < 22
        assert heap.is_valid()
        assert heap.free(blocks.pop())
        assert heap.allocate(90_000)
    finally:
        host.word("host_limit").value = 2**64 - 1


def test_do_many_small_blocks_cost_few_traps(host: Host, heap: Heap) -> None:
    before = host.word("host_traps").value
    for _ in range(20_000):
        assert heap.allocate(48)
    assert host.word("host_traps").value - before < 25


def test_are_aligned_blocks_aligned_and_freed(host: Host) -> None:
    aligned = host.function("_aligned_malloc", ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)
    free = host.function("_aligned_free", None, ctypes.c_void_p)
    resize = host.function("_aligned_realloc", ctypes.c_void_p, *[ctypes.c_void_p] + [ctypes.c_size_t] * 2)
    for power in range(1, 17):
        block = aligned(1000, 1 << power)
        assert block % (1 << power) == 0
        ctypes.memset(block, power, 1000)
        block = resize(block, 5000, 1 << power)
        assert ctypes.string_at(block, 1000) == bytes([power]) * 1000
        free(block)


def test_do_movable_blocks_have_handles(host: Host) -> None:
    pointer, u32 = ctypes.c_void_p, ctypes.c_uint32
    allocate = host.function("GlobalAlloc", pointer, u32, ctypes.c_size_t)
    lock, free = (host.function(name, pointer, pointer) for name in ("GlobalLock", "GlobalFree"))
    unlock = host.function("GlobalUnlock", ctypes.c_int, pointer)
    flags = host.function("GlobalFlags", u32, pointer)
    memory = allocate(0x42, 100)
    block = lock(memory)
    assert block != memory
    assert ctypes.string_at(block, 100) == bytes(100)
    assert flags(memory) == 1
    assert not unlock(memory)
    assert flags(memory) == 0
    assert not free(memory)
    assert free(memory) == memory
