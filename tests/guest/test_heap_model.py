"""Does a heap keep blocks apart, keep their contents, stay intact, and find every overrun that changes its headers?

Each example is compared with a plain model after every step. `NTMM_EXAMPLES` sets the number of examples.
"""

import ctypes
import os
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.guest.heaps import (
    BUSY,
    DEBUGGING,
    DISABLE_COALESCE,
    FREE_CHECKING,
    GROWABLE,
    LARGEST_LISTED,
    LOW_FRAGMENTATION,
    NO_SERIALIZE,
    OWN_MEMORY,
    REGION,
    TAIL_CHECKING,
    UNCOMMITTED,
    UNIT,
    ZERO_MEMORY,
    Heap,
    make_heap,
)
from tests.guest.host import Host

EXAMPLES = int(os.environ.get("NTMM_EXAMPLES", "60"))
FIXED_SIZE = 6 << 20
LAST_ENTRY = 0x10

sizes = st.one_of(
    st.integers(0, 64),
    st.integers(0, 5000),
    st.integers(0, 300_000),
    st.sampled_from([2016, 2017, 2032, LARGEST_LISTED - 33, LARGEST_LISTED - 32, LARGEST_LISTED - 31, LARGEST_LISTED]),
    st.integers(LARGEST_LISTED, 3_000_000),
)
small_sizes = st.one_of(st.integers(0, 64), st.integers(0, 600), st.integers(0, 9000))
kinds = st.sampled_from(["allocate", "zeroed", "free", "free", "resize"])
seeds = st.integers(0, 1 << 30)
mostly_small = st.lists(st.tuples(kinds, small_sizes, seeds), max_size=60)
steps = st.one_of(mostly_small, st.lists(st.tuples(kinds, sizes, seeds), max_size=40))
flag_choices = st.sampled_from(
    [
        GROWABLE,
        GROWABLE,
        GROWABLE | NO_SERIALIZE,
        GROWABLE | DISABLE_COALESCE,
        GROWABLE | DEBUGGING,
        GROWABLE | TAIL_CHECKING,
        GROWABLE | FREE_CHECKING | DISABLE_COALESCE,
        0,
        NO_SERIALIZE,
        DEBUGGING,
    ]
)
kinds_of_heaps = st.one_of(flag_choices, st.just(GROWABLE | LOW_FRAGMENTATION))
"""The low-fragmentation heap half of the time."""


@dataclass(frozen=True)
class Block:
    """A block that the program holds: the byte repeats in all of it."""

    address: int
    size: int
    byte: int


class Model:
    """What the blocks should be."""

    def __init__(self, heap: Heap, flags: int) -> None:
        self.heap = heap
        self.may_refuse = not flags & GROWABLE
        self.has_user_blocks = bool(flags & LOW_FRAGMENTATION)
        self.blocks: list[Block] = []

    def add(self, size: int, seed: int, zeroed: bool) -> None:
        address = self.heap.allocate(size, ZERO_MEMORY if zeroed else 0)
        if not address:
            assert self.may_refuse
            return
        assert address % UNIT == 0
        if zeroed:
            assert ctypes.string_at(address, size).count(0) == size
        self.fill(address, size, seed % 255 + 1)

    def fill(self, address: int, size: int, byte: int) -> None:
        ctypes.memset(address, byte, size)
        self.blocks.append(Block(address, size, byte))

    def take(self, seed: int) -> Block:
        block = self.blocks.pop(seed % len(self.blocks))
        assert self.heap.size(block.address) == block.size
        assert ctypes.string_at(block.address, block.size).count(block.byte) == block.size
        return block

    def free(self, seed: int) -> None:
        assert self.heap.free(self.take(seed).address)

    def resize(self, size: int, seed: int) -> None:
        block = self.take(seed)
        moved = self.heap.reallocate(block.address, size)
        if not moved:
            assert self.may_refuse
            self.blocks.append(block)
            return
        kept = min(size, block.size)
        assert ctypes.string_at(moved, kept).count(block.byte) == kept
        self.fill(moved, size, block.byte)

    def act(self, action: str, size: int, seed: int) -> None:
        if action in ("allocate", "zeroed") or not self.blocks:
            self.add(size, seed, action == "zeroed")
        elif action == "free":
            self.free(seed)
        else:
            self.resize(size, seed)

    def are_apart(self) -> bool:
        spans = sorted((block.address, block.address + max(block.size, 1)) for block in self.blocks)
        return all(end <= start for (_, end), (start, _) in pairwise(spans))

    def are_what_a_walk_finds(self) -> bool:
        """The busy elements are the blocks; each segment is covered without a gap by its elements.

        What a user block of the low-fragmentation heap keeps for itself is no element, but there is nothing else.
        """
        elements = self.heap.elements()
        busy = [(element.data, element.size) for element in elements if element.flags & BUSY]
        if self.has_user_blocks:
            return sorted(busy) == sorted((block.address, block.size) for block in self.blocks)
        starts: list[tuple[int, int]] = []
        for element in elements:
            if element.flags & REGION:
                starts.append((element.first, element.first))
            elif element.flags & UNCOMMITTED:
                starts.append((element.data, element.data + element.size))
            elif element.region != OWN_MEMORY:
                header = element.data - UNIT
                unused = element.overhead - UNIT if element.flags & BUSY else 0
                starts.append((header, element.data + element.size + unused))
        gaps = [(end, start) for (_, end), (start, _) in pairwise(starts) if end != start]
        regions = [element for element in elements if element.flags & REGION]
        is_covered = len(gaps) == len(regions) - 1 and starts[-1][1] == regions[-1].last
        return is_covered and sorted(busy) == sorted((block.address, block.size) for block in self.blocks)


def played(host: Host, actions: list[Any], flags: int) -> Model:
    """A heap after the actions, looked at after each."""
    heap = make_heap(host, flags, 0 if flags & GROWABLE else FIXED_SIZE)
    model = Model(heap, flags)
    for action, size, seed in actions:
        model.act(action, size, seed)
        assert heap.is_valid()
    return model


@settings(max_examples=EXAMPLES)
@given(steps, kinds_of_heaps)
def test_do_blocks_stay_apart_and_keep_their_contents(host: Host, actions: list[Any], flags: int) -> None:
    model = played(host, actions, flags)
    heap = model.heap
    assert model.are_apart()
    assert model.are_what_a_walk_finds()
    assert all(heap.is_valid(block.address) for block in model.blocks)
    while model.blocks:
        model.free(0)
    heap.compact()
    assert heap.is_valid()
    heap.destroy()


def damage(address: int, count: int) -> None:
    """Inverts bytes; a second time repairs them."""
    for place in range(address, address + count):
        byte = ctypes.c_uint8.from_address(place)
        byte.value ^= 0xFF


def slack_of(block: Block) -> tuple[int, bool]:
    """(bytes behind the contents that belong to the block, whether its run of blocks ends with it)."""
    units = ctypes.c_uint16.from_address(block.address - 8).value
    flags = ctypes.c_uint8.from_address(block.address - 3).value
    return units * UNIT - UNIT - block.size, bool(flags & LAST_ENTRY)


@settings(max_examples=EXAMPLES)
@given(mostly_small, flag_choices, seeds, st.integers(1, 60))
def test_is_every_overrun_found(host: Host, actions: list[Any], flags: int, seed: int, count: int) -> None:
    """With a pattern behind each block all are found; without, those that reach what the next header tells.

    A look at the one block asks the next header only for the size of the block before it.
    """
    model = played(host, [*actions, ("allocate", seed % 700, seed), ("allocate", 8, 0)], flags)
    heap, block = model.heap, model.blocks[seed % len(model.blocks)]
    slack, is_last = slack_of(block)
    count = min(count, slack) if is_last else count
    damage(block.address + block.size, count)
    has_pattern = count > 0 and bool(flags & TAIL_CHECKING)
    is_damaged = count > slack + 8 or has_pattern
    assert heap.is_valid() == (not is_damaged)
    assert heap.is_valid(block.address) == (not has_pattern and count <= slack + 10)
    if is_damaged and flags & TAIL_CHECKING and flags & DEBUGGING == DEBUGGING:
        assert not heap.free(block.address)
    damage(block.address + block.size, count)
    assert heap.is_valid()
    heap.destroy()


@settings(max_examples=EXAMPLES)
@given(mostly_small, seeds, st.integers(1, 16))
def test_is_every_overrun_in_a_bucket_found(host: Host, actions: list[Any], seed: int, count: int) -> None:
    """Three blocks of one bucket that follow each other: the first one's overrun reaches the second one's header."""
    model = played(host, actions, GROWABLE | LOW_FRAGMENTATION)
    heap, size = model.heap, seed % 5000
    for _ in range(8):
        model.add(size, seed, zeroed=False)
    blocks = {block.address: block for block in model.blocks}
    stride = stride_of(heap, model.blocks[-1])
    pairs = [block for block in blocks.values() if block.size == size and block.address + stride in blocks]
    block = pairs[seed % len(pairs)]
    slack = stride - UNIT - block.size
    damage(block.address + block.size, slack + count)
    assert not heap.is_valid()
    assert heap.is_valid(block.address)
    assert not heap.is_valid(block.address + stride)
    assert not heap.free(block.address + stride)
    damage(block.address + block.size, slack + count)
    heap.destroy()


def stride_of(heap: Heap, block: Block) -> int:
    """Bytes from a block to the next one of its bucket: the documented sizes of buckets, counted in units."""
    units = max(2, -(-block.size // UNIT) + 1)
    grain = next(1 << power for power in range(8) if units <= 32 << power)
    return -(-units // grain) * grain * UNIT


@settings(max_examples=EXAMPLES)
@given(mostly_small, seeds, st.integers(1, 40))
def test_is_a_write_into_a_freed_block_found(host: Host, actions: list[Any], seed: int, count: int) -> None:
    model = played(host, [*actions, ("allocate", 200 + seed % 5000, seed), ("allocate", 8, 0)], GROWABLE | DEBUGGING)
    block = model.blocks.pop(-2)
    assert model.heap.free(block.address)
    at = block.address + seed % (block.size - count)
    damage(at, count)
    assert not model.heap.is_valid()
    damage(at, count)
    assert model.heap.is_valid()
    model.heap.destroy()
