"""Text as doubles, correctly rounded, for strtod: decimal and hexadecimal numbers, infinities and NaNs."""

import re
import struct
from typing import Final

from ntmm.kernel.ke.access import GuestMemory
from ntmm.native.call import Call
from ntmm.native.service_table import service

_NUMBER: Final = re.compile(
    rb"[ \t\n\v\f\r]*([+-]?)"
    rb"(?:(?P<hexadecimal>0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)(?:[pP][+-]?[0-9]+)?)"
    rb"|(?P<decimal>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    rb"|(?P<infinite>[iI][nN][fF](?:[iI][nN][iI][tT][yY])?)"
    rb"|(?P<nan>[nN][aA][nN](?:\([0-9A-Za-z_]*\))?))"
)
_NOT_IN_NUMBERS: Final = re.compile(rb"[^ \t\n\v\f\r0-9A-Za-z_+.()-]")
_CHUNK: Final = 64
_LONGEST: Final = 1 << 16
_INFINITY: Final = float("inf")


def parse_double(text: bytes) -> tuple[float, int]:
    """The number that `text` begins with, and how many bytes belong to it (0: there is none)."""
    match = _NUMBER.match(text)
    if match is None:
        return 0.0, 0
    if match["decimal"]:
        magnitude = float(match["decimal"])
    elif match["hexadecimal"]:
        magnitude = _hexadecimal(match["hexadecimal"].decode())
    else:
        magnitude = _INFINITY if match["infinite"] else float("nan")
    return -magnitude if match[1] == b"-" else magnitude, match.end()


def _hexadecimal(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        return _INFINITY


def _number_at(memory: GuestMemory, address: int) -> bytes:
    """The text at `address` up to a byte that no number contains, read in pieces that stay within a page."""
    text = b""
    while len(text) < _LONGEST:
        at = address + len(text)
        text += memory.read(at, min(_CHUNK, 0x1000 - at % 0x1000))
        end = _NOT_IN_NUMBERS.search(text)
        if end is not None:
            return text[: end.start()]
        if len(text) > _CHUNK and (match := _NUMBER.match(text)) is not None and match.end() < len(text) - 8:
            break
    return text


@service("ntdll", "NtmmParseDouble", "p p")
def NtmmParseDouble(call: Call, text: int, value: int) -> int:
    """Stores the number that the text begins with (0 if none does); answers how many bytes belong to it."""
    number, used = parse_double(_number_at(call.memory, text))
    call.memory.write(value, struct.pack("<d", number))
    return used
