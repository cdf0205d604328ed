"""Locks of byte ranges and files without a cache, as the Windows API shows them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.kernel.se import PRIVILEGES
from ntmm.native.file import NtReadFile
from ntmm.native.file_lock import NtLockFile, NtUnlockFile
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import INVALID_HANDLE_VALUE
from ntmm.win32.fileapi import attributes, create, drives, find, locking, paths, transfer
from ntmm.win32.handleapi import CloseHandle
from tests.win32.fake_call import BUFFER

READ, WRITE = 0x80000000, 0x40000000
NO_BUFFERING, WRITE_THROUGH, DELETE_ON_CLOSE = 0x20000000, 0x80000000, 0x04000000
COUNT, OVERLAPPED = BUFFER - 0x100, BUFFER - 0x80


def open_file(call: Any, access: int = READ | WRITE, flags: int = 0x80, name: str = "f") -> int:
    return create.CreateFileW(call, call.wide(name), access, 7, 0, 4, flags, 0)


@pytest.fixture
def two(call: Any, tmp_path: Path) -> tuple[int, int]:
    """Two opens of one file of 4096 bytes."""
    (tmp_path / "f").write_bytes(bytes(4096))
    return open_file(call), open_file(call)


def read(call: Any, handle: int, offset: int, size: int, buffer: int = BUFFER) -> int:
    """Bytes read, or minus the error."""
    transfer.SetFilePointer(call, handle, offset, 0, 0)
    if transfer.ReadFile(call, handle, buffer, size, COUNT, 0):
        return int(call.memory.read_u32(COUNT))
    return -int(call.last_error)


def write(call: Any, handle: int, offset: int, size: int, buffer: int = BUFFER) -> int:
    transfer.SetFilePointer(call, handle, offset, 0, 0)
    if transfer.WriteFile(call, handle, buffer, size, COUNT, 0):
        return int(call.memory.read_u32(COUNT))
    return -int(call.last_error)


def overlapped(call: Any, offset: int) -> int:
    pointer = call.memory.pointer_size
    call.memory.write(OVERLAPPED, bytes(4 * pointer))
    call.memory.write_u64(OVERLAPPED + 2 * pointer, offset)
    return OVERLAPPED


def lock_ex(call: Any, handle: int, flags: int, offset: int, length: int) -> int:
    return locking.LockFileEx(call, handle, flags, 0, length, 0, overlapped(call, offset))


def test_does_a_lock_bind_other_opens(call: Any, two: tuple[int, int]) -> None:
    mine, other = two
    assert locking.LockFile(call, mine, 100, 0, 50, 0) == 1
    assert (read(call, mine, 120, 10), write(call, mine, 120, 10)) == (10, 10)
    assert (read(call, other, 120, 10), write(call, other, 140, 20)) == (-33, -33)
    assert (read(call, other, 150, 10), write(call, other, 0, 100)) == (10, 100)
    assert locking.LockFile(call, other, 149, 0, 1, 0) == 0
    assert call.last_error == Win32Error.LOCK_VIOLATION
    assert locking.UnlockFile(call, mine, 100, 0, 50, 0) == 1
    assert locking.LockFile(call, other, 149, 0, 1, 0) == 1


def test_may_many_hold_a_shared_lock_and_none_write(call: Any, two: tuple[int, int]) -> None:
    mine, other = two
    assert lock_ex(call, mine, 1, 0, 10) == 1
    assert lock_ex(call, other, 1, 5, 10) == 1
    assert (read(call, mine, 0, 20), read(call, other, 0, 20)) == (20, 20)
    assert (write(call, mine, 0, 1), write(call, other, 0, 1)) == (-33, -33)
    assert lock_ex(call, other, 3, 0, 1) == 0
    assert call.last_error == Win32Error.LOCK_VIOLATION
    assert locking.UnlockFileEx(call, mine, 0, 10, 0, overlapped(call, 0)) == 1
    assert locking.UnlockFileEx(call, mine, 0, 10, 0, overlapped(call, 0)) == 0
    assert call.last_error == Win32Error.NOT_LOCKED


def test_are_locks_beyond_four_gigabytes_and_the_end(call: Any, two: tuple[int, int]) -> None:
    mine, other = two
    assert locking.LockFile(call, mine, 0, 1, 0, 1) == 1
    assert locking.LockFile(call, other, 0, 2, 1, 0) == 1
    assert locking.LockFile(call, other, 0, 1, 1, 0) == 0
    assert locking.LockFile(call, other, 0xFFFFFFFF, 0xFFFFFFFF, 2, 0) == 0
    assert call.last_error == 307


def test_do_locks_go_with_the_handle(call: Any, two: tuple[int, int]) -> None:
    mine, other = two
    locking.LockFile(call, mine, 0, 0, 10, 0)
    CloseHandle(call, mine)
    assert read(call, other, 0, 10) == 10


def test_does_a_lock_wait_until_it_can_be_had(call: Any, two: tuple[int, int]) -> None:
    mine, other = two
    waits = []

    def wait(thread: object, objects: tuple[Any, ...], user_mode: bool) -> int:
        waits.append(objects[0].signal_state)
        locking.UnlockFile(call, mine, 0, 0, 10, 0)
        assert objects[0].signal_state
        return 0

    call.kernel.scheduler = SimpleNamespace(wait=wait, signalled=lambda target: None)
    assert locking.LockFile(call, mine, 0, 0, 10, 0) == 1
    assert lock_ex(call, other, 2, 5, 1) == 1
    assert waits == [False]
    assert read(call, mine, 5, 1) == -33


def test_what_can_not_be_locked(call: Any, two: tuple[int, int], tmp_path: Path) -> None:
    assert lock_ex(call, two[0], 4, 0, 1) == 0
    assert call.last_error == Win32Error.INVALID_PARAMETER
    assert locking.LockFileEx(call, two[0], 0, 1, 1, 0, overlapped(call, 0)) == 0
    assert call.last_error == Win32Error.INVALID_PARAMETER
    assert locking.LockFile(call, open_file(call, 0), 0, 0, 1, 0) == 0
    assert call.last_error == Win32Error.ACCESS_DENIED
    assert locking.LockFile(call, open_file(call, name="NUL"), 0, 0, 1, 0) == 0
    assert call.last_error == Win32Error.INVALID_PARAMETER
    assert locking.LockFile(call, 0x444, 0, 0, 1, 0) == 0
    assert call.last_error == Win32Error.INVALID_HANDLE


def test_does_the_key_belong_to_the_owner(call: Any, two: tuple[int, int]) -> None:
    offset, length, key, io_status = (BUFFER + at for at in (0x200, 0x208, 0x210, 0x218))
    call.memory.write_u64(length, 10)
    call.memory.write_u32(key, 7)
    arguments = (0, 0, 0, io_status, offset, length)
    assert NtLockFile(call, two[0], *arguments, 7, 1, 1) == Status.SUCCESS
    assert NtLockFile(call, two[0], *arguments, 7, 1, 1) == Status.LOCK_NOT_GRANTED
    assert NtReadFile(call, two[0], 0, 0, 0, io_status, BUFFER, 5, offset, 0) == Status.FILE_LOCK_CONFLICT
    assert NtReadFile(call, two[0], 0, 0, 0, io_status, BUFFER, 5, offset, key) == Status.SUCCESS
    assert NtUnlockFile(call, two[0], io_status, offset, length, 0) == Status.RANGE_NOT_LOCKED
    assert NtUnlockFile(call, two[0], io_status, offset, length, 7) == Status.SUCCESS


@pytest.mark.parametrize(
    ("offset", "size", "shift", "result"),
    [(0, 512, 0, 512), (512, 1024, 4, 1024), (0, 100, 0, -87), (0, 512, 2, -87), (4096, 512, 0, 0)],
)
def test_does_a_file_without_a_cache_take_whole_sectors_only(
    call: Any, tmp_path: Path, offset: int, size: int, shift: int, result: int
) -> None:
    (tmp_path / "f").write_bytes(bytes(4096))
    handle = open_file(call, flags=NO_BUFFERING | WRITE_THROUGH)
    assert read(call, handle, offset, size, BUFFER + shift) == result
    expected = result if offset < 4096 else size
    assert write(call, handle, offset, size, BUFFER + shift) == expected


def test_is_a_position_inside_a_sector_refused(call: Any, two: tuple[int, int]) -> None:
    handle = open_file(call, flags=NO_BUFFERING)
    assert transfer.SetFilePointer(call, handle, 100, 0, 0) == 0xFFFFFFFF
    assert call.last_error == Win32Error.INVALID_PARAMETER
    assert transfer.SetFilePointerEx(call, handle, 1024, 0, 0) == 1
    assert transfer.SetFilePointer(call, two[0], 100, 0, 0) == 100


def test_is_the_end_of_a_file_read_without_a_cache(call: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(700))
    handle = open_file(call, flags=NO_BUFFERING)
    assert (read(call, handle, 512, 512), read(call, handle, 0, 4096)) == (188, 700)


def test_does_a_read_from_inside_the_last_sector_find_the_end(call: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(700))
    handle = open_file(call, flags=NO_BUFFERING)
    assert read(call, handle, 512, 512) == 188
    assert transfer.ReadFile(call, handle, BUFFER, 512, COUNT, 0) == 1
    assert call.memory.read_u32(COUNT) == 0
    assert transfer.ReadFile(call, handle, BUFFER, 512, COUNT, overlapped(call, 700)) == 0
    assert call.last_error == Win32Error.INVALID_PARAMETER


def position(call: Any, handle: int) -> int:
    return int(transfer.SetFilePointer(call, handle, 0, 0, 1))


def test_does_the_position_of_a_synchronous_file_follow_an_overlapped_request(call: Any, two: tuple[int, int]) -> None:
    assert transfer.ReadFile(call, two[0], BUFFER, 100, COUNT, overlapped(call, 1000)) == 1
    assert position(call, two[0]) == 1100
    assert transfer.WriteFile(call, two[0], BUFFER, 10, COUNT, overlapped(call, 50)) == 1
    assert position(call, two[0]) == 60
    assert transfer.ReadFile(call, two[0], BUFFER, 100, COUNT, overlapped(call, 5000)) == 0
    assert position(call, two[0]) == 60


def test_where_does_an_append_leave_the_position(call: Any, two: tuple[int, int]) -> None:
    append_data = 0x4
    handle = open_file(call, access=append_data)
    assert write(call, handle, 0, 100) == 100
    assert position(call, handle) == 4196


@pytest.mark.parametrize("hidden", [0x2, 0x4])
def test_must_a_hidden_file_be_replaced_by_a_hidden_one(call: Any, tmp_path: Path, hidden: int) -> None:
    create_always, truncate_existing = 2, 5
    (tmp_path / "f").write_bytes(b"kept")
    assert attributes.SetFileAttributesW(call, call.wide("f"), hidden)
    for disposition in (create_always, truncate_existing):
        assert create.CreateFileW(call, call.wide("f"), WRITE, 7, 0, disposition, 0x80, 0) == INVALID_HANDLE_VALUE
        assert call.last_error == Win32Error.ACCESS_DENIED
    assert (tmp_path / "f").read_bytes() == b"kept"
    handle = create.CreateFileW(call, call.wide("f"), WRITE, 7, 0, create_always, hidden, 0)
    assert handle != INVALID_HANDLE_VALUE
    assert transfer.GetFileSize(call, handle, 0) == 0


def test_who_may_say_how_far_a_file_is_written(call: Any, two: tuple[int, int]) -> None:
    assert transfer.SetFileValidData(call, two[0], 4096) == 0
    assert call.last_error == 1314
    call.process.token.grant(PRIVILEGES["SeManageVolumePrivilege"])
    call.process.token.set_enabled(PRIVILEGES["SeManageVolumePrivilege"], True)
    assert transfer.SetFileValidData(call, two[0], 4096) == 1
    for length in (4097, 0, -1):
        assert transfer.SetFileValidData(call, two[0], length) == 0
        assert call.last_error == Win32Error.INVALID_PARAMETER
    assert transfer.SetFileValidData(call, open_file(call, READ), 10) == 0
    assert call.last_error == Win32Error.ACCESS_DENIED


def test_does_a_temporary_file_go_with_its_last_handle(call: Any, tmp_path: Path) -> None:
    handle = open_file(call, READ | WRITE, DELETE_ON_CLOSE | 0x100, "temporary")
    refused = create.CreateFileW(call, call.wide("temporary"), READ, 3, 0, 3, 0x80, 0)
    assert (refused, call.last_error) == (-1, Win32Error.SHARING_VIOLATION)
    second = create.CreateFileW(call, call.wide("temporary"), READ, 7, 0, 3, 0x80, 0)
    CloseHandle(call, handle)
    assert (tmp_path / "temporary").exists()
    CloseHandle(call, second)
    assert not (tmp_path / "temporary").exists()


def test_do_the_ansi_functions_answer_as_the_wide_ones(call: Any, two: tuple[int, int]) -> None:
    assert paths.GetLongPathNameA(call, call.ansi("C:\\f"), BUFFER, 100) == 4
    assert call.memory.read_cstring(BUFFER) == b"C:\\f"
    assert drives.GetDiskFreeSpaceExA(call, call.ansi("C:\\"), BUFFER, 0, 0) == 1
    assert call.memory.read_u64(BUFFER) > 0
    search = find.FindFirstFileExA(call, call.ansi("*"), 0, BUFFER, 0, 0, 0)
    assert search != -1
    find.FindClose(call, search)
    assert find.FindFirstFileExA(call, call.ansi("*"), 2, BUFFER, 0, 0, 0) == -1
