import struct
from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32 import psapi
from tests.win32.fake_call import BUFFER
from tests.win32.fake_memory import FakeMemory

SELF = -1
CANARY = b"\xcc" * 0x100


@pytest.fixture
def mm(call: Any) -> FakeMemory:
    call.kernel.mm = FakeMemory()
    call.memory.write(BUFFER, CANARY)
    return call.kernel.mm  # type: ignore[no-any-return]


def words(call: Any, address: int, count: int) -> list[int]:
    size = call.memory.pointer_size
    return [call.memory.read_pointer(address + index * size) for index in range(count)]


def test_is_the_working_set_emptied(call: Any, mm: FakeMemory) -> None:
    assert psapi.EmptyWorkingSet(call, SELF) == 1
    assert mm.calls == [("empty",)]
    mm.status = Status.PROCESS_IS_TERMINATING
    assert psapi.EmptyWorkingSet(call, SELF) == 0
    assert call.last_error == Win32Error.ACCESS_DENIED
    assert psapi.EmptyWorkingSet(call, 0x444) == 0
    assert call.last_error == Win32Error.INVALID_HANDLE


@pytest.mark.parametrize("extended", [False, True])
def test_do_memory_counters_fill_their_structure_and_no_more(call: Any, mm: FakeMemory, extended: bool) -> None:
    pointer = call.memory.pointer_size
    size = 8 + (8 + extended) * pointer
    assert psapi.GetProcessMemoryInfo(call, SELF, BUFFER, size) == 1
    assert (call.memory.read_u32(BUFFER), call.memory.read_u32(BUFFER + 4)) == (size, 123)
    told = words(call, BUFFER + 8, 8)
    assert told == [0x6000, 0x5000, 0xC0, 0xB0, 0xE0, 0xD0, 0x9000, 0xA000]
    assert not extended or words(call, BUFFER + 8 + 8 * pointer, 1) == [0x9000]
    assert call.memory.read(BUFFER + size, 8) == CANARY[:8]


def test_is_a_buffer_too_short_for_counters_refused(call: Any, mm: FakeMemory) -> None:
    assert psapi.GetProcessMemoryInfo(call, SELF, BUFFER, 7 + 8 * call.memory.pointer_size) == 0
    assert call.last_error == Win32Error.INSUFFICIENT_BUFFER
    assert call.memory.read(BUFFER, 16) == CANARY[:16]


def test_how_are_the_pages_of_a_working_set_told(call: Any, mm: FakeMemory) -> None:
    mm.pages = [
        SimpleNamespace(address=0x400000, protection=3, share_count=9, shared=True, locked=False),
        SimpleNamespace(address=0x7FFDE000, protection=4, share_count=0, shared=False, locked=True),
    ]
    pointer = call.memory.pointer_size
    assert psapi.QueryWorkingSet(call, SELF, BUFFER, 3 * pointer - 1) == 0
    assert (call.last_error, words(call, BUFFER, 1)) == (Win32Error.BAD_LENGTH, [2])
    assert call.memory.read(BUFFER + pointer, 8) == CANARY[:8]
    assert psapi.QueryWorkingSet(call, SELF, BUFFER, 3 * pointer) == 1
    assert words(call, BUFFER, 3) == [2, 0x400000 | 0x100 | 7 << 5 | 3, 0x7FFDE000 | 4]
    assert psapi.QueryWorkingSet(call, SELF, BUFFER, pointer - 1) == 0


def test_does_performance_information_fill_its_structure_and_no_more(call: Any, mm: FakeMemory) -> None:
    thread = SimpleNamespace(ended=False)
    process = SimpleNamespace(handles=[1, 2, 3], threads=[thread, SimpleNamespace(ended=True)])
    call.kernel.ps = SimpleNamespace(processes=[process, process])
    size = 104 if call.memory.pointer_size == 8 else 56
    assert psapi.GetPerformanceInfo(call, BUFFER, size - 1) == 0
    assert call.last_error == Win32Error.BAD_LENGTH
    assert psapi.GetPerformanceInfo(call, BUFFER, size) == 1
    pointer = call.memory.pointer_size
    told = words(call, BUFFER + pointer, 10)
    assert told == [2000, 40000, 2500, 16384, 900, 555, 90, 60, 30, 4096]
    assert struct.unpack("<3I", call.memory.read(BUFFER + 11 * pointer, 12)) == (6, 2, 2)
    assert call.memory.read_u32(BUFFER) == size
    assert call.memory.read(BUFFER + size, 8) == CANARY[:8]
