from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.kernel.ob import InvalidHandle
from ntmm.kernel.se import PRIVILEGES
from ntmm.native.locking import NtLockVirtualMemory, NtUnlockVirtualMemory
from ntmm.native.memory import NtQueryVirtualMemory
from ntmm.native.paging_file import NtCreatePagingFile
from ntmm.nt.status import Status, is_success, win32_error
from tests.win32.fake_call import BUFFER
from tests.win32.fake_memory import FakeMemory

SELF = -1
BASE, SIZE = BUFFER, BUFFER + 8


def put_range(call: Any, address: int, size: int) -> None:
    call.memory.write_pointer(BASE, address)
    call.memory.write_pointer(SIZE, size)


def get_range(call: Any) -> tuple[int, int]:
    return call.memory.read_pointer(BASE), call.memory.read_pointer(SIZE)


def hold(call: Any, name: str) -> None:
    call.process.token.grant(PRIVILEGES[name])
    call.process.token.set_enabled(PRIVILEGES[name], True)


@pytest.mark.parametrize("lock", [NtLockVirtualMemory, NtUnlockVirtualMemory])
@pytest.mark.parametrize("status", [Status.SUCCESS, Status.WAS_LOCKED])
def test_is_the_rounded_range_told(call: Any, mm: FakeMemory, lock: Any, status: Status) -> None:
    mm.status = status
    put_range(call, 0x12345, 0x1000)
    assert lock(call, SELF, BASE, SIZE, 1) == status
    assert get_range(call) == (0x12000, 0x2000)


@pytest.mark.parametrize("map_type", [0, 4, 5, 0xFFFFFFFF])
def test_are_unknown_kinds_of_locks_refused(call: Any, mm: FakeMemory, map_type: int) -> None:
    put_range(call, 0x12345, 0x1000)
    assert NtLockVirtualMemory(call, SELF, BASE, SIZE, map_type) == Status.INVALID_PARAMETER
    assert mm.calls == []


def test_is_a_privilege_needed_to_lock_pages_in_ram(call: Any, mm: FakeMemory) -> None:
    put_range(call, 0x10000, 0x1000)
    assert NtLockVirtualMemory(call, SELF, BASE, SIZE, 2) == Status.PRIVILEGE_NOT_HELD
    assert NtUnlockVirtualMemory(call, SELF, BASE, SIZE, 3) == Status.PRIVILEGE_NOT_HELD
    hold(call, "SeLockMemoryPrivilege")
    assert NtLockVirtualMemory(call, SELF, BASE, SIZE, 2) == Status.SUCCESS
    assert mm.calls == [("lock", 0x10000, 0x1000, 2)]


def test_is_a_range_that_cannot_be_locked_left_as_it_was(call: Any, mm: FakeMemory) -> None:
    mm.status = Status.NOT_LOCKED
    put_range(call, 0x12345, 0x1000)
    assert NtUnlockVirtualMemory(call, SELF, BASE, SIZE, 1) == Status.NOT_LOCKED
    assert get_range(call) == (0x12345, 0x1000)
    with pytest.raises(InvalidHandle):
        NtUnlockVirtualMemory(call, 0x444, BASE, SIZE, 1)


def test_is_the_working_set_listed(call: Any, mm: FakeMemory) -> None:
    page = SimpleNamespace(address=0x30000, protection=4, share_count=0, shared=False, locked=False)
    mm.pages = [page] * 5
    pointer = call.memory.pointer_size
    assert NtQueryVirtualMemory(call, SELF, 0, 1, BUFFER, 6 * pointer, BUFFER + 0x100) == Status.SUCCESS
    assert call.memory.read_pointer(BUFFER) == 5
    assert call.memory.read_pointer(BUFFER + 5 * pointer) == 0x30004
    assert call.memory.read_pointer(BUFFER + 0x100) == 6 * pointer
    assert NtQueryVirtualMemory(call, SELF, 0, 1, BUFFER, 5 * pointer, 0) == Status.INFO_LENGTH_MISMATCH
    assert NtQueryVirtualMemory(call, SELF, 0, 99, BUFFER, 0x100, 0) == Status.INVALID_INFO_CLASS


def paging_file(call: Any, name: str, length: int | None = None) -> int:
    pointer = call.memory.pointer_size
    call.memory.write_u16(BUFFER, 2 * len(name) if length is None else length)
    call.memory.write_pointer(BUFFER + pointer, call.wide(name))
    call.memory.write_u64(BUFFER + 0x20, 0x200000)
    call.memory.write_u64(BUFFER + 0x28, 0x400000)
    return NtCreatePagingFile(call, BUFFER, BUFFER + 0x20, BUFFER + 0x28, 0)


def test_is_a_paging_file_made_with_its_privilege_only(call: Any, mm: FakeMemory) -> None:
    assert paging_file(call, "\\??\\C:\\pagefile.sys") == Status.PRIVILEGE_NOT_HELD
    hold(call, "SeCreatePagefilePrivilege")
    assert paging_file(call, "\\??\\C:\\pagefile.sys") == Status.SUCCESS
    assert mm.calls == [("create", "\\??\\C:\\pagefile.sys", 0x200000, 0x400000)]
    mm.status = Status.TOO_MANY_PAGING_FILES
    assert paging_file(call, "\\??\\C:\\more.sys") == Status.TOO_MANY_PAGING_FILES


@pytest.mark.parametrize("length", [0, 0x102])
def test_is_a_paging_file_of_no_name_or_of_a_long_one_refused(call: Any, mm: FakeMemory, length: int) -> None:
    hold(call, "SeCreatePagefilePrivilege")
    assert paging_file(call, "x" * 200, length) == Status.OBJECT_NAME_INVALID
    assert mm.calls == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (0xC000004C, 87),
        (0x40000002, 87),
        (0xC000002A, 158),
        (0x40000019, 717),
        (0x40000017, 715),
        (0xC0000097, 8),
        (0xC000014F, 1005),
        (0xC000004D, 87),
        (0xC0000225, 1168),
        (0xC000012C, 317),
        (0xC0000164, 317),
    ],
)
def test_what_win32_error_is_it(status: int, error: int) -> None:
    assert win32_error(Status(status)) == error


def test_what_counts_as_success() -> None:
    assert is_success(Status.SUCCESS) and is_success(Status.WAS_LOCKED)
    assert not is_success(Status.GUARD_PAGE_VIOLATION) and not is_success(Status.NOT_LOCKED)
