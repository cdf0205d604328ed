"""Does the guest's heap do what Windows' documentation says of each of its functions?"""

import ctypes
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.guest.heaps import (
    DEBUGGING,
    FREE_CHECKING,
    GENERATE_EXCEPTIONS,
    GROWABLE,
    IN_PLACE,
    LARGEST_LISTED,
    LOW_FRAGMENTATION,
    REGION,
    TAIL_CHECKING,
    UNCOMMITTED,
    UNIT,
    ZERO_MEMORY,
    Heap,
    front_end,
    make_heap,
    set_front_end,
)
from tests.guest.host import Host


@pytest.fixture
def heap(host: Host) -> Iterator[Heap]:
    """A growable heap."""
    made = make_heap(host)
    yield made
    made.destroy()


@pytest.fixture
def low_fragmentation(host: Host) -> Iterator[Heap]:
    """A growable heap with the low-fragmentation heap in front."""
    made = make_heap(host, GROWABLE | LOW_FRAGMENTATION)
    yield made
    made.destroy()


def test_is_freed_room_joined_again(host: Host, heap: Heap) -> None:
    blocks = [heap.allocate(5000) for _ in range(200)]
    reserved, committed = host.word("host_reserved").value, host.word("host_committed").value
    for block in blocks[::2] + blocks[1::2]:
        assert heap.free(block)
    assert heap.is_valid()
    assert host.word("host_committed").value < committed - 800_000
    assert all(heap.allocate(5000) for _ in range(160))
    assert host.word("host_reserved").value < reserved + 0x100000  # no segment, only room to name ranges


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


def test_is_a_fixed_heaps_largest_block_what_sixteen_bits_of_units_hold(host: Host) -> None:
    heap = make_heap(host, 0, 0x400000)
    limit = 0xFFFF * UNIT - UNIT
    assert heap.allocate(limit + 1) == 0
    assert all(heap.allocate(limit) for _ in range(3))
    assert heap.is_valid()
    heap.destroy()


def test_is_a_fixed_heap_as_large_as_it_was_asked_to_be(host: Host) -> None:
    regions = [element for element in make_heap(host, 0, 0x13000).elements() if element.flags & REGION]
    assert [region.size for region in regions] == [0x13000]


@pytest.mark.parametrize("flags", [DEBUGGING, TAIL_CHECKING, FREE_CHECKING])
def test_do_debugging_flags_fill_memory(host: Host, flags: int) -> None:
    heap = make_heap(host, GROWABLE | flags)
    block = heap.allocate(42)
    if flags & FREE_CHECKING:
        assert ctypes.string_at(block, 40) == b"\x0d\xf0\xad\xba" * 10
    if flags & TAIL_CHECKING:
        assert ctypes.string_at(block + 42, UNIT) == b"\xab" * UNIT
    assert ctypes.string_at(heap.allocate(42, ZERO_MEMORY), 42) == bytes(42)
    assert heap.free(block)
    if flags & FREE_CHECKING:
        assert ctypes.string_at(block + UNIT, 32) == b"\xee\xfe\xee\xfe" * 8
    heap.destroy()


def test_does_the_global_flag_make_debugging_heaps(host: Host) -> None:
    ctypes.c_uint32.from_address(host.peb + 0xBC).value = 0x70
    try:
        heap = make_heap(host, GROWABLE)
    finally:
        ctypes.c_uint32.from_address(host.peb + 0xBC).value = 0
    assert ctypes.string_at(heap.allocate(8), 24) == b"\x0d\xf0\xad\xba" * 2 + b"\xab" * 16
    heap.destroy()


def test_is_a_damaged_tail_found_when_the_block_is_freed(host: Host) -> None:
    heap = make_heap(host, GROWABLE | DEBUGGING)
    block = heap.allocate(42)
    ctypes.memset(block + 42, 0, 1)
    assert not heap.is_valid(block)
    assert not heap.free(block)
    assert heap.size(block) == 2**64 - 1
    heap.destroy()


def free_link(heap: Heap, size: int) -> int:
    """The address of the links of a free block of that size, which lies between two that are in use."""
    first = heap.allocate(size)
    assert heap.allocate(size)
    assert heap.free(first)
    return first


@pytest.mark.parametrize(("service_pack", "is_followed"), [(0, True), (1, False)])
def test_are_overwritten_links_followed_only_before_safe_unlinking(
    host: Host, service_pack: int, is_followed: bool
) -> None:
    """Server 2003 without a service pack writes one link through the other: what an overrun could make of a heap."""
    ctypes.c_uint16.from_address(host.peb + 0x122).value = service_pack << 8
    try:
        heap = make_heap(host, GROWABLE)
    finally:
        ctypes.c_uint16.from_address(host.peb + 0x122).value = 0x100
    links, target = free_link(heap, 5000), ctypes.create_string_buffer(32)
    place = ctypes.addressof(target)
    for at in (links, links + 8):
        ctypes.c_uint64.from_address(at).value = place
    assert heap.allocate(5000) == links
    assert (int.from_bytes(target.raw[:8], "little") == place) == is_followed
    assert not heap.is_valid()


def test_is_a_block_on_a_look_aside_list_no_block(heap: Heap) -> None:
    block = heap.allocate(40)
    assert heap.is_valid(block)
    assert heap.free(block)
    assert not heap.is_valid(block)
    assert not heap.free(block)
    assert heap.is_valid()
    assert heap.allocate(40) == block


def test_does_an_exception_tell_of_missing_memory_and_of_bad_blocks(host: Host) -> None:
    raised = ctypes.c_int.in_dll(host.library, "host_raised")
    heap = make_heap(host, GENERATE_EXCEPTIONS, 0x20000)
    assert heap.allocate(1 << 20) == 0
    assert raised.value & 0xFFFFFFFF == 0xC0000017
    raised.value = 0
    block = heap.allocate(100)
    assert heap.reallocate(block + 8, 200) == 0
    assert raised.value & 0xFFFFFFFF == 0xC0000005
    raised.value = 0
    assert heap.reallocate(block, 1 << 20) == 0
    assert raised.value & 0xFFFFFFFF == 0xC0000017
    assert heap.size(block) == 100
    heap.destroy()


def test_does_a_freed_middle_become_an_uncommitted_range_and_grow_again(host: Host, heap: Heap) -> None:
    blocks = [heap.allocate(50_000) for _ in range(6)]
    committed = host.word("host_committed").value
    assert heap.free(blocks[2])
    assert heap.free(blocks[3])
    assert heap.free(blocks[1])
    ranges = [element for element in heap.elements() if element.flags & UNCOMMITTED]
    assert len(ranges) >= 2
    assert host.word("host_committed").value < committed
    assert heap.reallocate(blocks[0], 190_000, IN_PLACE) == blocks[0]
    assert heap.is_valid()


def test_do_heaps_with_thresholds_of_their_own_keep_freed_pages(host: Host) -> None:
    words = (0x60, 0, 0, 1 << 30, 1 << 30, 0, 0, 0, 0, 0, 0, 0)
    parameters = (ctypes.c_uint64 * 12)(*words)
    create = host.function("RtlCreateHeap", ctypes.c_void_p, ctypes.c_uint32, *[ctypes.c_size_t] * 5)
    heap = Heap(host, create(GROWABLE, 0, 0, 0, 0, ctypes.addressof(parameters)))
    blocks = [heap.allocate(50_000) for _ in range(4)]
    committed = host.word("host_committed").value
    assert all(heap.free(block) for block in blocks)
    assert host.word("host_committed").value == committed
    assert heap.compact() > 190_000
    heap.destroy()


def test_are_all_heaps_of_the_process_listed_and_validated(host: Host) -> None:
    pointer, u32 = ctypes.c_void_p, ctypes.c_uint32
    get = host.function("RtlGetProcessHeaps", u32, u32, pointer)
    validate = host.function("RtlValidateProcessHeaps", ctypes.c_int)
    before = get(0, None)
    heaps = [make_heap(host) for _ in range(3)]
    room = (ctypes.c_uint64 * 512)()
    assert get(512, ctypes.addressof(room)) == before + 3
    assert list(room)[before : before + 3] == [heap.address for heap in heaps]
    block = heaps[1].allocate(5000)
    size = ctypes.c_uint16.from_address(block - 8)
    size.value ^= 1
    assert not validate()
    size.value ^= 1
    assert all(heap.is_valid() for heap in heaps)
    for heap in heaps:
        heap.destroy()
    assert get(0, None) == before


def test_does_the_compatibility_class_tell_of_the_front_end(host: Host, heap: Heap) -> None:
    pointer, u32, size = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_size_t
    query = host.function("HeapQueryInformation", ctypes.c_int, pointer, u32, pointer, size, pointer)
    for made, expected in ((heap, 1), (make_heap(host, GROWABLE | 1), 0), (make_heap(host, 0, 0x10000), 0)):
        assert front_end(made) == expected
        assert set_front_end(made, expected)
    assert not query(heap.address, 0, ctypes.addressof(u32()), 2, None)
    assert host.last_error == 122


@pytest.mark.parametrize("flags", [0, GROWABLE | 1, GROWABLE | TAIL_CHECKING, GROWABLE | FREE_CHECKING])
def test_which_heaps_cannot_have_low_fragmentation(host: Host, flags: int) -> None:
    heap = make_heap(host, flags, 0 if flags else 0x10000)
    assert not set_front_end(heap, 2)
    assert host.last_error == 31
    assert front_end(heap) == 0
    heap.destroy()


def test_is_low_fragmentation_there_for_good(host: Host, heap: Heap) -> None:
    before = heap.allocate(40)
    freed = heap.allocate(56)
    assert heap.free(freed)
    assert set_front_end(heap, 2)
    assert set_front_end(heap, 2)
    assert [set_front_end(heap, kind) for kind in (0, 1, 3)] == [False] * 3
    assert front_end(heap) == 2
    inside = heap.allocate(40)
    assert [heap.size(block) for block in (before, inside)] == [40, 40]
    assert heap.free(before)
    assert heap.free(inside)
    assert not heap.free(inside)
    assert heap.is_valid()


def test_do_blocks_of_one_bucket_lie_side_by_side(low_fragmentation: Heap) -> None:
    heap = low_fragmentation
    mixed = [[heap.allocate(size) for size in (40, 700, 9000)] for _ in range(4)]
    for column, stride in ((0, 4 * UNIT), (1, 46 * UNIT), (2, 576 * UNIT)):
        blocks = [row[column] for row in mixed]
        assert [second - first for first, second in pairwise(blocks)] == [stride] * 3
    assert heap.reallocate(mixed[1][1], 718) == mixed[1][1]
    assert heap.size(mixed[1][1]) == 718
    moved = heap.reallocate(mixed[1][1], 721)
    assert moved != mixed[1][1]
    assert heap.reallocate(moved, 100_000, IN_PLACE) == 0
    assert heap.size(heap.allocate(0x4000 - 1)) == 0x4000 - 1
    assert heap.is_valid()


def test_does_low_fragmentation_keep_the_heap_behind_whole(host: Host, low_fragmentation: Heap) -> None:
    """After many small blocks, all but every tenth of them freed, a large free range is left: user blocks went back."""
    heap = low_fragmentation
    sizes = [24 + 8 * (number % 40) for number in range(4000)]
    blocks = [heap.allocate(size) for size in sizes]
    kept = [block for block, size in zip(blocks, sizes, strict=True) if size < 64]
    before = host.word("host_committed").value
    for block in blocks:
        assert block in kept or heap.free(block)
    heap.compact()
    assert host.word("host_committed").value < before - 500_000
    assert sorted(element.data for element in heap.elements() if element.flags & 4) == sorted(kept)
    assert heap.is_valid()


def test_is_a_write_into_a_freed_block_of_a_bucket_survived(low_fragmentation: Heap) -> None:
    heap = low_fragmentation
    blocks = [heap.allocate(100) for _ in range(30)]
    assert heap.free(blocks[3])
    assert heap.free(blocks[7])
    ctypes.memset(blocks[7], 0x41, 2)
    assert not heap.is_valid()
    others = [heap.allocate(100) for _ in range(100)]
    assert all(others)
    assert set(others) & set(blocks) == {blocks[3], blocks[7]}
    assert len(set(others)) == 100
    assert heap.is_valid()


def test_does_a_summary_count_what_is_allocated(host: Host, heap: Heap) -> None:
    summary = host.function("HeapSummary", ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)
    for size in (100, 5000, 2_000_000):
        assert heap.allocate(size)
    figures = (ctypes.c_uint64 * 5)(40)
    assert summary(heap.address, 0, ctypes.addressof(figures))
    assert figures[1] == 2_005_100
    assert figures[1] < figures[2] <= figures[3]


def test_are_many_blocks_allocated_and_freed_at_once(host: Host, heap: Heap) -> None:
    pointer, u32 = ctypes.c_void_p, ctypes.c_uint32
    allocate = host.function("RtlMultipleAllocateHeap", u32, pointer, u32, ctypes.c_size_t, u32, pointer)
    free = host.function("RtlMultipleFreeHeap", u32, pointer, u32, u32, pointer)
    blocks = (ctypes.c_uint64 * 20)()
    assert allocate(heap.address, 0, 600, 20, ctypes.addressof(blocks)) == 20
    assert {heap.size(block) for block in blocks} == {600}
    assert len(set(blocks)) == 20
    kept, blocks[12] = blocks[12], blocks[3]
    assert free(heap.address, 0, 20, ctypes.addressof(blocks)) == 12
    assert heap.free(kept)
    assert heap.is_valid()


def test_do_the_native_functions_tell_statuses(host: Host, heap: Heap) -> None:
    pointer, u32, size = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_size_t
    change = host.function("RtlSetHeapInformation", u32, pointer, u32, pointer, size)
    query = host.function("RtlQueryHeapInformation", u32, pointer, u32, pointer, size, pointer)
    value = u32(2)
    at = ctypes.addressof(value)
    assert change(make_heap(host, 0, 0x10000).address, 0, at, 4) == 0xC0000001
    assert (change(heap.address, 0, at, 4), change(heap.address, 0, at, 3)) == (0, 0xC0000023)
    assert change(heap.address, 9, at, 4) == query(heap.address, 9, at, 4, None) == 0xC000000D
    assert (query(heap.address, 0, at, 4, None), value.value) == (0, 2)
