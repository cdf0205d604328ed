"""Are doubles turned into text and back without losing anything, and mathematics answered as C answers?"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ntmm.crt.double_parsing import parse_double
from ntmm.crt.double_text import format_double, hexadecimal
from ntmm.crt.mathematics import (
    EDOM,
    ERANGE,
    FIRST_OF_TWO,
    FUSED_MULTIPLY_ADD,
    ONE_ARGUMENT,
    TWO_ARGUMENTS,
    evaluate,
)

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite)
def test_do_17_digits_read_back_the_same(value: float) -> None:
    assert parse_double(format_double(b"%.16e", value).encode()) == (value, len(format_double(b"%.16e", value)))


@given(finite)
def test_is_the_hexadecimal_form_exact_and_pythons(value: float) -> None:
    text = hexadecimal(value, None, alternate=False)
    assert float.fromhex(text) == value
    if abs(value) >= 2.3e-308:
        assert text == value.hex()


@given(finite, st.integers(0, 20))
def test_is_the_hexadecimal_form_rounded_to_the_nearest(value: float, precision: int) -> None:
    try:
        rounded = float.fromhex(hexadecimal(value, precision, alternate=True))
    except OverflowError:
        return
    unit = math.ldexp(1.0, max(math.frexp(value)[1] - 1, -1022) - 4 * precision)
    assert abs(rounded - value) <= unit / 2


@given(st.text("0123456789.eE+-xXpPinfaN() ", max_size=20))
def test_does_parsing_stop_where_pythons_grammar_does(text: str) -> None:
    value, used = parse_double(text.encode())
    assert 0 <= used <= len(text)
    if used and "x" not in text.lower() and "(" not in text:
        assert repr(float(text[:used])) == repr(value)


def test_is_an_unknown_conversion_refused() -> None:
    with pytest.raises(ValueError, match="is not a conversion"):
        format_double(b"%d", 1.0)


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        (math.log, (0.0,), (-math.inf, ERANGE)),
        (math.log, (-1.0,), (None, EDOM)),
        (math.exp, (1000.0,), (math.inf, ERANGE)),
        (math.sinh, (-1000.0,), (-math.inf, ERANGE)),
        (math.sin, (math.inf,), (None, EDOM)),
        (math.pow, (0.0, -1.0), (math.inf, ERANGE)),
        (math.pow, (-0.0, -3.0), (-math.inf, ERANGE)),
        (math.pow, (-10.0, 309.0), (-math.inf, ERANGE)),
        (math.pow, (-8.0, 0.5), (None, EDOM)),
        (math.fmod, (1.0, 0.0), (None, EDOM)),
        (math.atanh, (-1.0,), (-math.inf, ERANGE)),
        (math.gamma, (-2.0,), (None, EDOM)),
        (math.atan2, (0.0, -1.0), (math.pi, 0)),
    ],
)
def test_what_is_answered_at_poles_and_outside_the_domain(
    function: object, arguments: tuple[float, ...], expected: tuple[float | None, int]
) -> None:
    table: tuple[object, ...] = ONE_ARGUMENT if len(arguments) == 1 else TWO_ARGUMENTS
    operation = table.index(function) + (0 if len(arguments) == 1 else FIRST_OF_TWO)
    first, second, third = (*arguments, 0.0, 0.0)[:3]
    assert evaluate(operation, (first, second, third)) == expected


def test_is_a_fused_multiply_add_rounded_once() -> None:
    third = -1.0 - 2.0**-29
    assert evaluate(FUSED_MULTIPLY_ADD, (1 + 2.0**-30, 1 + 2.0**-30, third)) == (2.0**-60, 0)


def test_is_an_unknown_operation_refused() -> None:
    with pytest.raises(IndexError):
        evaluate(len(ONE_ARGUMENT), (1.0, 0.0, 0.0))
