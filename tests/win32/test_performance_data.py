"""What do values of HKEY_PERFORMANCE_DATA hold? (That its bytes are what programs expect, a sample program shows.)"""

from typing import Any

import pytest

from ntmm.nt.win32 import Win32Error
from ntmm.win32 import winreg
from ntmm.win32.performance_data import COUNTER_NUMBERS, counter_names
from tests.win32.fake_call import BUFFER

LOCAL_MACHINE, PERFORMANCE_DATA, PERFORMANCE_TEXT = (
    value - (1 << 32) for value in (0x80000002, 0x80000004, 0x80000050)
)


def query(call: Any, key: int, name: str, room: int) -> tuple[int, int, int]:
    """The error, the type and the size told."""
    kind, size = call.reserve(8), call.reserve(8)
    call.memory.write_u32(size, room)
    error = winreg.RegQueryValueExW(call, key, call.wide(name), 0, kind, BUFFER, size)
    return error, call.memory.read_u32(kind), call.memory.read_u32(size)


@pytest.mark.parametrize("key", [PERFORMANCE_DATA, PERFORMANCE_TEXT])
def test_are_the_names_pairs_of_number_and_name(call: Any, key: int) -> None:
    error, kind, size = query(call, key, "Counter 009", 4096)
    assert (error, kind) == (Win32Error.SUCCESS, 7)
    text = call.memory.read(BUFFER, size).decode("utf-16-le")
    assert text == "\0".join([*counter_names(), "", ""])
    numbers = text.split("\0")[:-2:2]
    assert numbers == sorted(numbers, key=int) and len(numbers) == len(COUNTER_NUMBERS) + 1


def test_is_too_small_a_buffer_left_alone(call: Any) -> None:
    before = call.memory.read(BUFFER, 16)
    error, _, size = query(call, PERFORMANCE_DATA, "Counter 009", 16)
    assert (error, size > 500, call.memory.read(BUFFER, 16)) == (Win32Error.MORE_DATA, True, before)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (LOCAL_MACHINE, "Global"),
        (PERFORMANCE_TEXT, "Global"),
        (PERFORMANCE_DATA, "Counter 007"),
        (PERFORMANCE_DATA, "x4"),
    ],
)
def test_what_is_no_value(call: Any, key: int, name: str) -> None:
    assert query(call, key, name, 4096)[0] == Win32Error.FILE_NOT_FOUND
    assert winreg.RegQueryValueExW(call, 0x1234, call.wide(name), 0, 0, BUFFER, BUFFER) == Win32Error.INVALID_HANDLE
    assert winreg.RegCloseKey(call, key) == Win32Error.SUCCESS
