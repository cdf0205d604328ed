import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ntmm.kernel.io.constants import DELETE, FILE_GENERIC_READ, FILE_GENERIC_WRITE, Disposition
from ntmm.native.file import NtCreateFile, NtDeleteFile, NtReadFile, NtWriteFile
from ntmm.native.file_information import NtQueryInformationFile, NtSetInformationFile
from ntmm.native.objects import NtClose
from ntmm.nt.status import Status
from tests.win32.fake_call import BUFFER, make_call

HANDLE, IO_STATUS, DATA = BUFFER, BUFFER + 0x40, BUFFER + 0x100
READ_WRITE = FILE_GENERIC_READ | FILE_GENERIC_WRITE | DELETE


@pytest.fixture(params=[4, 8], ids=["x86", "x64"])
def call(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    made = make_call(tmp_path, request.param)
    yield made
    made.kernel.volume.close()


def object_attributes(call: Any, name: str, root: int = 0) -> int:
    pointer, text = call.memory.pointer_size, call.wide(name)
    string, attributes = call.reserve(2 * pointer), call.reserve(6 * pointer)
    call.memory.write(string, struct.pack("<HH", 2 * len(name), 2 * len(name) + 2))
    call.memory.write_pointer(string + pointer, text)
    call.memory.write_u32(attributes, 6 * pointer)
    call.memory.write_pointer(attributes + pointer, root)
    call.memory.write_pointer(attributes + 2 * pointer, string)
    return int(attributes)


def create(call: Any, name: str, how: int = Disposition.OPEN_IF, options: int = 0x20, root: int = 0) -> int:
    attributes = object_attributes(call, name, root)
    return NtCreateFile(call, HANDLE, READ_WRITE, attributes, IO_STATUS, 0, 0x80, 7, how, options, 0, 0)


def information(call: Any) -> int:
    return int(call.memory.read_pointer(IO_STATUS + call.memory.pointer_size))


def test_is_a_file_created_written_and_read(call: Any, tmp_path: Path) -> None:
    assert create(call, "\\??\\C:\\f") == Status.SUCCESS
    assert information(call) == 2
    handle = call.memory.read_u32(HANDLE)
    call.memory.write(DATA, b"12345")
    assert NtWriteFile(call, handle, 0, 0, 0, IO_STATUS, DATA, 5, 0, 0) == Status.SUCCESS
    call.memory.write_u64(DATA + 0x80, 2)
    assert NtReadFile(call, handle, 0, 0, 0, IO_STATUS, DATA + 16, 10, DATA + 0x80, 0) == Status.SUCCESS
    assert call.memory.read(DATA + 16, information(call)) == b"345"
    assert NtReadFile(call, handle, 0, 0, 0, IO_STATUS, DATA, 10, 0, 0) == Status.END_OF_FILE
    assert NtClose(call, handle) == Status.SUCCESS
    assert NtClose(call, handle) == Status.INVALID_HANDLE
    assert (tmp_path / "f").read_bytes() == b"12345"


@pytest.mark.parametrize(
    ("name", "how", "status"),
    [
        ("\\??\\C:\\none", Disposition.OPEN, Status.OBJECT_NAME_NOT_FOUND),
        ("\\??\\C:\\none\\f", Disposition.OPEN, Status.OBJECT_PATH_NOT_FOUND),
        ("\\??\\C:\\..\\f", Disposition.OPEN, Status.OBJECT_NAME_INVALID),
        ("\\Device\\Harddisk0", Disposition.OPEN, Status.OBJECT_PATH_NOT_FOUND),
        ("f", Disposition.OPEN, Status.OBJECT_PATH_SYNTAX_BAD),
        ("\\??\\C:\\f", 9, Status.INVALID_PARAMETER),
    ],
)
def test_which_status_a_bad_open_gives(call: Any, name: str, how: int, status: Status) -> None:
    assert create(call, name, how) == status


def test_is_a_name_relative_to_a_folder(call: Any, tmp_path: Path) -> None:
    assert create(call, "\\??\\C:\\d", options=1) == Status.SUCCESS
    folder = call.memory.read_u32(HANDLE)
    assert create(call, "f", root=folder) == Status.SUCCESS
    assert (tmp_path / "d" / "f").exists()
    assert create(call, "..\\f", root=folder) == Status.OBJECT_NAME_INVALID


def test_what_is_known_of_a_file(call: Any) -> None:
    create(call, "\\??\\C:\\f")
    handle = call.memory.read_u32(HANDLE)
    call.memory.write_u64(DATA, 100)
    assert NtSetInformationFile(call, handle, IO_STATUS, DATA, 8, 20) == Status.SUCCESS
    assert NtQueryInformationFile(call, handle, IO_STATUS, DATA, 24, 5) == Status.SUCCESS
    assert struct.unpack("<QQI??", call.memory.read(DATA, 22)) == (4096, 100, 1, False, False)
    assert NtQueryInformationFile(call, handle, IO_STATUS, DATA, 8, 5) == Status.INFO_LENGTH_MISMATCH
    assert NtQueryInformationFile(call, handle, IO_STATUS, DATA, 8, 77) == Status.NOT_IMPLEMENTED
    assert NtQueryInformationFile(call, handle, IO_STATUS, DATA, 6, 9) == Status.BUFFER_OVERFLOW


def test_is_a_file_renamed_and_deleted(call: Any, tmp_path: Path) -> None:
    create(call, "\\??\\C:\\f")
    handle = call.memory.read_u32(HANDLE)
    pointer, name = call.memory.pointer_size, "\\??\\C:\\g".encode("utf-16-le")
    call.memory.write(DATA, bytes(2 * pointer) + struct.pack("<I", len(name)) + name)
    assert NtSetInformationFile(call, handle, IO_STATUS, DATA, 2 * pointer + 4 + len(name), 10) == Status.SUCCESS
    assert [entry.name for entry in tmp_path.iterdir()] == ["g"]
    call.memory.write_u8(DATA, 1)
    assert NtSetInformationFile(call, handle, IO_STATUS, DATA, 1, 13) == Status.SUCCESS
    NtClose(call, handle)
    assert list(tmp_path.iterdir()) == []
    assert NtDeleteFile(call, object_attributes(call, "\\??\\C:\\g")) == Status.OBJECT_NAME_NOT_FOUND
