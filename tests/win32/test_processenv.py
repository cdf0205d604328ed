import io
from pathlib import Path
from typing import Any

from ntmm.kernel.io.console import ConsoleFile
from ntmm.kernel.io.volume import Volume
from ntmm.nt.win32 import Win32Error
from ntmm.win32 import consoleapi, processenv
from ntmm.win32.fileapi.transfer import GetFileType, ReadFile, WriteFile
from tests.win32.fake_call import BUFFER, FakeCall


def variable(call: Any, name: str) -> str | None:
    size = processenv.GetEnvironmentVariableW(call, call.wide(name), BUFFER, 0x1000)
    return call.memory.read(BUFFER, 2 * size).decode("utf-16-le") if size else None


def test_how_variables_are_set_and_removed(call: Any) -> None:
    assert variable(call, "path") == "C:\\"
    assert processenv.SetEnvironmentVariableW(call, call.wide("New"), call.wide("value")) == 1
    assert processenv.SetEnvironmentVariableA(call, call.ansi("PATH"), call.ansi("x")) == 1
    assert (variable(call, "NEW"), variable(call, "Path")) == ("value", "x")
    assert processenv.SetEnvironmentVariableW(call, call.wide("new"), 0) == 1
    assert variable(call, "New") is None
    assert call.last_error == Win32Error.ENVVAR_NOT_FOUND
    assert processenv.SetEnvironmentVariableW(call, call.wide("new"), 0) == 0
    block = processenv.GetEnvironmentStringsW(call)
    assert call.wide_at(block) == "PATH=x"


def test_is_a_short_buffer_told_the_size(call: Any) -> None:
    assert processenv.GetEnvironmentVariableW(call, call.wide("PATH"), BUFFER, 3) == 4
    assert processenv.GetEnvironmentVariableW(call, call.wide("PATH"), BUFFER, 4) == 3


def test_how_percent_names_expand(call: Any) -> None:
    size = processenv.ExpandEnvironmentStringsW(call, call.wide("[%tmp%] %none% 5%"), BUFFER, 100)
    assert call.wide_at(BUFFER) == "[C:\\tmp] %none% 5%"
    assert size == 19


def test_does_the_current_folder_change(call: Any, tmp_path: Path) -> None:
    (tmp_path / "Sub").mkdir()
    assert processenv.SetCurrentDirectoryW(call, call.wide("sub")) == 1
    assert processenv.GetCurrentDirectoryW(call, 100, BUFFER) == 6
    assert call.wide_at(BUFFER) == "C:\\sub"
    assert processenv.GetCurrentDirectoryW(call, 6, BUFFER) == 7
    assert processenv.SetCurrentDirectoryW(call, call.wide("..")) == 1
    assert processenv.SetCurrentDirectoryW(call, call.wide("none")) == 0
    assert call.last_error == Win32Error.FILE_NOT_FOUND
    processenv.GetCurrentDirectoryA(call, 100, BUFFER)
    assert call.memory.read_cstring(BUFFER) == b"C:\\"


def test_do_standard_streams_pass_bytes(tmp_path: Path) -> None:
    out = io.BytesIO()
    streams = (ConsoleFile(io.BytesIO(b"in"), is_input=True), ConsoleFile(out, is_input=False))
    call: Any = FakeCall(Volume(tmp_path), streams=streams)
    source, target = (processenv.GetStdHandle(call, number) for number in (0xFFFFFFF6, 0xFFFFFFF5))
    assert GetFileType(call, source) == 3
    assert ReadFile(call, source, BUFFER, 10, BUFFER + 0x100, 0) == 1
    assert WriteFile(call, target, BUFFER, call.memory.read_u32(BUFFER + 0x100), 0, 0) == 1
    assert out.getvalue() == b"in"
    assert consoleapi.GetConsoleMode(call, target, BUFFER) == 0
    assert call.last_error == Win32Error.INVALID_HANDLE
    assert processenv.GetStdHandle(call, 5) == -1
    call.kernel.volume.close()
