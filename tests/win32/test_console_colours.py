"""Do programs that colour their console reach the host's terminal?"""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ntmm.kernel.io.console import ConsoleFile
from ntmm.kernel.io.volume import Volume
from ntmm.nt.win32 import Win32Error
from ntmm.win32.consoleapi2 import GetConsoleScreenBufferInfo, SetConsoleTextAttribute
from ntmm.win32.processenv import GetStdHandle
from tests.win32.fake_call import BUFFER, FakeCall

OUTPUT, INPUT = 0xFFFFFFF5, 0xFFFFFFF6


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@pytest.fixture
def call(tmp_path: Path, terminal: Terminal) -> Iterator[Any]:
    streams = (ConsoleFile(Terminal(), is_input=True), ConsoleFile(terminal, is_input=False))
    made = FakeCall(Volume(tmp_path), streams=streams)
    yield made
    made.kernel.volume.close()


@pytest.mark.parametrize(
    ("attributes", "sequence"),
    [
        (0x07, b"\x1b[0m"),
        (0x04, b"\x1b[0;31m"),
        (0x09, b"\x1b[0;94m"),
        (0x0E, b"\x1b[0;93m"),
        (0x1F, b"\x1b[0;97;44m"),
        (0xC0, b"\x1b[0;30;101m"),
    ],
)
def test_which_colours_does_the_terminal_get(call: Any, terminal: Terminal, attributes: int, sequence: bytes) -> None:
    assert SetConsoleTextAttribute(call, GetStdHandle(call, OUTPUT), attributes) == 1
    assert terminal.getvalue() == sequence
    assert GetConsoleScreenBufferInfo(call, GetStdHandle(call, OUTPUT), BUFFER) == 1
    shown = struct.unpack("<4hH6h", call.memory.read(BUFFER, 22))
    assert shown == (80, 300, 0, 0, attributes, 0, 0, 79, 24, 80, 25)


def test_is_input_no_screen(call: Any, terminal: Terminal) -> None:
    assert SetConsoleTextAttribute(call, GetStdHandle(call, INPUT), 4) == 0
    assert call.last_error == Win32Error.INVALID_HANDLE
    assert GetConsoleScreenBufferInfo(call, GetStdHandle(call, INPUT), BUFFER) == 0
    assert terminal.getvalue() == b""


def test_is_a_pipe_no_console(tmp_path: Path) -> None:
    out = io.BytesIO()
    made: Any = FakeCall(Volume(tmp_path), streams=(ConsoleFile(io.BytesIO(), True), ConsoleFile(out, False)))
    assert SetConsoleTextAttribute(made, GetStdHandle(made, OUTPUT), 4) == 0
    assert (made.last_error, out.getvalue()) == (Win32Error.INVALID_HANDLE, b"")
    made.kernel.volume.close()
