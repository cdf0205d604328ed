"""Can a heap lie in its creator's memory, under its lock, and grow by its routine?"""

import ctypes

import pytest

from tests.guest.heaps import GROWABLE, NO_SERIALIZE, REGION, UNCOMMITTED, Heap, front_end
from tests.guest.host import Host

PAGE, SIZE = 0x1000, 0x40000
COMMIT_ROUTINE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(ctypes.c_size_t)
)


class Parameters(ctypes.Structure):
    """RTL_HEAP_PARAMETERS."""

    _fields_ = [
        ("length", ctypes.c_uint32),
        *(
            (name, ctypes.c_size_t)
            for name in (
                "segment_reserve", "segment_commit", "decommit_block", "decommit_total", "maximum", "threshold",
                "initial_commit", "initial_reserve", "commit_routine", "reserved", "reserved_2",
            )
        ),
    ]  # fmt: skip


def reserve(host: Host, committed: int) -> int:
    made = host.function("host_reserve", ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)
    return int(made(SIZE, committed))


def create(host: Host, flags: int, base: int, size: int = 0, lock: int = 0, parameters: int = 0) -> Heap | None:
    pointer, room = ctypes.c_void_p, ctypes.c_size_t
    make = host.function("RtlCreateHeap", pointer, ctypes.c_uint32, pointer, room, room, pointer, pointer)
    address = make(flags, base, size, 0, lock, parameters)
    return Heap(host, address) if address else None


@pytest.fixture(params=[0, PAGE, 4 * PAGE, SIZE])
def base(host: Host, request: pytest.FixtureRequest) -> int:
    """256 KB of which so much is committed."""
    return reserve(host, request.param)


@pytest.mark.parametrize("flags", [0, NO_SERIALIZE])
def test_is_the_creators_memory_used_and_left_to_it(host: Host, base: int, flags: int) -> None:
    heap = create(host, flags, base)
    assert heap is not None and heap.address == base
    blocks: list[int] = []
    while block := heap.allocate(1000):
        ctypes.memset(block, len(blocks) & 0xFF, 1000)
        blocks.append(block)
    assert 220 < len(blocks) < 256
    assert all(base < block < base + SIZE for block in blocks)
    assert heap.is_valid()
    assert [(element.data, element.size) for element in heap.elements() if element.flags & REGION] == [(base, SIZE)]
    assert all(heap.free(block) for block in blocks)
    heap.destroy()
    assert ctypes.string_at(base, 8)  # still there


def test_does_a_growable_heap_go_on_elsewhere(host: Host, base: int) -> None:
    heap = create(host, GROWABLE, base, size=SIZE // 2)
    assert heap is not None
    regions = {0 <= block - base < SIZE for block in (heap.allocate(5000) for _ in range(100))}
    assert regions == {False, True}
    assert next(element.size for element in heap.elements() if element.flags & REGION) == SIZE // 2
    assert front_end(heap) == 1
    heap.destroy()
    ctypes.memset(base, 1, 8)


def test_is_a_place_refused_that_is_none(host: Host) -> None:
    base = reserve(host, PAGE)
    assert create(host, 0, base + 2 * SIZE) is None
    assert create(host, 0, base, size=PAGE) is None


def test_is_the_creators_lock_taken(host: Host) -> None:
    lock = (ctypes.c_uint64 * 5)()
    address = ctypes.addressof(lock)
    assert not host.function("RtlInitializeCriticalSection", ctypes.c_int, ctypes.c_void_p)(address)
    assert create(host, GROWABLE | NO_SERIALIZE, 0, lock=address) is None
    heap = create(host, GROWABLE, 0, lock=address)
    assert heap is not None
    held = ctypes.c_int32.from_address(address + 12)
    assert host.function("RtlLockHeap", ctypes.c_int, ctypes.c_void_p)(heap.address)
    assert held.value == 1
    assert heap.allocate(100_000)
    assert host.function("RtlUnlockHeap", ctypes.c_int, ctypes.c_void_p)(heap.address)
    assert held.value == 0
    heap.destroy()


@pytest.mark.parametrize("more", [0, 3 * PAGE])
def test_does_the_creators_routine_commit(host: Host, more: int) -> None:
    """It may commit more than it is asked for, but nothing else may commit, or give pages back."""
    base, calls = reserve(host, 4 * PAGE), list[tuple[int, int]]()
    allocate = host.function("NtAllocateVirtualMemory", ctypes.c_int, *[ctypes.c_void_p] * 4, *[ctypes.c_uint32] * 2)

    def commit(heap: int, address: "ctypes._Pointer[ctypes.c_void_p]", size: "ctypes._Pointer[ctypes.c_size_t]") -> int:
        assert heap == base
        end = base + SIZE - (address[0] or 0)
        size[0] = min(size[0] + more, end)
        calls.append((address[0] or 0, size[0]))
        return int(allocate(0, ctypes.addressof(address.contents), 0, ctypes.addressof(size.contents), 0x1000, 4))

    routine = COMMIT_ROUTINE(commit)
    pointer = ctypes.cast(routine, ctypes.c_void_p).value
    assert pointer is not None
    parameters = Parameters(length=ctypes.sizeof(Parameters), segment_commit=2 * PAGE, commit_routine=pointer)
    assert create(host, 0, base, parameters=ctypes.addressof(parameters)) is None
    parameters.initial_commit, parameters.initial_reserve = 4 * PAGE, SIZE
    assert create(host, GROWABLE, base, parameters=ctypes.addressof(parameters)) is None
    heap = create(host, 0, base, parameters=ctypes.addressof(parameters))
    assert heap is not None and not calls
    blocks: list[int] = []
    while block := heap.allocate(3000):
        blocks.append(block)
        assert heap.is_valid()
    assert len(blocks) > 75
    at = base + 4 * PAGE
    for address, size in calls:
        assert address == at
        at += size
    assert at == base + SIZE
    for block in blocks:
        assert heap.free(block)
    assert not [element for element in heap.elements() if element.flags & UNCOMMITTED]
    assert heap.is_valid()
    heap.destroy()
