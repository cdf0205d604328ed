"""Do LocalAlloc, GlobalAlloc and their kin treat handles, locks and discarded objects as documented?"""

import ctypes
from dataclasses import dataclass

import pytest

from tests.guest.heaps import BUSY, MOVEABLE, Heap
from tests.guest.host import Host

FIXED, MOVABLE, ZERO, MODIFY, DISCARDABLE = 0, 2, 0x40, 0x80, 0x100
INVALID_PARAMETER, INVALID_HANDLE, DISCARDED, NOT_LOCKED = 87, 6, 157, 158


@dataclass
class Family:
    """The functions of one prefix."""

    host: Host
    prefix: str

    def call(self, name: str, result: object, *arguments: int) -> int:
        types = [ctypes.c_size_t] * len(arguments)
        self.host.set_last_error(0)
        return self.host.function(f"{self.prefix}{name}", result, *types)(*arguments) or 0

    def allocate(self, flags: int, size: int) -> int:
        return self.call("Alloc", ctypes.c_void_p, flags, size)

    def resize(self, memory: int, size: int, flags: int) -> int:
        return self.call("ReAlloc", ctypes.c_void_p, memory, size, flags)

    def unlock(self, memory: int) -> int:
        return self.call("Unlock", ctypes.c_int, memory)

    def flags(self, memory: int) -> int:
        return self.call("Flags", ctypes.c_uint32, memory)

    def lock(self, memory: int) -> int:
        return Family(self.host, "Global").call("Lock", ctypes.c_void_p, memory)

    def free(self, memory: int) -> int:
        return Family(self.host, "Global").call("Free", ctypes.c_void_p, memory)

    def size(self, memory: int) -> int:
        return Family(self.host, "Global").call("Size", ctypes.c_size_t, memory)


@pytest.fixture(params=["Global", "Local"])
def family(host: Host, request: pytest.FixtureRequest) -> Family:
    """One of the two families."""
    return Family(host, request.param)


def test_do_movable_blocks_have_handles_and_locks(host: Host, family: Family) -> None:
    memory = family.allocate(MOVABLE | ZERO, 100)
    block = family.lock(memory)
    assert block != memory
    assert ctypes.string_at(block, 100) == bytes(100)
    assert family.lock(memory) == block
    assert family.flags(memory) == 2
    assert family.unlock(memory) == 1
    assert family.unlock(memory) == 0
    assert host.last_error == 0
    assert family.unlock(memory) == 0
    assert host.last_error == NOT_LOCKED
    assert family.size(memory) == 100
    assert family.free(memory) == 0
    assert family.free(memory) == memory
    assert host.last_error == INVALID_HANDLE
    assert family.lock(memory) == 0
    assert family.flags(memory) == 0x8000


def test_do_locks_stop_at_255(family: Family) -> None:
    memory = family.allocate(MOVABLE, 10)
    for _ in range(300):
        assert family.lock(memory)
    assert family.flags(memory) == 255
    assert family.free(memory) == 0


def test_are_fixed_blocks_their_own_handles(host: Host) -> None:
    handle_of = host.function("GlobalHandle", ctypes.c_void_p, ctypes.c_void_p)
    for prefix, answer, error in (("Global", 1, 0), ("Local", 0, NOT_LOCKED)):
        family = Family(host, prefix)
        block = family.allocate(FIXED, 100)
        assert family.lock(block) == block
        assert handle_of(block) == block
        assert (family.unlock(block), host.last_error) == (answer, error)
        assert family.flags(block) == 0
        assert family.resize(block, 10_000_000, 0) == 0
        moved = family.resize(block, 10_000_000, MOVABLE)
        assert moved
        assert family.free(moved) == 0


def test_are_unknown_flags_refused(host: Host, family: Family) -> None:
    unknown = 0x8000 if family.prefix == "Global" else 0x1000
    assert family.allocate(unknown, 10) == 0
    assert host.last_error == INVALID_PARAMETER
    memory = family.allocate(MOVABLE, 10)
    assert family.resize(memory, 20, unknown) == 0
    assert host.last_error == INVALID_PARAMETER
    assert family.free(memory) == 0


def test_can_an_object_be_discarded_and_brought_back(host: Host, family: Family) -> None:
    memory = family.allocate(MOVABLE | DISCARDABLE, 100)
    shown = 0x100 if family.prefix == "Global" else 0xF00
    assert family.flags(memory) == shown
    assert family.lock(memory)
    assert family.resize(memory, 0, MOVABLE) == 0
    assert family.unlock(memory) == 0
    assert family.resize(memory, 0, MOVABLE) == memory
    assert family.flags(memory) == shown | 0x4000
    assert family.lock(memory) == 0
    assert host.last_error == DISCARDED
    assert family.size(memory) == 0
    assert family.resize(memory, 50, ZERO) == memory
    assert family.flags(memory) == shown
    assert ctypes.string_at(family.lock(memory), 50) == bytes(50)
    assert family.free(memory) == 0


def test_does_size_zero_make_a_discarded_object(family: Family) -> None:
    memory = family.allocate(MOVABLE, 0)
    assert family.flags(memory) == 0x4000
    assert family.free(memory) == 0


def test_does_modify_change_only_what_an_object_is(host: Host, family: Family) -> None:
    memory = family.allocate(MOVABLE, 100)
    assert family.resize(memory, 5, MODIFY | DISCARDABLE) == memory
    assert family.size(memory) == 100
    assert family.flags(memory) & DISCARDABLE
    block = family.allocate(FIXED, 100)
    movable = family.resize(block, 0, MODIFY | MOVABLE)
    assert movable != block
    assert family.lock(movable) == block
    assert host.function("GlobalHandle", ctypes.c_void_p, ctypes.c_void_p)(block) == movable
    assert family.free(movable) == 0
    assert family.free(memory) == 0


def test_does_a_locked_object_keep_its_place(family: Family) -> None:
    memory = family.allocate(MOVABLE, 100)
    block = family.lock(memory)
    blocked = [family.allocate(FIXED, 100) for _ in range(3)]
    assert family.resize(memory, 2_000_000, 0) == 0
    assert family.lock(memory) == block
    assert family.resize(memory, 2_000_000, MOVABLE) == memory
    for each in (*blocked, memory):
        assert family.free(each) == 0


def test_does_a_walk_show_handles(host: Host, family: Family) -> None:
    memory = family.allocate(MOVABLE, 100)
    heap = Heap(host, ctypes.c_uint64.from_address(host.peb + 0x30).value)
    movable = [element for element in heap.elements() if element.flags & MOVEABLE]
    assert [element.committed | element.uncommitted << 32 for element in movable] == [memory]
    assert movable[0].flags & BUSY
    assert family.free(memory) == 0


def test_do_handles_end_at_65535(host: Host) -> None:
    family = Family(host, "Global")
    handles = []
    while memory := family.allocate(MOVABLE, 0):
        handles.append(memory)
    assert len(handles) == 0xFFFF
    assert host.last_error == 8
    assert not any(family.free(memory) for memory in handles)
