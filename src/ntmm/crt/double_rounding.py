"""Doubles as text with the rounding of Microsoft's older run-times, which is not the exact one.

Until Windows 10's version 2004 a value that lies exactly between two texts was always rounded up (away from zero), and
before Visual Studio 2015 only 17 significant digits were made at all: what a text had behind them was zeros.
"""

from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from typing import Final

_LARGEST_DIGITS: Final = 1100
"""A double has at most 767 significant digits and 1,074 places."""
_KEPT_DIGITS: Final = 17


def old_format(value: float, letter: str, precision: int, alternate: bool, is_cut: bool) -> str:
    """A finite, positive value under one of the conversions eEfFgG; `is_cut`: made of 17 significant digits."""
    number = Decimal(f"{value:.{_KEPT_DIGITS - 1}e}") if is_cut else Decimal(value)
    if letter in "fF":
        return _fixed(number, precision, alternate)
    if letter in "eE":
        text = _scientific(_significant(number, precision + 1), precision, alternate)
    else:
        text = _general(number, max(precision, 1), alternate)
    return text.upper() if letter in "EG" else text


def _context(digits: int) -> Context:
    return Context(prec=digits, rounding=ROUND_HALF_UP, Emin=MIN_EMIN, Emax=MAX_EMAX)


def _significant(number: Decimal, digits: int) -> Decimal:
    return _context(max(min(digits, _LARGEST_DIGITS), 1)).plus(number)


def _fixed(number: Decimal, precision: int, alternate: bool) -> str:
    places = min(precision, _LARGEST_DIGITS)
    rounded = number.quantize(Decimal(1).scaleb(-places), context=_context(2 * _LARGEST_DIGITS))
    text = f"{rounded:f}" + "0" * (precision - places)
    return text + "." if alternate and not precision else text


def _scientific(rounded: Decimal, precision: int, alternate: bool) -> str:
    exponent = rounded.adjusted() if rounded else 0
    digits = "".join(map(str, rounded.as_tuple().digits)).ljust(precision + 1, "0")[: precision + 1]
    point = "." if precision or alternate else ""
    return f"{digits[0]}{point}{digits[1:]}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def _general(number: Decimal, digits: int, alternate: bool) -> str:
    rounded = _significant(number, digits)
    exponent = rounded.adjusted() if rounded else 0
    if -5 < exponent < digits:
        text, tail = _fixed(rounded, digits - 1 - exponent, alternate), ""
    else:
        mantissa, tail = _scientific(rounded, digits - 1, alternate).split("e")
        text, tail = mantissa, f"e{tail}"
    if not alternate and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text + tail
