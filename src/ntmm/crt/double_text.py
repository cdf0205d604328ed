"""Doubles as text, exactly, for printf's conversions e, f, g and a (and their capitals).

Guest code strips the sign and handles infinities and NaNs before it asks. Exponents have at least two digits, as
ucrt prints them; %a without a precision prints all 13 hexadecimal digits.
"""

import re
import struct
from typing import Final

from ntmm.crt.double_rounding import old_format
from ntmm.native.call import Call
from ntmm.native.service_table import service

_CONVERSION: Final = re.compile(rb"%(#?)([~=]?)(?:\.(\d+))?([eEfFgGaA])")
_FRACTION_BITS: Final = 52
_EXPONENT_BIAS: Final = 1023
_LARGEST_PRECISION: Final = 1 << 20


def format_double(conversion: bytes, value: float) -> str:
    """The text of `value` under one printf conversion such as b"%.3e"; raises ValueError if it is none of ours.

    "~" asks for halves to be rounded up, "=" for 17 significant digits at most besides, as older run-times do both.
    """
    match = _CONVERSION.fullmatch(conversion)
    if match is None:
        raise ValueError(f"{conversion!r} is not a conversion of a double")
    alternate, style, digits, letter = match[1] == b"#", match[2], match[3], match[4].decode()
    precision = None if digits is None else min(int(digits), _LARGEST_PRECISION)
    if letter in "aA":
        text = hexadecimal(value, precision, alternate)
        return text.upper() if letter == "A" else text
    shown = 6 if precision is None else precision
    if style:
        return old_format(value, letter, shown, alternate, style == b"=")
    return f"%{'#' if alternate else ''}.{shown}{letter}" % value


def hexadecimal(value: float, precision: int | None, alternate: bool) -> str:
    """The %a form: 0x1.8000000000000p+0; halves are rounded to even."""
    bits = struct.unpack("<Q", struct.pack("<d", value))[0]
    fraction = bits & ((1 << _FRACTION_BITS) - 1)
    biased = bits >> _FRACTION_BITS & 0x7FF
    exponent = (biased or 1) - _EXPONENT_BIAS if bits << 1 & ((1 << 64) - 1) else 0
    significand = fraction | (1 << _FRACTION_BITS if biased else 0)
    shown = _FRACTION_BITS // 4 if precision is None else precision
    dropped = max(0, _FRACTION_BITS - 4 * shown)
    kept = significand >> dropped
    rest, half = significand & ((1 << dropped) - 1), (1 << dropped) >> 1
    if dropped and (rest > half or (rest == half and kept & 1)):
        kept += 1
    kept_digits = (_FRACTION_BITS - dropped) // 4
    leading = kept >> 4 * kept_digits
    digits = f"{kept & ((1 << 4 * kept_digits) - 1):0{kept_digits}x}" if kept_digits else ""
    point = "." if shown or alternate else ""
    sign = "-" if bits >> 63 else ""
    return f"{sign}0x{leading:x}{point}{digits.ljust(shown, '0')}p{exponent:+d}"


@service("ntdll", "NtmmFormatDouble", "p u32 p p")
def NtmmFormatDouble(call: Call, out: int, size: int, conversion: int, value: int) -> int:
    """Stores the text with its zero; answers its length, or -1 if it does not fit or the conversion is unknown."""
    number: float = struct.unpack("<d", call.memory.read(value, 8))[0]
    try:
        text = format_double(call.memory.read_cstring(conversion, 32), number).encode("ascii")
    except ValueError:
        return -1
    if len(text) >= size:
        return -1
    call.memory.write(out, text + b"\0")
    return len(text)
