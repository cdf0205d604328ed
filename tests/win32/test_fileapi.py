import os
import struct
from pathlib import Path
from typing import Any

import pytest

from ntmm.nt.win32 import Win32Error
from ntmm.win32 import winbase
from ntmm.win32.fileapi import asynchronous, attributes, create, drives, find, move, paths, transfer
from ntmm.win32.handleapi import CloseHandle, DuplicateHandle
from tests.win32.fake_call import BUFFER

GENERIC_READ, GENERIC_WRITE = 0x80000000, 0x40000000
CREATE_NEW, CREATE_ALWAYS, OPEN_EXISTING, OPEN_ALWAYS, TRUNCATE_EXISTING = 1, 2, 3, 4, 5
COUNT = BUFFER + 0x1000


def open_file(call: Any, name: str, access: int = GENERIC_READ, how: int = OPEN_EXISTING, flags: int = 0x80) -> int:
    return create.CreateFileW(call, call.wide(name), access, 7, 0, how, flags, 0)


def test_is_what_was_written_read_back(call: Any, tmp_path: Path) -> None:
    handle = open_file(call, "f.txt", GENERIC_READ | GENERIC_WRITE, CREATE_NEW)
    call.memory.write(BUFFER, b"hello world")
    assert transfer.WriteFile(call, handle, BUFFER, 11, COUNT, 0) == 1
    assert call.memory.read_u32(COUNT) == 11
    assert transfer.SetFilePointer(call, handle, 6, 0, 0) == 6
    assert transfer.ReadFile(call, handle, BUFFER + 100, 50, COUNT, 0) == 1
    assert call.memory.read(BUFFER + 100, call.memory.read_u32(COUNT)) == b"world"
    assert transfer.ReadFile(call, handle, BUFFER + 100, 50, COUNT, 0) == 1
    assert call.memory.read_u32(COUNT) == 0
    assert CloseHandle(call, handle) == 1
    assert (tmp_path / "f.txt").read_bytes() == b"hello world"


@pytest.mark.parametrize(
    ("how", "exists", "handle_comes", "error"),
    [
        (CREATE_NEW, False, True, 0),
        (CREATE_NEW, True, False, Win32Error.FILE_EXISTS),
        (CREATE_ALWAYS, False, True, 0),
        (CREATE_ALWAYS, True, True, Win32Error.ALREADY_EXISTS),
        (OPEN_EXISTING, False, False, Win32Error.FILE_NOT_FOUND),
        (OPEN_EXISTING, True, True, 0),
        (OPEN_ALWAYS, False, True, 0),
        (OPEN_ALWAYS, True, True, Win32Error.ALREADY_EXISTS),
        (TRUNCATE_EXISTING, False, False, Win32Error.FILE_NOT_FOUND),
        (TRUNCATE_EXISTING, True, True, 0),
        (9, True, False, Win32Error.INVALID_PARAMETER),
    ],
)
def test_what_create_file_tells(
    call: Any, tmp_path: Path, how: int, exists: bool, handle_comes: bool, error: int
) -> None:
    if exists:
        (tmp_path / "f").write_text("x")
    assert (open_file(call, "f", GENERIC_WRITE, how) != -1) is handle_comes
    assert call.last_error == error


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("missing\\f", Win32Error.PATH_NOT_FOUND),
        ("D:\\f", Win32Error.PATH_NOT_FOUND),
        ("", Win32Error.PATH_NOT_FOUND),
        ("a?b", Win32Error.INVALID_NAME),
        ("\\\\server\\x\\y", Win32Error.BAD_NETPATH),
        ("\\\\.\\PhysicalDrive0", Win32Error.FILE_NOT_FOUND),
        (".", Win32Error.ACCESS_DENIED),
        ("x" * 300, Win32Error.FILENAME_EXCED_RANGE),
    ],
)
def test_which_error_a_bad_name_gives(call: Any, name: str, error: int) -> None:
    assert open_file(call, name) == -1
    assert call.last_error == error


def test_does_a_second_writer_violate_sharing(call: Any) -> None:
    name = call.wide("f")
    first = create.CreateFileW(call, name, GENERIC_WRITE, 0, 0, CREATE_NEW, 0x80, 0)
    assert create.CreateFileA(call, call.ansi("F"), GENERIC_READ, 7, 0, OPEN_EXISTING, 0x80, 0) == -1
    assert call.last_error == Win32Error.SHARING_VIOLATION
    assert create.DeleteFileW(call, name) == 0
    assert call.last_error == Win32Error.SHARING_VIOLATION
    CloseHandle(call, first)
    assert create.DeleteFileW(call, name) == 1


def test_does_a_bad_buffer_fail_and_not_fault(call: Any) -> None:
    handle = open_file(call, "f", GENERIC_READ | GENERIC_WRITE, CREATE_NEW)
    assert transfer.WriteFile(call, handle, 8, 10, COUNT, 0) == 0
    assert call.last_error == Win32Error.NOACCESS


def test_what_a_bad_handle_gives(call: Any) -> None:
    assert transfer.GetFileSize(call, 0x1234, 0) == 0xFFFFFFFF
    assert call.last_error == Win32Error.INVALID_HANDLE
    assert transfer.ReadFile(call, 0x1234, BUFFER, 1, COUNT, 0) == 0
    assert CloseHandle(call, 0x1234) == 0


def test_does_an_overlapped_read_use_its_offset(call: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"0123456789")
    handle = open_file(call, "f", flags=0x40000000)
    pointer = call.memory.pointer_size
    overlapped = BUFFER + 0x2000
    call.memory.write_u64(overlapped + 2 * pointer, 7)
    assert transfer.ReadFile(call, handle, BUFFER, 10, COUNT, overlapped) == 1
    assert call.memory.read(BUFFER, 3) == b"789"
    assert asynchronous.GetOverlappedResult(call, handle, overlapped, COUNT, 1) == 1
    assert call.memory.read_u32(COUNT) == 3
    call.memory.write_u64(overlapped + 2 * pointer, 10)
    assert transfer.ReadFile(call, handle, BUFFER, 10, COUNT, overlapped) == 0
    assert call.last_error == Win32Error.HANDLE_EOF


def test_how_file_pointers_move(call: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"0123456789")
    handle = open_file(call, "f", GENERIC_READ | GENERIC_WRITE)
    assert transfer.SetFilePointer(call, handle, -3, 0, 2) == 7
    assert transfer.SetFilePointer(call, handle, -8, 0, 1) == 0xFFFFFFFF
    assert call.last_error == Win32Error.NEGATIVE_SEEK
    call.last_error = 0
    assert transfer.SetFilePointer(call, handle, -1, 0, 0) == 0xFFFFFFFF
    assert call.last_error == Win32Error.NEGATIVE_SEEK
    assert transfer.SetFilePointerEx(call, handle, 1 << 33, BUFFER, 0) == 1
    assert call.memory.read_u64(BUFFER) == 1 << 33
    call.memory.write_u32(BUFFER, 1)
    assert transfer.SetFilePointer(call, handle, -1, BUFFER, 0) == 0xFFFFFFFF
    assert (call.last_error, call.memory.read_u32(BUFFER)) == (0, 1)
    transfer.SetFilePointer(call, handle, 4, 0, 0)
    assert transfer.SetEndOfFile(call, handle) == 1
    assert transfer.GetFileSize(call, handle, BUFFER) == 4


def test_what_a_search_finds(call: Any, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for name in ("b.txt", "A.txt", "c.doc"):
        (tmp_path / "d" / name).write_text(name)
    found = []
    handle = find.FindFirstFileW(call, call.wide("d\\*.*"), BUFFER)
    more = 1
    while more:
        found.append(call.wide_at(BUFFER + 44))
        more = find.FindNextFileW(call, handle, BUFFER)
    assert found == [".", "..", "A.txt", "b.txt", "c.doc"]
    assert call.last_error == Win32Error.NO_MORE_FILES
    assert CloseHandle(call, handle) == 0
    assert find.FindClose(call, handle) == 1


@pytest.mark.parametrize(
    ("pattern", "error"),
    [
        ("*.none", Win32Error.FILE_NOT_FOUND),
        ("none", Win32Error.FILE_NOT_FOUND),
        ("none\\*", Win32Error.PATH_NOT_FOUND),
        ("C:\\", Win32Error.FILE_NOT_FOUND),
    ],
)
def test_what_an_empty_search_gives(call: Any, pattern: str, error: int) -> None:
    assert find.FindFirstFileW(call, call.wide(pattern), BUFFER) == -1
    assert call.last_error == error


def test_what_find_data_holds(call: Any, tmp_path: Path) -> None:
    (tmp_path / "File").write_bytes(b"12345")
    os.utime(tmp_path / "File", ns=(0, 1_000_000_000))
    handle = find.FindFirstFileA(call, call.ansi("fILE"), BUFFER)
    assert handle > 0
    filetime = 116_444_736_000_000_000 + 10_000_000
    expected = struct.pack("<I3QII", 0x20, filetime, filetime, filetime, 0, 5)
    assert call.memory.read(BUFFER, 36) == expected
    assert call.memory.read_cstring(BUFFER + 44) == b"File"


def test_what_attributes_are_told(call: Any, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "f").write_text("")
    assert attributes.GetFileAttributesW(call, call.wide("d")) == 0x10
    assert attributes.GetFileAttributesA(call, call.ansi("f")) == 0x20
    assert attributes.GetFileAttributesW(call, call.wide("none")) == 0xFFFFFFFF
    assert attributes.SetFileAttributesW(call, call.wide("f"), 1) == 1
    assert attributes.GetFileAttributesW(call, call.wide("f")) == 1
    assert not (tmp_path / "f").stat().st_mode & 0o222
    assert create.DeleteFileW(call, call.wide("f")) == 0
    assert call.last_error == Win32Error.ACCESS_DENIED


def test_do_file_times_come_back(call: Any) -> None:
    handle = open_file(call, "f", GENERIC_WRITE, CREATE_NEW)
    time = 127_000_000_000_000_000
    for place in (BUFFER, BUFFER + 8, BUFFER + 16):
        call.memory.write_u64(place, time + place)
    assert transfer.SetFileTime(call, handle, BUFFER, BUFFER + 8, BUFFER + 16) == 1
    assert transfer.GetFileTime(call, handle, BUFFER + 32, BUFFER + 40, BUFFER + 48) == 1
    assert call.memory.read(BUFFER + 32, 24) == call.memory.read(BUFFER, 24)


def test_how_files_move_and_are_copied(call: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    a, b = call.wide("a"), call.wide("b")
    assert move.MoveFileW(call, a, b) == 0
    assert call.last_error == Win32Error.ALREADY_EXISTS
    assert move.CopyFileW(call, a, b, 1) == 0
    assert call.last_error == Win32Error.FILE_EXISTS
    assert move.CopyFileW(call, a, b, 0) == 1
    assert (tmp_path / "b").read_text() == "a"
    assert move.MoveFileExW(call, a, b, move.MOVEFILE_REPLACE_EXISTING) == 1
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["b"]
    assert move.MoveFileW(call, b, call.wide("C:\\Windows\\Temp\\b")) == 1
    assert list(tmp_path.iterdir()) == []
    assert move.MoveFileW(call, call.wide("C:\\Windows\\Temp\\b"), b) == 1
    assert (tmp_path / "b").read_text() == "a"


def test_how_folders_are_made_and_removed(call: Any) -> None:
    name = call.wide("d")
    assert create.CreateDirectoryW(call, name, 0) == 1
    assert create.CreateDirectoryW(call, name, 0) == 0
    assert call.last_error == Win32Error.ALREADY_EXISTS
    assert create.RemoveDirectoryW(call, name) == 1
    assert create.RemoveDirectoryW(call, name) == 0
    assert call.last_error == Win32Error.FILE_NOT_FOUND


def test_what_a_full_path_name_is(call: Any) -> None:
    size = paths.GetFullPathNameW(call, call.wide("a\\..\\file.txt"), 100, BUFFER, COUNT)
    assert call.wide_at(BUFFER) == "C:\\file.txt"
    assert size == 11
    assert call.wide_at(call.memory.read_pointer(COUNT)) == "file.txt"
    assert paths.GetFullPathNameW(call, call.wide("file.txt"), 11, BUFFER, 0) == 12


def test_are_temporary_names_new(call: Any, tmp_path: Path) -> None:
    assert paths.GetTempPathW(call, 100, BUFFER) == 7
    assert call.wide_at(BUFFER) == "C:\\tmp\\"
    (tmp_path / "tmp").mkdir()
    names = set()
    for _ in range(3):
        assert paths.GetTempFileNameW(call, call.wide("C:\\tmp"), call.wide("abcd"), 0, BUFFER)
        names.add(call.wide_at(BUFFER))
    assert len(names) == 3
    assert all(name.startswith("C:\\tmp\\abc") for name in names)
    assert len(list((tmp_path / "tmp").iterdir())) == 3


def test_is_c_the_only_drive(call: Any) -> None:
    assert drives.GetLogicalDrives(call) == 4
    assert drives.GetLogicalDriveStringsW(call, 100, BUFFER) == 4
    assert call.memory.read(BUFFER, 10) == "C:\\\0\0".encode("utf-16-le")
    assert drives.GetDriveTypeW(call, call.wide("C:\\")) == 3
    assert drives.GetDriveTypeA(call, call.ansi("D:\\")) == 1
    assert drives.GetDiskFreeSpaceExW(call, 0, BUFFER, BUFFER + 8, 0) == 1
    assert call.memory.read_u64(BUFFER) <= call.memory.read_u64(BUFFER + 8)


def test_does_a_duplicate_live_longer(call: Any, tmp_path: Path) -> None:
    handle = open_file(call, "f", GENERIC_WRITE, CREATE_NEW)
    assert DuplicateHandle(call, -1, handle, -1, BUFFER, 0, 0, 2) == 1
    assert CloseHandle(call, handle) == 1
    assert CloseHandle(call, handle) == 0
    duplicate = call.memory.read_u32(BUFFER)
    assert transfer.WriteFile(call, duplicate, BUFFER, 4, 0, 0) == 1
    assert (tmp_path / "f").stat().st_size == 4


def test_are_narrow_names_oem_after_set_file_apis_to_oem(call: Any, tmp_path: Path) -> None:
    (tmp_path / "ä").write_text("")
    call.memory.write(BUFFER, b"\x84\0")
    assert attributes.GetFileAttributesA(call, BUFFER) == 0xFFFFFFFF
    winbase.SetFileApisToOEM(call)
    assert winbase.AreFileApisANSI(call) == 0
    assert attributes.GetFileAttributesA(call, BUFFER) == 0x20


def test_does_the_extended_copy_take_its_flags(call: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"12345")
    source, target, cancel = call.wide("f"), call.wide("g"), BUFFER
    call.memory.write_u32(cancel, 1)

    def copy(progress: int = 0, stop: int = 0, flags: int = 0) -> int:
        call.set_last_error(0)
        result = move.CopyFileExW(call, source, target, progress, 0, stop, flags)
        return 0 if result else int(call.last_error)

    assert copy(stop=cancel) == Win32Error.REQUEST_ABORTED
    assert copy(progress=0x1234) == Win32Error.CALL_NOT_IMPLEMENTED
    assert copy(flags=0x80) == Win32Error.INVALID_PARAMETER
    assert not (tmp_path / "g").exists()
    assert copy() == 0
    assert (tmp_path / "g").read_bytes() == b"12345"
    assert copy(flags=1) == Win32Error.FILE_EXISTS


def test_do_all_ones_as_an_offset_append(call: Any, tmp_path: Path) -> None:
    handle = open_file(call, "f", GENERIC_READ | GENERIC_WRITE, CREATE_ALWAYS)
    overlapped = BUFFER + 0x2000
    call.memory.write(BUFFER, b"text")
    for offset, wrote in (((1 << 64) - 1, 1), ((1 << 64) - 1, 1), (1 << 63, 0), ((1 << 64) - 2, 0)):
        call.memory.write(overlapped, bytes(40))
        call.memory.write_u64(overlapped + 2 * call.memory.pointer_size, offset)
        call.last_error = 0
        assert transfer.WriteFile(call, handle, BUFFER, 4, COUNT, overlapped) == wrote
        assert call.last_error == (0 if wrote else Win32Error.INVALID_PARAMETER)
        assert transfer.ReadFile(call, handle, BUFFER + 100, 4, COUNT, overlapped) == 0
        assert call.last_error == Win32Error.INVALID_PARAMETER
    CloseHandle(call, handle)
    assert (tmp_path / "f").read_bytes() == b"texttext"


def test_is_a_file_copied_that_is_open_for_writing_and_shared_for_reading(call: Any, tmp_path: Path) -> None:
    handle = create.CreateFileW(call, call.wide("f"), GENERIC_READ | GENERIC_WRITE, 1, 0, CREATE_NEW, 0x80, 0)
    call.memory.write(BUFFER, b"text")
    transfer.WriteFile(call, handle, BUFFER, 4, COUNT, 0)
    assert move.CopyFileW(call, call.wide("f"), call.wide("g"), 1) == 1
    assert (tmp_path / "g").read_bytes() == b"text"
    assert move.CopyFileW(call, call.wide("g"), call.wide("f"), 0) == 0
    assert call.last_error == Win32Error.SHARING_VIOLATION
    CloseHandle(call, handle)
    handle = create.CreateFileW(call, call.wide("f"), GENERIC_READ, 0, 0, OPEN_EXISTING, 0x80, 0)
    assert move.CopyFileW(call, call.wide("f"), call.wide("h"), 1) == 0
    assert call.last_error == Win32Error.SHARING_VIOLATION
    CloseHandle(call, handle)


def test_does_a_copy_that_fails_leave_nothing(call: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(bytes(100_000))
    call.kernel.volume.quota.free = 50_000
    assert move.CopyFileW(call, call.wide("f"), call.wide("g"), 1) == 0
    assert call.last_error == Win32Error.DISK_FULL
    assert [file.name for file in tmp_path.iterdir()] == ["f"]
    assert call.kernel.volume.quota.free == 50_000


def test_is_a_buffer_that_wraps_refused_at_the_end_of_the_file_too(call: Any, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    handle = open_file(call, "f")
    call.memory.write_u32(COUNT, 9)
    assert transfer.ReadFile(call, handle, (1 << 8 * call.memory.pointer_size) - 8, 0x1000, COUNT, 0) == 0
    assert (call.last_error, call.memory.read_u32(COUNT)) == (998, 0)
    assert transfer.ReadFile(call, handle, BUFFER, 0xFFFFFFFF >> 2, COUNT, 0) == 1
    CloseHandle(call, handle)
