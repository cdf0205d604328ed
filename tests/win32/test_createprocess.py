"""Which program does CreateProcess start, and what does it make of what it is told?"""

import struct
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.kernel.io.failure import IoFailure
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.runner.images import open_volume_image
from ntmm.win32 import program_search
from ntmm.win32.environment import read_strings, split_string
from ntmm.win32.failing import Win32Failure
from ntmm.win32.fileapi.create import CreateFileW
from ntmm.win32.handleapi import CloseHandle
from ntmm.win32.program_search import find_application, find_in_command_line
from ntmm.win32.startup_info import read_startup_info
from ntmm.win32.text import ANSI, WIDE
from tests.win32.fake_call import BUFFER, make_call

FILES = {
    "c:\\programs\\own.exe",
    "c:\\programs\\tool.exe",
    "c:\\tool.exe",
    "c:\\only here.exe",
    "c:\\a b\\c.exe",
    "c:\\windows\\system32\\cmd.exe",
    "c:\\plain",
    "c:\\dotted.name",
}


@pytest.fixture(params=[4, 8], ids=["x86", "x64"])
def call(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A call of C:\\programs\\own.exe, whose current folder is C:\\ and whose path is C:\\."""
    made = make_call(tmp_path, request.param)
    program = SimpleNamespace(path="C:\\programs\\own.exe")
    search = SimpleNamespace(open_image=lambda path: path.lower() in FILES or None)
    linker = SimpleNamespace(modules=SimpleNamespace(program=program), search=search)
    monkeypatch.setattr(program_search, "linker_of", lambda call: linker)
    yield made
    made.kernel.volume.close()


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("tool", "C:\\programs\\tool.exe"),
        ("TOOL.EXE x y", "C:\\programs\\TOOL.EXE"),
        ('"tool" x', "C:\\programs\\tool.exe"),
        ("  \ttool\tx", "C:\\programs\\tool.exe"),
        (".\\tool x", "C:\\tool.exe"),
        ("c:tool", "C:\\tool.exe"),
        ("only here too", "C:\\only here.exe"),
        ('"only here" too', "C:\\only here.exe"),
        ("c:\\a b\\c.exe x", "C:\\a b\\c.exe"),
        ("cmd /c x", "C:\\WINDOWS\\system32\\cmd.exe"),
        ("plain", "C:\\plain"),
        ("dotted.name", "C:\\dotted.name"),
    ],
)
def test_which_program_does_a_command_line_mean(call: Any, line: str, path: str) -> None:
    assert find_in_command_line(call, line).path.lower() == path.lower()


@pytest.mark.parametrize("line", ["missing", '"missing" x', '"only"', "c:\\folder\\", '""', "dotted"])
def test_which_command_lines_mean_none(call: Any, line: str) -> None:
    with pytest.raises(Win32Failure) as refused:
        find_in_command_line(call, line)
    assert refused.value.code == Win32Error.FILE_NOT_FOUND


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("tool", "OBJECT_NAME_NOT_FOUND"),  # nothing is appended
        ("missing\\tool.exe", "OBJECT_PATH_NOT_FOUND"),
        ("folder", "ACCESS_DENIED"),
    ],
)
def test_is_an_application_name_taken_as_it_is(call: Any, tmp_path: Path, name: str, status: str) -> None:
    (tmp_path / "folder").mkdir()
    assert find_application(call, "tool.exe").path == "C:\\tool.exe"
    with pytest.raises(IoFailure, match=status):
        find_application(call, name)


def startup(call: Any, flags: int) -> int:
    """Writes a STARTUPINFOW with a title and no desktop; its address."""
    numbers = (1, 2, 3, 4, 5, 6, 7, flags, 9, 0)
    title = call.wide("the title")
    streams = (0x10, 0x14, 0x18)
    if call.memory.pointer_size == 8:
        data = struct.pack("<I4x3Q8IHH4xQ3Q", 104, 0, 0, title, *numbers, 0, *streams)
        assert len(data) == 104
    else:
        data = struct.pack("<4I8IHHI3I", 68, 0, 0, title, *numbers, 0, *streams)
        assert len(data) == 68
    call.memory.write(BUFFER, data)
    return BUFFER


def test_is_a_program_refused_that_somebody_writes(call: Any, tmp_path: Path) -> None:
    (tmp_path / "new.exe").write_bytes(b"MZ")
    handle = CreateFileW(call, call.wide("C:\\new.exe"), 0x40000000, 7, 0, 3, 0, 0)
    assert handle != -1
    with pytest.raises(IoFailure) as refused:
        find_application(call, "new.exe")
    assert refused.value.status is Status.SHARING_VIOLATION
    with pytest.raises(IoFailure) as refused:
        find_in_command_line(call, "c:\\new a")
    assert refused.value.status is Status.SHARING_VIOLATION
    assert open_volume_image(call.kernel.volume, "C:\\new.exe") is None
    CloseHandle(call, handle)
    image = open_volume_image(call.kernel.volume, "C:\\new.exe")
    assert image is not None
    image.let_go()


def test_is_the_startup_info_understood(call: Any) -> None:
    info = read_startup_info(call, WIDE, startup(call, 0x100))
    assert (info.title, info.desktop, info.streams) == ("the title", None, (0x10, 0x14, 0x18))
    assert info.window == (1, 2, 3, 4, 5, 6, 7, 0x100, 9)
    assert read_startup_info(call, WIDE, startup(call, 0)).streams is None


def test_are_environment_blocks_read_in_both_kinds(call: Any) -> None:
    strings = ["=C:=C:\\x", "EMPTY=", "NAME=a=b"]
    for kind in (WIDE, ANSI):
        call.memory.write(BUFFER, kind.encode("\0".join(strings) + "\0\0"))
        assert read_strings(call, kind, BUFFER) == strings
    assert [split_string(text) for text in strings] == [("=C:", "C:\\x"), ("EMPTY", ""), ("NAME", "a=b")]
    assert read_strings(call, ANSI, 0) == []
