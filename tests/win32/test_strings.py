from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.nt.win32 import Win32Error
from ntmm.win32 import winnls, winuser
from ntmm.win32.codepages import single_byte_page
from ntmm.win32.stringapiset import MultiByteToWideChar, WideCharToMultiByte
from tests.win32.fake_call import BUFFER

ACP, OEM, UTF8 = 0, 1, 65001


@given(data=st.binary())
@pytest.mark.parametrize("page", [1252, 437])
def test_has_every_byte_a_character(page: int, data: bytes) -> None:
    table = single_byte_page(page)
    assert table is not None
    assert table.encode(table.decode(data)) == (data, False)


@pytest.mark.parametrize(
    ("page", "data", "text"),
    [(ACP, b"\x80\xe4", "€ä"), (OEM, b"\x84", "ä"), (UTF8, "ä€😀".encode(), "ä€😀"), (1252, b"\x81", "\x81")],
)
def test_what_bytes_mean(call: Any, page: int, data: bytes, text: str) -> None:
    call.memory.write(BUFFER, data)
    units = len(text.encode("utf-16-le")) // 2
    assert MultiByteToWideChar(call, page, 0, BUFFER, len(data), 0, 0) == units
    assert MultiByteToWideChar(call, page, 0, BUFFER, -1, BUFFER + 0x100, 50) == units + 1
    assert call.wide_at(BUFFER + 0x100) == text
    assert WideCharToMultiByte(call, page, 0, call.wide(text), units, BUFFER + 0x200, 50, 0, 0) == len(data)
    assert call.memory.read(BUFFER + 0x200, len(data)) == data


def test_which_error_a_small_buffer_gives(call: Any) -> None:
    assert MultiByteToWideChar(call, ACP, 0, call.ansi("hello"), -1, BUFFER, 5) == 0
    assert call.last_error == Win32Error.INSUFFICIENT_BUFFER
    assert WideCharToMultiByte(call, ACP, 0, call.wide("hello"), -1, BUFFER, 5, 0, 0) == 0
    assert call.last_error == Win32Error.INSUFFICIENT_BUFFER


@pytest.mark.parametrize("size", [0, -2])
def test_is_an_empty_or_negative_size_refused(call: Any, size: int) -> None:
    assert MultiByteToWideChar(call, ACP, 0, call.ansi("x"), size, BUFFER, 5) == 0
    assert call.last_error == Win32Error.INVALID_PARAMETER
    assert MultiByteToWideChar(call, 932, 0, call.ansi("x"), 1, BUFFER, 5) == 0
    assert call.last_error == Win32Error.INVALID_PARAMETER


def test_is_bad_utf8_refused_or_left_out(call: Any) -> None:
    call.memory.write(BUFFER, b"a\xffb")
    assert MultiByteToWideChar(call, UTF8, 8, BUFFER, 3, BUFFER + 16, 10) == 0
    assert call.last_error == Win32Error.NO_UNICODE_TRANSLATION
    assert MultiByteToWideChar(call, UTF8, 0, BUFFER, 3, BUFFER + 16, 10) == 2


def test_is_a_default_character_told(call: Any) -> None:
    assert WideCharToMultiByte(call, ACP, 0, call.wide("aЖ"), 2, BUFFER, 10, call.ansi("_"), BUFFER + 16) == 2
    assert call.memory.read(BUFFER, 2) == b"a_"
    assert call.memory.read_u32(BUFFER + 16) == 1
    assert WideCharToMultiByte(call, UTF8, 0, call.wide("a"), 1, BUFFER, 10, call.ansi("_"), 0) == 0
    assert call.last_error == Win32Error.INVALID_PARAMETER


def test_how_case_is_mapped(call: Any) -> None:
    text = call.wide("Straße ä")
    assert winuser.CharUpperW(call, text) == text
    assert call.wide_at(text) == "STRAßE Ä"
    assert winuser.CharUpperW(call, ord("q")) == ord("Q")
    assert winnls.LCMapStringW(call, 0x409, 0x100, text, -1, BUFFER, 100) == 9
    assert call.wide_at(BUFFER) == "straße ä"


@pytest.mark.parametrize(
    ("first", "second", "flags", "expected"),
    [("a", "B", 0, 1), ("a", "A", 0, 1), ("a", "A", 1, 2), ("b", "A", 0, 3), ("-", "1", 0, 1), ("ab", "a", 0, 3)],
)
def test_how_strings_compare(call: Any, first: str, second: str, flags: int, expected: int) -> None:
    assert winnls.CompareStringW(call, 0x409, flags, call.wide(first), -1, call.wide(second), -1) == expected


def test_what_character_types_are(call: Any) -> None:
    assert winnls.GetStringTypeW(call, 1, call.wide("Aa1 \n."), 6, BUFFER) == 1
    types = [call.memory.read_u16(BUFFER + 2 * at) & 0x1FF for at in range(6)]
    assert types == [0x181, 0x182, 0x84, 0x48, 0x28, 0x10]


def test_where_the_previous_character_is(call: Any) -> None:
    assert winuser.CharPrevExA(call, 0, 100, 105, 0) == 104
    assert winuser.CharPrevExA(call, 0, 100, 100, 0) == 100
