from typing import Any

import pytest

from ntmm.nt.win32 import Win32Error
from ntmm.win32.messages import MESSAGES, expand_inserts
from ntmm.win32.text import WIDE
from ntmm.win32.winbase import format_message
from tests.win32.fake_call import BUFFER


def expanded(text: str, *values: str | int) -> str:
    return expand_inserts(text, lambda index, kind: values[index])


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("plain", (), "plain"),
        ("%1 and %2", ("a", "b"), "a and b"),
        ("%2!d!: %1!-5s!|", ("x", 7), "7: x    |"),
        ("100%% %n%t%.", (), "100% \r\n\t."),
        ("%1!08X!", (255,), "000000FF"),
        ("%1!lu!", (3,), "3"),
        ("before%0after", (), "before"),
        ("%1!c!", ("z",), "z"),
    ],
)
def test_how_inserts_expand(text: str, values: tuple[str | int, ...], expected: str) -> None:
    assert expanded(text, *values) == expected


def test_is_a_bad_format_refused() -> None:
    with pytest.raises(ValueError):
        expanded("%1!q!", "x")


def test_is_a_system_message_written(call: Any) -> None:
    size = format_message(call, WIDE, 0x1200, 0, Win32Error.FILE_NOT_FOUND, BUFFER, 200, 0)
    assert call.wide_at(BUFFER) == MESSAGES[2] + ".\r\n"
    assert size == len(MESSAGES[2]) + 3


def test_are_inserts_read_from_an_array(call: Any) -> None:
    pointer = call.memory.pointer_size
    call.memory.write_pointer(BUFFER, call.wide("disk"))
    call.memory.write_pointer(BUFFER + pointer, 5)
    format_message(call, WIDE, 0x2400, call.wide("%1 %2!d!"), 0, BUFFER + 0x100, 100, BUFFER)
    assert call.wide_at(BUFFER + 0x100) == "disk 5"
