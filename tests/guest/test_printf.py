"""Does the guest's formatter print what C's rules say?"""

import ctypes
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.guest.host import Host

ROOM = 4096
Printer = Callable[..., str]


@pytest.fixture(scope="module")
def printed(host: Host) -> Printer:
    """sprintf-like: the ucrt's snprintf, with its return value checked against the text."""
    snprintf = host.function("snprintf", ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)

    def call(text: str, *arguments: object) -> str:
        buffer = ctypes.create_string_buffer(ROOM)
        length = snprintf(buffer, ROOM, text.encode("latin-1"), *arguments)
        assert length == len(buffer.value)
        return buffer.value.decode("latin-1")

    return call


flags = st.text("-+ 0", max_size=3)
widths = st.one_of(st.just(""), st.integers(1, 40).map(str))
precisions = st.one_of(st.just(""), st.integers(0, 30).map(lambda digits: f".{digits}"))


@given(flags, widths, precisions, st.sampled_from("diuxX"), st.integers(-(2**31), 2**31 - 1))
def test_are_integers_printed_as_python_prints_them(
    printed: Printer, flag: str, width: str, precision: str, letter: str, value: int
) -> None:
    is_signed = letter in "di"
    shown = value if is_signed else value & 0xFFFFFFFF
    c_flags = flag if is_signed else flag.replace("+", "").replace(" ", "")
    python_flags = c_flags.replace("0", "") if precision else c_flags
    expected = f"%{python_flags}{width}{precision}{letter}" % shown
    if precision == ".0" and value == 0:
        sign = ("+" if "+" in c_flags else " " if " " in c_flags else "") if is_signed else ""
        expected = sign.ljust(int(width or 0)) if "-" in c_flags else sign.rjust(int(width or 0))
    assert printed(f"%{c_flags}{width}{precision}{letter}", ctypes.c_int(value)) == expected


@given(st.integers(0, 2**64 - 1))
def test_are_64_bit_integers_whole(printed: Printer, value: int) -> None:
    argument = ctypes.c_uint64(value)
    assert (
        printed("%llu %I64x %#llo", argument, argument, argument)
        == f"{value} {value:x} {'0' if value else ''}{value:o}"
    )


@given(st.text("-", max_size=1), widths, precisions, st.text("abcXYZ 0", max_size=50))
def test_are_strings_cut_and_padded(printed: Printer, flag: str, width: str, precision: str, text: str) -> None:
    assert printed(f"%{flag}{width}{precision}s", text.encode()) == f"%{flag}{width}{precision}s" % text


@given(
    st.text("-+ #", max_size=3),
    widths,
    st.one_of(st.just(""), st.integers(0, 60).map(lambda digits: f".{digits}")),
    st.sampled_from("eEfFgG"),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_are_doubles_exact(printed: Printer, flag: str, width: str, precision: str, letter: str, value: float) -> None:
    body = re.sub(r"(?i)(e[+-])(\d\d)$", r"\g<1>0\2", f"%{flag}{precision}{letter}" % value)
    expected = body.ljust(int(width or 0)) if "-" in flag else body.rjust(int(width or 0))
    assert printed(f"%{flag}{width}{precision}{letter}", ctypes.c_double(value)) == expected


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("%e", 1.0, "1.000000e+000"),
        ("%G", 1e-10, "1E-010"),
        ("%f", float("inf"), "1.#INF"),
        ("%09.3f", -1.5, "-0001.500"),
        ("%a", 1.0, "0x1.0000000000000p+0"),
        ("%.0a", 1.5, "0x2p+0"),
        ("%12.3A", -0.1, " -0X1.99AP-4"),
    ],
)
def test_does_msvcrt_print_doubles_its_own_way(printed: Printer, text: str, value: float, expected: str) -> None:
    assert printed(text, ctypes.c_double(value)) == expected


def test_does_ucrt_print_two_digit_exponents_and_name_infinities(host: Host) -> None:
    vsprintf = host.function(
        "test_ucrt_print", ctypes.c_int, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    )
    buffer = ctypes.create_string_buffer(100)
    values = [ctypes.c_double(value) for value in (1e5, float("inf"), -float("inf"))]
    assert vsprintf(2, buffer, 100, b"%e %f %5.1F", *values) == len(buffer.value)
    assert buffer.value == b"1.000000e+05 inf  -INF"


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        ("%p", (ctypes.c_void_p(0xABC),), "0000000000000ABC"),
        ("%c%c", (ctypes.c_int(65), ctypes.c_int(66)), "AB"),
        ("%s", (None,), "(null)"),
        ("%5%|%%", (), "%|%"),
        ("%hd %hhu", (ctypes.c_int(0x1FFFF), ctypes.c_int(0x1FF)), "-1 255"),
        ("%*.*d", (ctypes.c_int(-6), ctypes.c_int(3), ctypes.c_int(7)), "007   "),
        ("%#x %#X %#o", (ctypes.c_int(255),) * 3, "0xff 0XFF 0377"),
        ("%05s", (b"ab",), "000ab"),
    ],
)
def test_are_windows_conversions_followed(
    printed: Printer, text: str, arguments: tuple[object, ...], expected: str
) -> None:
    assert printed(text, *arguments) == expected


def test_is_wide_text_converted_in_both_directions(host: Host, printed: Printer) -> None:
    wide = "w\u00efde".encode("utf-16-le") + b"\0\0"
    assert printed("%ls|%S|%hs", wide, wide, b"narrow") == "w\u00efde|w\u00efde|narrow"
    snwprintf = host.function("_snwprintf", ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)
    buffer = ctypes.create_string_buffer(200)
    length = snwprintf(buffer, 100, "%s|%S|%d".encode("utf-16-le") + b"\0\0", wide, b"narrow", ctypes.c_int(5))
    assert buffer.raw[: 2 * length].decode("utf-16-le") == "w\u00efde|narrow|5"


def test_what_happens_to_text_that_does_not_fit(host: Host) -> None:
    buffer = ctypes.create_string_buffer(b"#" * 10, 10)
    arguments = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)
    standard = host.function("snprintf", ctypes.c_int, *arguments)
    old = host.function("_snprintf", ctypes.c_int, *arguments)
    assert standard(buffer, 4, b"123456") == 6
    assert buffer.raw[:5] == b"123\0#"
    assert old(buffer, 4, b"abcdef") == -1
    assert buffer.raw[:5] == b"abcd#"
    assert old(buffer, 4, b"wxyz") == 4
    assert buffer.raw[:5] == b"wxyz#"
