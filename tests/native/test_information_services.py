import struct
from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.kernel.ke.thread import ThreadState
from ntmm.kernel.se import PRIVILEGES
from ntmm.native.information import NtQuerySystemInformation
from ntmm.native.process_information import NtQueryInformationProcess, NtSetInformationProcess
from ntmm.nt.status import Status
from tests.win32.fake_call import BUFFER
from tests.win32.fake_memory import FakeMemory

SELF = -1
LENGTH = BUFFER - 8
CANARY = b"\xcc" * 0x400
QUOTA_LIMITS, VM_COUNTERS, POOLED_USAGE = 1, 3, 14


def pointers(call: Any, address: int, count: int) -> list[int]:
    size = call.memory.pointer_size
    return [call.memory.read_pointer(address + index * size) for index in range(count)]


def none(call: Any) -> int:
    """All ones: no limit."""
    return (1 << 8 * int(call.memory.pointer_size)) - 1


@pytest.mark.parametrize(
    ("kind", "sizes_32", "sizes_64"),
    [(QUOTA_LIMITS, (32, 56), (48, 88)), (VM_COUNTERS, (44, 48), (88, 96)), (POOLED_USAGE, (36,), (72,))],
)
def test_which_lengths_fit_a_class(
    call: Any, mm: FakeMemory, kind: int, sizes_32: tuple[int, ...], sizes_64: tuple[int, ...]
) -> None:
    sizes = sizes_64 if call.memory.pointer_size == 8 else sizes_32
    for length in range(100):
        call.memory.write(BUFFER, CANARY)
        status = NtQueryInformationProcess(call, SELF, kind, BUFFER, length, LENGTH)
        assert status == (Status.SUCCESS if length in sizes else Status.INFO_LENGTH_MISMATCH)
        assert call.memory.read(BUFFER + length, 8) == CANARY[:8]
        assert length not in sizes or call.memory.read_u32(LENGTH) == length


def test_what_limits_are_told(call: Any, mm: FakeMemory) -> None:
    length = 88 if call.memory.pointer_size == 8 else 56
    assert NtQueryInformationProcess(call, SELF, QUOTA_LIMITS, BUFFER, length, 0) == Status.SUCCESS
    assert pointers(call, BUFFER, 5) == [none(call), none(call), 50 * 4096, 345 * 4096, none(call)]
    time_limit = call.memory.read_u64(BUFFER + length - 16 - 4 * call.memory.pointer_size)
    assert time_limit == 0xFFFFFFFFFFFFFFFF
    assert struct.unpack("<II", call.memory.read(BUFFER + length - 8, 8)) == (2 | 4, 0)


def test_what_counters_are_told(call: Any, mm: FakeMemory) -> None:
    length = 12 * call.memory.pointer_size
    assert NtQueryInformationProcess(call, SELF, VM_COUNTERS, BUFFER, length, 0) == Status.SUCCESS
    assert pointers(call, BUFFER, 12) == [
        *(0x8000, 0x7000, 123, 0x6000, 0x5000),
        *(0xC0, 0xB0, 0xE0, 0xD0),
        *(0x9000, 0xA000, 0x9000),
    ]
    length = 9 * call.memory.pointer_size
    assert NtQueryInformationProcess(call, SELF, POOLED_USAGE, BUFFER, length, 0) == Status.SUCCESS
    told = pointers(call, BUFFER, 9)
    assert told == [0xC0, 0xB0, none(call), 0xE0, 0xD0, none(call), 0xA000, 0x9000, none(call)]


def put_limits(call: Any, minimum: int, maximum: int, flags: int | None = None) -> int:
    pointer = call.memory.pointer_size
    length = (48 if pointer == 8 else 32) + (0 if flags is None else 4 * pointer + 8)
    call.memory.write(BUFFER, bytes(length))
    call.memory.write_pointer(BUFFER + 2 * pointer, minimum)
    call.memory.write_pointer(BUFFER + 3 * pointer, maximum)
    if flags is not None:
        call.memory.write_u32(BUFFER + length - 8, flags)
    return NtSetInformationProcess(call, SELF, QUOTA_LIMITS, BUFFER, length)


def test_are_limits_set_with_privileges_that_are_enabled(call: Any, mm: FakeMemory) -> None:
    assert put_limits(call, 0x10000, 0x20000) == Status.SUCCESS
    call.process.token.set_enabled(PRIVILEGES["SeIncreaseBasePriorityPrivilege"], True)
    mm.status = Status.WORKING_SET_LIMIT_RANGE
    assert put_limits(call, 0x10000, 0x20000, 1 | 8) == Status.WORKING_SET_LIMIT_RANGE
    assert mm.calls == [
        ("limits", 0x10000, 0x20000, None, None, False),
        ("limits", 0x10000, 0x20000, True, False, True),
    ]
    assert put_limits(call, 0x10000, 0x20000, 3) == Status.INVALID_PARAMETER


def test_is_the_page_file_quota_set_and_no_other(call: Any, mm: FakeMemory) -> None:
    assert put_limits(call, 0, 0) == Status.PRIVILEGE_NOT_HELD
    call.process.token.grant(PRIVILEGES["SeIncreaseQuotaPrivilege"])
    call.process.token.set_enabled(PRIVILEGES["SeIncreaseQuotaPrivilege"], True)
    assert put_limits(call, 0, 0) == Status.SUCCESS
    pointer = call.memory.pointer_size
    length = 48 if pointer == 8 else 32
    call.memory.write_pointer(BUFFER + 4 * pointer, 0x30000)
    assert NtSetInformationProcess(call, SELF, QUOTA_LIMITS, BUFFER, length) == Status.SUCCESS
    assert mm.quota == 0x30000
    assert NtQueryInformationProcess(call, SELF, QUOTA_LIMITS, BUFFER, length, 0) == Status.SUCCESS
    assert pointers(call, BUFFER, 5)[4] == 0x30000
    call.memory.write(BUFFER, bytes(4 * pointer))
    call.memory.write_pointer(BUFFER + pointer, 0x1000)
    assert NtSetInformationProcess(call, SELF, QUOTA_LIMITS, BUFFER, length) == Status.NOT_IMPLEMENTED
    assert NtSetInformationProcess(call, SELF, QUOTA_LIMITS, BUFFER, 40) == Status.INFO_LENGTH_MISMATCH
    assert NtSetInformationProcess(call, SELF, 5, BUFFER, 4) == Status.NOT_IMPLEMENTED
    assert mm.calls == []


def test_what_figures_of_the_system_are_told(call: Any, mm: FakeMemory) -> None:
    call.memory.write(BUFFER, CANARY)
    assert NtQuerySystemInformation(call, 2, BUFFER, 311, LENGTH) == Status.INFO_LENGTH_MISMATCH
    assert call.memory.read_u32(LENGTH) == 312
    assert NtQuerySystemInformation(call, 2, BUFFER, 312, 0) == Status.SUCCESS
    fields = struct.unpack("<70I", call.memory.read(BUFFER + 32, 280))
    assert fields[3:8] == (900, 2000, 40000, 2500, 1325)
    assert fields[8:10] == (1000, 20)
    assert fields[11:14] == (300, 40, 6)
    assert fields[16:18] == (70, 8)
    assert fields[20:22] == (60, 30)
    assert fields[26] == 9000
    assert call.memory.read(BUFFER + 312, 8) == CANARY[:8]


def test_which_paging_files_are_told(call: Any, mm: FakeMemory) -> None:
    assert NtQuerySystemInformation(call, 18, BUFFER, 0x200, LENGTH) == Status.SUCCESS
    pointer, place, told = call.memory.pointer_size, BUFFER, []
    while True:
        following, *sizes, length, _ = struct.unpack("<4I2H", call.memory.read(place, 20))
        name = call.memory.read_pointer(place + (24 if pointer == 8 else 20))
        told.append((*sizes, call.wide_at(name)))
        assert length == 2 * len(told[-1][3])
        if not following:
            break
        place += following
    assert told == [(0x600, 3, 5, "\\??\\C:\\pagefile.sys"), (0x100, 0, 1, "\\??\\C:\\more.sys")]
    assert call.memory.read_u32(LENGTH) < 0x200


def test_is_one_empty_entry_told_where_there_is_no_paging_file(call: Any, mm: FakeMemory) -> None:
    mm.figures = SimpleNamespace(page_size=4096, paging_files=())
    size = 32 if call.memory.pointer_size == 8 else 24
    assert NtQuerySystemInformation(call, 18, BUFFER, size, LENGTH) == Status.SUCCESS
    assert (call.memory.read_u32(LENGTH), call.memory.read(BUFFER, size)) == (size, bytes(size))


def thread(number: int, process: Any, state: ThreadState, waits_for: tuple[object, ...] = ()) -> Any:
    return SimpleNamespace(
        id=number, process=process, state=state, waits_for=waits_for, priority=9, ended=state is ThreadState.TERMINATED
    )


def make_process(number: int, name: str) -> Any:
    process = SimpleNamespace(
        id=number, parent_id=4, name=name, handles=[0] * 7, space=SimpleNamespace(directory=0x39000), threads=[]
    )
    process.threads += [
        thread(number + 4, process, ThreadState.WAITING, (object(),)),
        thread(number + 8, process, ThreadState.WAITING),
        thread(number + 12, process, ThreadState.RUNNING),
        thread(number + 16, process, ThreadState.TERMINATED),
    ]
    return process


def test_which_processes_are_told(call: Any, mm: FakeMemory) -> None:
    call.kernel.ps = SimpleNamespace(processes=[make_process(8, "first.exe"), make_process(40, "second.exe")])
    assert NtQuerySystemInformation(call, 5, BUFFER, 0x1000, LENGTH) == Status.SUCCESS
    is_64 = call.memory.pointer_size == 8
    name, ident, directory, size, entry, state = (
        (0x38, 0x50, 0x68, 0x100, 0x50, 0x44) if is_64 else (0x38, 0x44, 0x54, 0xB8, 0x40, 0x34)
    )
    second = BUFFER + call.memory.read_u32(BUFFER)
    for place, number, text in ((BUFFER, 8, "first.exe"), (second, 40, "second.exe")):
        assert call.memory.read_u32(place + 4) == 3
        assert call.wide_at(call.memory.read_pointer(place + name + call.memory.pointer_size)) == text
        assert call.memory.read_pointer(place + ident) == number
        told = pointers(call, place + directory, 13)
        assert told[:6] == [0x39000, 0x8000, 0x7000, 123, 0x6000, 0x5000]
        assert told[10:] == [0x9000, 0xA000, 0x9000]
        states = [
            (call.memory.read_u32(place + size + index * entry + state), reason)
            for index, reason in enumerate(
                call.memory.read_u32(place + size + index * entry + state + 4) for index in range(3)
            )
        ]
        assert states == [(5, 6), (5, 4), (2, 0)]
    assert call.memory.read_u32(second) == 0


def test_are_the_global_flags_and_the_start_of_system_space_told(call: Any) -> None:
    call.kernel.mm = SimpleNamespace(layout=SimpleNamespace(system_range_start=0x80000000))
    width = call.memory.pointer_size
    assert NtQuerySystemInformation(call, 9, BUFFER, 4, LENGTH) == Status.SUCCESS
    assert (call.memory.read_u32(BUFFER), call.memory.read_u32(LENGTH)) == (0, 4)
    assert NtQuerySystemInformation(call, 50, BUFFER, width - 1, LENGTH) == Status.INFO_LENGTH_MISMATCH
    assert NtQuerySystemInformation(call, 50, BUFFER, width, LENGTH) == Status.SUCCESS
    assert pointers(call, BUFFER, 1) == [0x80000000]


def test_how_is_the_system_working_set_told(call: Any) -> None:
    limits = SimpleNamespace(minimum=10, maximum=20, hard_minimum=False, hard_maximum=True)
    system = SimpleNamespace(working_set=SimpleNamespace(count=15, peak=18, limits=limits))
    figures = SimpleNamespace(page_size=4096, cache=SimpleNamespace(faults=7))
    call.kernel.mm = SimpleNamespace(system=system, statistics=lambda: figures)
    size = 64 if call.memory.pointer_size == 8 else 36
    assert NtQuerySystemInformation(call, 21, BUFFER, size, LENGTH) == Status.SUCCESS
    assert call.memory.read_u32(LENGTH) == size
    assert pointers(call, BUFFER, 2) == [15 * 4096, 18 * 4096]
    assert call.memory.read_u32(BUFFER + 2 * call.memory.pointer_size) == 7
    at = BUFFER + (24 if call.memory.pointer_size == 8 else 12)
    assert pointers(call, at, 4) == [10, 20, 15, 18]
    assert call.memory.read_u32(BUFFER + size - 4) == 1
