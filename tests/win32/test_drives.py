"""What programs learn of the drive, its device, and of files that they look for."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.native.service_table import find_service
from ntmm.nt.win32 import Win32Error
from ntmm.win32 import program_search
from ntmm.win32.fileapi import attributes, devices, search_path
from tests.win32.fake_call import BUFFER

DEVICE = "\\Device\\HarddiskVolume1"


def wide_units(call: Any, count: int) -> str:
    return str(call.memory.read(BUFFER, 2 * count).decode("utf-16-le"))


@pytest.mark.parametrize("name", ["C:", "c:"])
def test_which_device_is_a_drive(call: Any, name: str) -> None:
    count = len(DEVICE) + 2
    assert devices.QueryDosDeviceW(call, call.wide(name), BUFFER, 100) == count
    assert wide_units(call, count) == DEVICE + "\0\0"
    assert devices.QueryDosDeviceA(call, call.ansi(name), BUFFER, count) == count
    assert call.memory.read(BUFFER, count) == DEVICE.encode() + b"\0\0"


def test_which_devices_are_there(call: Any) -> None:
    assert devices.QueryDosDeviceW(call, 0, BUFFER, 100) == 8
    assert wide_units(call, 8) == "C:\0NUL\0\0"


@pytest.mark.parametrize(
    ("name", "size", "error"),
    [
        ("D:", 100, Win32Error.FILE_NOT_FOUND),
        ("C:\\", 100, Win32Error.FILE_NOT_FOUND),
        ("", 100, Win32Error.FILE_NOT_FOUND),
        ("C:", len(DEVICE) + 1, Win32Error.INSUFFICIENT_BUFFER),
        ("C:", 0, Win32Error.INSUFFICIENT_BUFFER),
    ],
)
def test_which_questions_about_devices_fail(call: Any, name: str, size: int, error: int) -> None:
    assert devices.QueryDosDeviceA(call, call.ansi(name), BUFFER, size) == 0
    assert call.last_error == error


def test_is_the_volume_described_in_both_kinds(call: Any) -> None:
    for kind, width in (("A", 1), ("W", 2)):
        found = find_service("kernel32", f"GetVolumeInformation{kind}")
        assert found is not None
        assert found.handler(call, 0, 0, 0, BUFFER, BUFFER + 4, BUFFER + 8, BUFFER + 16, 5) == 1
        assert call.memory.read(BUFFER + 16, 5 * width) == "NTFS\0".encode("ascii" if width == 1 else "utf-16-le")
        assert call.memory.read_u32(BUFFER + 4) == 255
        assert found.handler(call, 0, 0, 0, 0, 0, 0, BUFFER, 4) == 0
        assert call.last_error == Win32Error.BAD_LENGTH
        text = call.ansi("D:\\") if width == 1 else call.wide("D:\\")
        assert found.handler(call, text, 0, 0, 0, 0, 0, 0, 0) == 0
        assert call.last_error == Win32Error.PATH_NOT_FOUND


def test_how_large_is_a_file_by_name(call: Any, tmp_path: Path) -> None:
    with open(tmp_path / "f", "wb") as file:
        file.truncate(5 << 30)
    assert attributes.GetCompressedFileSizeW(call, call.wide("f"), BUFFER) == 1 << 30
    assert call.memory.read_u32(BUFFER) == 1
    assert attributes.GetCompressedFileSizeA(call, call.ansi("none"), 0) == 0xFFFFFFFF
    assert call.last_error == Win32Error.FILE_NOT_FOUND


@pytest.fixture
def _program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """C:\\programs\\own.exe runs."""
    linker = SimpleNamespace(modules=SimpleNamespace(program=SimpleNamespace(path="C:\\programs\\own.exe")))
    monkeypatch.setattr(program_search, "linker_of", lambda call: linker)
    for folder in ("programs", "data"):
        (tmp_path / folder).mkdir()


@pytest.mark.usefixtures("_program")
@pytest.mark.parametrize(
    ("folders", "name", "extension", "found"),
    [
        (None, "own.ini", None, "C:\\programs\\own.ini"),
        (None, "own", ".ini", "C:\\programs\\own.ini"),
        (None, "own.ini", ".txt", "C:\\programs\\own.ini"),
        (None, "top.txt", None, "C:\\top.txt"),
        (None, "data\\d.bin", None, "C:\\data\\d.bin"),
        (None, "system32", None, "C:\\WINDOWS\\system32"),
        ("C:\\nowhere;data", "d.bin", None, "C:\\data\\d.bin"),
        ("data", "C:\\top", ".txt", "C:\\top.txt"),
    ],
)
def test_which_file_is_found(
    call: Any, tmp_path: Path, folders: str | None, name: str, extension: str | None, found: str
) -> None:
    for file in ("programs/own.ini", "top.txt", "data/d.bin"):
        (tmp_path / file).touch()
    where, added = (call.wide(text) if text is not None else 0 for text in (folders, extension))
    part = BUFFER + 0x1000
    length = search_path.SearchPathW(call, where, call.wide(name), added, 100, BUFFER, part)
    assert call.memory.read(BUFFER, 2 * length).decode("utf-16-le").lower() == found.lower()
    assert call.memory.read_pointer(part) == BUFFER + 2 * (found.rindex("\\") + 1)
    assert search_path.SearchPathW(call, where, call.wide(name), added, length, BUFFER, 0) == length + 1


@pytest.mark.usefixtures("_program")
@pytest.mark.parametrize(
    ("name", "error"), [("none", Win32Error.FILE_NOT_FOUND), ("", Win32Error.INVALID_PARAMETER), (None, 87)]
)
def test_what_is_not_found(call: Any, name: str | None, error: int) -> None:
    text = call.ansi(name) if name is not None else 0
    assert search_path.SearchPathA(call, call.ansi("data;"), text, 0, 100, BUFFER, 0) == 0
    assert call.last_error == error
