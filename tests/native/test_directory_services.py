import struct
from pathlib import Path
from typing import Any

import pytest

from ntmm.kernel.io.names import matches_nt
from ntmm.native.directory import NtQueryDirectoryFile
from ntmm.native.file_information import NtQueryInformationFile
from ntmm.native.volume_information import NtQueryVolumeInformationFile
from ntmm.nt.status import Status
from tests.native.test_file_services import DATA, HANDLE, IO_STATUS, create, information

BOTH, NAMES, ID_FULL = 3, 12, 38
NAME_AT = {1: 64, 2: 68, BOTH: 94, NAMES: 12, 37: 104, ID_FULL: 80}
LENGTH_AT = {1: 60, 2: 60, BOTH: 60, NAMES: 8, 37: 60, ID_FULL: 60}
ROOM = 0x1000


def open_folder(call: Any, name: str = "\\??\\C:\\d") -> int:
    assert create(call, name, how=1, options=0x21) == Status.SUCCESS
    return int(call.memory.read_u32(HANDLE))


def string(call: Any, text: str) -> int:
    address = call.reserve(16)
    call.memory.write(address, struct.pack("<HH", 2 * len(text), 2 * len(text)))
    call.memory.write_pointer(address + call.memory.pointer_size, call.wide(text))
    return int(address)


def query(call: Any, folder: int, kind: int = BOTH, length: int = ROOM, **more: int) -> int:
    words = [more.get(name, 0) for name in ("only_one", "name", "restart")]
    return NtQueryDirectoryFile(call, folder, 0, 0, 0, IO_STATUS, DATA, length, kind, *words)


def names(call: Any, kind: int = BOTH) -> list[str]:
    found, at = [], DATA
    while True:
        size = call.memory.read_u32(at + LENGTH_AT[kind])
        found.append(call.memory.read(at + NAME_AT[kind], size).decode("utf-16-le"))
        step = call.memory.read_u32(at)
        if not step:
            return found
        at += step


@pytest.fixture
def folder(call: Any, tmp_path: Path) -> int:
    (tmp_path / "d").mkdir()
    for name in ("one.txt", "two.c", "three"):
        (tmp_path / "d" / name).write_bytes(name.encode())
    return open_folder(call)


@pytest.mark.parametrize("kind", NAME_AT)
def test_does_a_folder_give_all_its_entries_in_each_form(call: Any, folder: int, kind: int) -> None:
    assert query(call, folder, kind) == Status.SUCCESS
    assert names(call, kind) == [".", "..", "one.txt", "three", "two.c"]
    assert query(call, folder, kind) == Status.NO_MORE_FILES


def test_what_an_entry_tells(call: Any, folder: int) -> None:
    assert query(call, folder, only_one=1, name=string(call, "ONE*")) == Status.SUCCESS
    size, allocation, attributes = struct.unpack("<QQI", call.memory.read(DATA + 40, 20))
    assert (size, allocation, attributes) == (7, 4096, 0x20)
    assert information(call) == 94 + 14


def test_does_the_first_call_choose_the_names(call: Any, folder: int) -> None:
    assert query(call, folder, only_one=1, name=string(call, "t*")) == Status.SUCCESS
    assert names(call) == ["three"]
    assert query(call, folder, name=string(call, "*")) == Status.SUCCESS
    assert names(call) == ["two.c"]
    assert query(call, folder, restart=1) == Status.SUCCESS
    assert names(call) == ["three", "two.c"]


def test_what_does_not_match_or_fit(call: Any, folder: int) -> None:
    assert query(call, folder, name=string(call, "x*")) == Status.NO_SUCH_FILE
    again = open_folder(call)
    assert query(call, again, BOTH, 93) == Status.INFO_LENGTH_MISMATCH
    assert query(call, again, BOTH, 98, name=string(call, "o*")) == Status.BUFFER_OVERFLOW
    assert information(call) == 98
    assert query(call, again) == Status.NO_MORE_FILES
    assert query(call, again, 99) == Status.INVALID_INFO_CLASS
    assert create(call, "\\??\\C:\\d\\two.c") == Status.SUCCESS
    assert query(call, call.memory.read_u32(HANDLE)) == Status.INVALID_PARAMETER


def test_do_entries_that_do_not_fit_come_next_time(call: Any, folder: int) -> None:
    assert query(call, folder, NAMES, 32) == Status.SUCCESS
    assert names(call, NAMES) == [".", ".."]
    assert query(call, folder, NAMES, 40) == Status.SUCCESS
    assert names(call, NAMES) == ["one.txt"]


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*.*", "three", False),
        ("*", "three", True),
        ('<"*', "three", True),
        ('<"*', "a.b.c", True),
        ("<", "a.b", False),
        ("<", "ab", True),
        ("a>>>", "ab", True),
        ("a??", "ab", False),
        ('ab"', "ab", True),
        ('a"b', "a.b", True),
        ("A.?", "a.b", True),
    ],
)
def test_do_patterns_mean_what_ntfs_takes_them_for(pattern: str, name: str, expected: bool) -> None:
    assert matches_nt(pattern, name) is expected


def test_what_the_volume_tells(call: Any, folder: int) -> None:
    def ask(kind: int, length: int = 64) -> int:
        return NtQueryVolumeInformationFile(call, folder, IO_STATUS, DATA, length, kind)

    assert ask(3) == Status.SUCCESS
    assert struct.unpack("<II", call.memory.read(DATA + 16, 8)) == (8, 512)
    assert ask(7, 31) == Status.INFO_LENGTH_MISMATCH
    assert ask(5) == Status.SUCCESS
    assert call.memory.read(DATA + 12, 8).decode("utf-16-le") == "NTFS"
    assert ask(5, 14) == Status.BUFFER_OVERFLOW
    assert information(call) == 14
    assert ask(4) == Status.SUCCESS
    assert call.memory.read_u32(DATA) == 7
    assert ask(1) == Status.SUCCESS
    assert call.memory.read(DATA + 18, 8).decode("utf-16-le") == "NTMM"
    assert ask(6) == Status.INVALID_INFO_CLASS


def test_does_all_information_end_with_the_name(call: Any, folder: int) -> None:
    assert NtQueryInformationFile(call, folder, IO_STATUS, DATA, 200, 18) == Status.SUCCESS
    assert call.memory.read_u32(DATA + 96) == 4
    assert call.memory.read(DATA + 100, 4).decode("utf-16-le") == "\\d"
    assert call.memory.read_u32(DATA + 88) == 0x20  # synchronous
    assert NtQueryInformationFile(call, folder, IO_STATUS, DATA, 99, 18) == Status.INFO_LENGTH_MISMATCH
