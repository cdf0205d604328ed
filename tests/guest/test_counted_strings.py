"""Are strings with a length what Nt services take for names?"""

import ctypes
from ctypes import POINTER, byref, c_char_p, c_int, c_uint8, c_uint16, c_void_p, create_string_buffer

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.guest.host import Host

same_code = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
BUFFER_TOO_SMALL, BUFFER_OVERFLOW, NAME_TOO_LONG = 0xC0000023, 0x80000005, 0xC0000106
TEXTS = st.text(st.characters(min_codepoint=1, max_codepoint=0x7F), max_size=20)


class Counted(ctypes.Structure):
    """UNICODE_STRING and STRING."""

    _fields_ = (("length", c_uint16), ("maximum", c_uint16), ("buffer", c_void_p))

    def bytes(self) -> bytes:
        return ctypes.string_at(self.buffer, self.length) if self.buffer else b""


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def buffer_of(text: str) -> ctypes.Array[ctypes.c_char]:
    return create_string_buffer(wide(text) + b"\0\0")


def counted(text: str, room: int = 0) -> tuple[Counted, object]:
    """A string and the memory behind it, which must be kept."""
    memory = create_string_buffer(wide(text), max(room, len(wide(text))) or 1)
    return Counted(len(wide(text)), max(room, len(wide(text))), ctypes.addressof(memory)), memory


def status(host: Host, name: str, *arguments: object) -> int:
    kinds = [c_uint8 if isinstance(argument, int) else c_void_p for argument in arguments]
    return int(host.function(name, c_int, *kinds)(*arguments)) & 0xFFFFFFFF


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50))
@same_code
def test_does_a_string_tell_its_length(host: Host, text: str) -> None:
    memory, string = buffer_of(text), Counted()
    host.function("RtlInitUnicodeString", None, c_void_p, c_void_p)(byref(string), memory)
    size = len(wide(text))
    assert (string.length, string.maximum, string.buffer) == (size, size + 2, ctypes.addressof(memory))


def test_what_is_no_text(host: Host) -> None:
    for name in ("RtlInitUnicodeString", "RtlInitString"):
        string = Counted(1, 2, 3)
        host.function(name, None, c_void_p, c_void_p)(byref(string), None)
        assert (string.length, string.maximum, string.buffer) == (0, 0, None)


@pytest.mark.parametrize(("units", "result"), [(0x7FFE, 0), (0x7FFF, NAME_TOO_LONG), (0x12000, NAME_TOO_LONG)])
def test_how_long_is_the_longest(host: Host, units: int, result: int) -> None:
    memory, string = buffer_of("x" * units), Counted()
    assert status(host, "RtlInitUnicodeStringEx", byref(string), memory) == result
    host.function("RtlInitUnicodeString", None, c_void_p, c_void_p)(byref(string), memory)
    assert (string.length, string.maximum) == (0xFFFC, 0xFFFE)


@given(TEXTS, TEXTS, st.booleans())
@same_code
def test_do_strings_compare_as_their_texts(host: Host, one: str, other: str, ignore_case: bool) -> None:
    (left, _one), (right, _other) = counted(one), counted(other)
    compare = host.function("RtlCompareUnicodeString", c_int, c_void_p, c_void_p, c_uint8)
    if ignore_case:
        one, other = one.upper(), other.upper()
    got = compare(byref(left), byref(right), int(ignore_case))
    assert (got > 0) - (got < 0) == (one > other) - (one < other)
    assert status(host, "RtlEqualUnicodeString", byref(left), byref(right), int(ignore_case)) & 1 == (one == other)
    is_prefix = other.startswith(one)
    assert status(host, "RtlPrefixUnicodeString", byref(left), byref(right), int(ignore_case)) & 1 == is_prefix


@given(TEXTS, TEXTS, st.integers(0, 60))
@same_code
def test_is_what_fits_appended_and_copied(host: Host, one: str, other: str, room: int) -> None:
    (to, _to), (source, _source) = counted(one, room & ~1), counted(other)
    fits = to.maximum >= to.length + source.length
    expected = wide(one + other) if fits else wide(one)
    result = status(host, "RtlAppendUnicodeStringToString", byref(to), byref(source))
    assert (result, to.bytes()) == (0 if fits else BUFFER_TOO_SMALL, expected)
    host.function("RtlCopyUnicodeString", None, c_void_p, c_void_p)(byref(to), byref(source))
    assert to.bytes() == wide(other)[: to.maximum & ~1]


@given(TEXTS)
@same_code
def test_are_both_kinds_turned_into_each_other(host: Host, text: str) -> None:
    narrow, made, back = Counted(), Counted(), Counted()
    memory = create_string_buffer(text.encode())
    host.function("RtlInitString", None, c_void_p, c_char_p)(byref(narrow), text.encode())
    narrow.buffer = ctypes.addressof(memory)
    assert status(host, "RtlAnsiStringToUnicodeString", byref(made), byref(narrow), 1) == 0
    assert (made.bytes(), made.maximum) == (wide(text), 2 * len(text) + 2)
    assert status(host, "RtlUnicodeStringToAnsiString", byref(back), byref(made), 1) == 0
    assert (back.bytes(), back.maximum) == (text.encode(), len(text) + 1)
    small = Counted(0, len(text), ctypes.addressof(memory))
    assert status(host, "RtlUnicodeStringToAnsiString", byref(small), byref(made), 0) == BUFFER_OVERFLOW
    for name, string in (("RtlFreeUnicodeString", made), ("RtlFreeAnsiString", back)):
        host.function(name, None, POINTER(Counted))(string)
        assert string.buffer is None
