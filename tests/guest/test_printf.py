"""Does the guest's formatter print what C's rules say?"""

import ctypes
import math
import re
from collections.abc import Callable

import pytest
from hypothesis import assume, given
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


@pytest.fixture(scope="module")
def printed_by_ucrt(host: Host) -> Printer:
    """The sprintf of ucrt with options, which tell of the program's age."""
    function = host.function(
        "test_ucrt_print", ctypes.c_int, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
    )

    def call(options: int, text: str, *arguments: object) -> str:
        buffer = ctypes.create_string_buffer(ROOM)
        length = function(2 | options, buffer, ROOM, text.encode("latin-1"), *arguments)
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


doubles = st.floats(allow_nan=False, allow_infinity=False)
double_precisions = st.one_of(st.just(""), st.integers(0, 60).map(lambda digits: f".{digits}"))


@given(st.text("-+ #", max_size=3), widths, double_precisions, st.sampled_from("eEfFgG"), doubles)
def test_are_doubles_exact_in_the_run_time_that_rounds_halves_to_even(
    printed_by_ucrt: Printer, flag: str, width: str, precision: str, letter: str, value: float
) -> None:
    body = f"%{flag}{precision}{letter}" % value
    expected = body.ljust(int(width or 0)) if "-" in flag else body.rjust(int(width or 0))
    pattern = f"%{flag}{width}{precision}{letter}"
    assert printed_by_ucrt(0x20, pattern, ctypes.c_double(value)) == expected


def _rounded(digits: str, exponent: int, places: int) -> int:
    """The number DIGITS * 10**EXPONENT in units of 10**-PLACES, halves up, by whole numbers alone."""
    whole: int = int(digits) * 10 ** max(exponent + places, 0)
    unit: int = 10 ** max(-exponent - places, 0)
    return (2 * whole + unit) // (2 * unit)


@given(st.integers(0, 30), doubles, st.booleans())
def test_does_msvcrt_round_up_what_is_left_of_17_digits(
    printed: Printer, places: int, value: float, is_half: bool
) -> None:
    value = math.floor(value) + 0.5 if is_half and abs(value) < 1e15 else value
    mantissa, _, exponent = f"{abs(value):.16e}".partition("e")
    units = _rounded(mantissa.replace(".", ""), int(exponent) - 16, places)
    text = str(units).rjust(places + 1, "0")
    sign = "-" if math.copysign(1, value) < 0 else ""
    expected = sign + (f"{text[:-places]}.{text[-places:]}" if places else text)
    assert printed(f"%.{places}f", ctypes.c_double(value)) == expected


@given(st.integers(0, 14), st.floats(1e-300, 1e300))
def test_do_all_conversions_agree_where_no_run_time_rounds_differently(
    printed: Printer, places: int, value: float
) -> None:
    value = float(f"{value:.11e}")  # no halves among its first 15 digits but those of the text itself
    shown = f"%.{places}e" % value
    assume("5" not in f"{value:.11e}"[places + 1 : places + 4])
    mantissa, _, exponent = shown.partition("e")
    expected = f"{mantissa}e{exponent[0]}{exponent[1:].rjust(3, '0')}"
    assert printed(f"%.{places}e", ctypes.c_double(value)) == expected
    general = re.sub(r"e([+-])(\d\d)$", r"e\g<1>0\2", f"%.{places + 1}g" % value)
    assert printed(f"%.{places + 1}g", ctypes.c_double(value)) == general


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("%e", 1.0, "1.000000e+000"),
        ("%G", 1e-10, "1E-010"),
        ("%f", math.inf, "1.#INF00"),
        ("%.2f", math.inf, "1.#J"),
        ("%.3f", math.inf, "1.#IO"),
        ("%.1f", -math.inf, "-1.$"),
        ("%.0f", math.inf, "1"),
        ("%.10f", math.inf, "1.#INF000000"),
        ("%g", math.inf, "1.#INF"),
        ("%G", -math.inf, "-1.#INF"),
        ("%.3g", math.inf, "1.#J"),
        ("%e", math.inf, "1.#INF00e+000"),
        ("%f", math.nan, "1.#QNAN0"),
        ("%9.4f|", -math.inf, "  -1.#INF|"),
        ("%.0f", 2.5, "3"),
        ("%.0f", 0.5, "1"),
        ("%.1f", 0.25, "0.3"),
        ("%.2f", 9.995, "9.99"),
        ("%.0f", 2.0**80, "1208925819614629200000000"),
        ("%.20f", 0.1, "0.10000000000000001000"),
        ("%.20e", 0.1, "1.00000000000000010000e-001"),
        ("%.20g", 0.1, "0.10000000000000001"),
        ("%.0e", 2.5, "3e+000"),
        ("%.3f", 9.9999, "10.000"),
        ("%g", 999999.5, "1e+006"),
        ("%#.3g", 0.0, "0.00"),
        ("%g", 0.0, "0"),
        ("%E", 0.0, "0.000000E+000"),
        ("%.400f", 0.5, "0.5" + 399 * "0"),
        ("%.12f", 5e-324, "0.000000000000"),
        ("%g", 5e-324, "4.94066e-324"),
        ("%09.3f", -1.5, "-0001.500"),
        ("%a", 1.0, "0x1.0000000000000p+0"),
        ("%.0a", 1.5, "0x2p+0"),
        ("%12.3A", -0.1, " -0X1.99AP-4"),
    ],
)
def test_does_msvcrt_print_doubles_its_own_way(printed: Printer, text: str, value: float, expected: str) -> None:
    assert printed(text, ctypes.c_double(value)) == expected


def test_does_ucrt_round_halves_up_unless_it_is_asked_for_the_standard(printed_by_ucrt: Printer) -> None:
    half = ctypes.c_double(2.5)
    assert printed_by_ucrt(0, "%.0f", half) == "3"
    assert printed_by_ucrt(0x20, "%.0f", half) == "2"
    assert printed_by_ucrt(0, "%.20f", ctypes.c_double(0.1)) == "0.10000000000000000555"


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
