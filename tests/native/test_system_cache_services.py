"""The file cache as programs see it: its counters, and its limits."""

import struct
from typing import Any

import pytest

from ntmm.kernel.mm.system_cache import CacheCounts
from ntmm.kernel.se import PRIVILEGES
from ntmm.native.information import NtQuerySystemInformation
from ntmm.native.system_cache import NtSetSystemInformation
from ntmm.nt.status import Status
from ntmm.win32.memoryapi.file_cache import GetSystemFileCacheSize, SetSystemFileCacheSize
from tests.win32.fake_call import BUFFER
from tests.win32.fake_memory import FakeMemory

PERFORMANCE, FILE_CACHE = 2, 21
QUOTA = PRIVILEGES["SeIncreaseQuotaPrivilege"]


def ones(call: Any) -> int:
    return (1 << 8 * int(call.memory.pointer_size)) - 1


def enable(call: Any) -> None:
    call.process.token.grant(QUOTA)
    call.process.token.set_enabled(QUOTA, True)


def test_what_does_performance_information_tell_of_the_cache(call: Any, mm: FakeMemory) -> None:
    mm.system_cache.counts = CacheCounts(
        hits=10,
        misses=2,
        maps=3,
        map_misses=1,
        pins=5,
        pin_misses=4,
        mdl_reads=7,
        mdl_misses=6,
        transitions=21,
        read_ios=8,
        pages_read=64,
        read_ahead_ios=9,
        lazy_writes=11,
        lazy_pages=88,
        flushes=13,
        flushed_pages=101,
    )
    assert NtQuerySystemInformation(call, PERFORMANCE, BUFFER, 312, 0) == Status.SUCCESS
    fields = struct.unpack("<70I", call.memory.read(BUFFER + 32, 280))
    assert fields[10] == 21
    assert fields[14:20] == (64, 8, 70, 8, 33, 4)
    assert fields[33:35] == (15, 40)
    assert fields[44:48] == (0, 3, 0, 1)
    assert fields[48:53] == (0, 0, 5, 0, 4)
    assert fields[53:57] == (0, 12, 0, 2)
    assert fields[57:61] == (0, 7, 0, 6)
    assert fields[61:66] == (9, 11, 88, 13, 101)


def put(call: Any, minimum: int, maximum: int, flags: int, length: int | None = None) -> int:
    size = 64 if call.memory.pointer_size == 8 else 36
    call.memory.write(BUFFER, bytes(size))
    place = BUFFER + (24 if size == 64 else 12)
    call.memory.write_pointer(place, minimum)
    call.memory.write_pointer(place + call.memory.pointer_size, maximum)
    call.memory.write_u32(BUFFER + size - 4, flags)
    return NtSetSystemInformation(call, FILE_CACHE, BUFFER, size if length is None else length)


def test_are_limits_set_with_the_privilege_only(call: Any, mm: FakeMemory) -> None:
    assert put(call, 0x10000, 0x20000, 0) == Status.PRIVILEGE_NOT_HELD
    call.process.token.grant(QUOTA)
    assert put(call, 0x10000, 0x20000, 0) == Status.PRIVILEGE_NOT_HELD
    assert not mm.calls
    enable(call)
    assert put(call, 0x10000, 0x20000, 0) == Status.SUCCESS
    assert mm.calls == [("cache limits", 0x10000, 0x20000, None, None)]


@pytest.mark.parametrize(
    ("flags", "hard_minimum", "hard_maximum"),
    [(1, None, True), (2, None, False), (4 | 1, True, True), (8, False, None)],
)
def test_which_limits_become_hard(
    call: Any, mm: FakeMemory, flags: int, hard_minimum: bool | None, hard_maximum: bool | None
) -> None:
    enable(call)
    assert put(call, 0x10000, 0x20000, flags) == Status.SUCCESS
    assert mm.calls == [("cache limits", 0x10000, 0x20000, hard_minimum, hard_maximum)]


@pytest.mark.parametrize("flags", [1 | 2, 4 | 8, 16])
def test_which_flags_are_refused(call: Any, mm: FakeMemory, flags: int) -> None:
    enable(call)
    assert put(call, 0x10000, 0x20000, flags) == Status.INVALID_PARAMETER
    assert not mm.calls


def test_which_lengths_and_classes_are_refused(call: Any, mm: FakeMemory) -> None:
    enable(call)
    assert put(call, 0x10000, 0x20000, 0, length=35) == Status.INFO_LENGTH_MISMATCH
    assert NtSetSystemInformation(call, PERFORMANCE, BUFFER, 312) == Status.NOT_IMPLEMENTED


def test_do_the_windows_functions_do_the_same(call: Any, mm: FakeMemory) -> None:
    assert GetSystemFileCacheSize(call, BUFFER, BUFFER + 8, BUFFER + 16) == 1
    assert call.memory.read_pointer(BUFFER) == 50 * 4096
    assert call.memory.read_pointer(BUFFER + 8) == 345 * 4096
    assert call.memory.read_u32(BUFFER + 16) == 1
    assert SetSystemFileCacheSize(call, 0x10000, 0x20000, 1) == 0
    assert call.last_error == 1314  # ERROR_PRIVILEGE_NOT_HELD
    enable(call)
    assert SetSystemFileCacheSize(call, ones(call), ones(call), 0) == 1
    mm.status = Status.WORKING_SET_LIMIT_RANGE
    assert SetSystemFileCacheSize(call, 0x10000, 0x20000, 1) == 1
    mm.status = Status.BAD_WORKING_SET_LIMIT
    assert SetSystemFileCacheSize(call, 0x20000, 0x10000, 1) == 0
    assert mm.calls[0] == ("cache limits", ones(call), ones(call), None, None)
    assert mm.calls[1] == ("cache limits", 0x10000, 0x20000, None, True)
