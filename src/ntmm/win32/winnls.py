"""winnls.h: code page facts, case mapping, comparison and character types, for one locale (English, US)."""

import struct
import unicodedata
from functools import lru_cache
from typing import Final

from ntmm.kernel.io.names import fold
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.codepages import ANSI, CP_UTF8, OEM, is_valid
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.stringapiset import counted_bytes, counted_wide, decode_bytes, encode_text, store_counted

ENGLISH_US: Final = 0x0409
LCMAP_LOWERCASE: Final = 0x100
LCMAP_UPPERCASE: Final = 0x200
NORM_IGNORECASE: Final = 1
CSTR_LESS_THAN: Final = 1
CSTR_EQUAL: Final = 2
CSTR_GREATER_THAN: Final = 3

C1_UPPER, C1_LOWER, C1_DIGIT, C1_SPACE, C1_PUNCT = 0x01, 0x02, 0x04, 0x08, 0x10
C1_CNTRL, C1_BLANK, C1_XDIGIT, C1_ALPHA, C1_DEFINED = 0x20, 0x40, 0x80, 0x100, 0x200


@service("kernel32", "GetACP")
def GetACP(call: Call) -> int:
    """1252."""
    return ANSI


@service("kernel32", "GetOEMCP")
def GetOEMCP(call: Call) -> int:
    """437."""
    return OEM


@service("kernel32", "IsValidCodePage", "u32")
def IsValidCodePage(call: Call, page: int) -> int:
    """TRUE for 1252, 437 and UTF-8."""
    return int(page in (ANSI, OEM, CP_UTF8))


@service("kernel32", "GetCPInfo", "u32 p")
@failing(0)
def GetCPInfo(call: Call, page: int, buffer: int) -> int:
    """CPINFO, 20 bytes: longest character and default character; no code page here has lead bytes."""
    if not is_valid(page):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    call.memory.write(buffer, struct.pack("<I2s12x2x", 4 if page == CP_UTF8 else 1, b"?\0"))
    return 1


@service("kernel32", "IsDBCSLeadByte", "u32")
def IsDBCSLeadByte(call: Call, byte: int) -> int:
    """FALSE: the ANSI code page has single bytes only."""
    return 0


@service("kernel32", "IsDBCSLeadByteEx", "u32 u32")
@failing(0)
def IsDBCSLeadByteEx(call: Call, page: int, byte: int) -> int:
    """FALSE: no code page here has lead bytes."""
    if not is_valid(page):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    return 0


def lower(text: str) -> str:
    """Lower case, one character for one."""
    return "".join(small if len(small := character.lower()) == 1 else character for character in text)


def _map_case(flags: int, text: str) -> str:
    mapping = flags & (LCMAP_LOWERCASE | LCMAP_UPPERCASE)
    if mapping == LCMAP_UPPERCASE:
        return fold(text)
    if mapping == LCMAP_LOWERCASE:
        return lower(text)
    raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)


@service(
    "kernel32", "LCMapStringW", "u32 u32 p i32 p i32", lacks="sort keys and mappings other than upper and lower case"
)
@failing(0)
def LCMapStringW(call: Call, locale: int, flags: int, source: int, count: int, buffer: int, size: int) -> int:
    """Upper or lower case; sort keys and other mappings are CALL_NOT_IMPLEMENTED."""
    data = _map_case(flags, counted_wide(call, source, count)).encode("utf-16-le", "surrogatepass")
    return store_counted(call, data, 2, buffer, size)


@service(
    "kernel32", "LCMapStringA", "u32 u32 p i32 p i32", lacks="sort keys and mappings other than upper and lower case"
)
@failing(0)
def LCMapStringA(call: Call, locale: int, flags: int, source: int, count: int, buffer: int, size: int) -> int:
    """LCMapStringW in ANSI."""
    text = _map_case(flags, decode_bytes(ANSI, counted_bytes(call, source, count), strict=False))
    return store_counted(call, encode_text(ANSI, text, b"?")[0], 1, buffer, size)


def _weight(character: str) -> tuple[int, str]:
    """Punctuation sorts before digits, digits before letters; letters by their base letter."""
    if character.isalpha():
        return 2, fold(unicodedata.normalize("NFD", character)[0])
    return (1 if character.isdigit() else 0), character


def compare(first: str, second: str, ignore_case: bool) -> int:
    """-1, 0 or 1: by letters, then by accents, then lower case before upper case."""

    def key(text: str) -> tuple[object, ...]:
        shape = "".join("0" if character == lower(character) else "1" for character in text)
        return [_weight(character) for character in text], fold(text), "" if ignore_case else shape

    left, right = key(first), key(second)
    return int(left > right) - int(left < right)


@service("kernel32", "CompareStringW", "u32 u32 p i32 p i32")
@failing(0)
def CompareStringW(
    call: Call, locale: int, flags: int, first: int, first_count: int, second: int, second_count: int
) -> int:
    """CSTR_LESS_THAN, CSTR_EQUAL or CSTR_GREATER_THAN; of the flags NORM_IGNORECASE counts."""
    left = counted_wide(call, first, first_count) if first_count else ""
    right = counted_wide(call, second, second_count) if second_count else ""
    return CSTR_EQUAL + compare(left.rstrip("\0"), right.rstrip("\0"), bool(flags & NORM_IGNORECASE))


@service("kernel32", "CompareStringA", "u32 u32 p i32 p i32")
@failing(0)
def CompareStringA(
    call: Call, locale: int, flags: int, first: int, first_count: int, second: int, second_count: int
) -> int:
    """CompareStringW in ANSI."""
    left = decode_bytes(ANSI, counted_bytes(call, first, first_count), False) if first_count else ""
    right = decode_bytes(ANSI, counted_bytes(call, second, second_count), False) if second_count else ""
    return CSTR_EQUAL + compare(left.rstrip("\0"), right.rstrip("\0"), bool(flags & NORM_IGNORECASE))


@lru_cache(maxsize=4096)
def character_type(character: str) -> int:
    """The C1_* bits of a character."""
    category = unicodedata.category(character)
    bits = C1_DEFINED if category not in ("Cn", "Co", "Cs") else 0
    bits |= C1_ALPHA if category[0] == "L" else 0
    bits |= {"Lu": C1_UPPER, "Ll": C1_LOWER, "Nd": C1_DIGIT, "Cc": C1_CNTRL, "Zs": C1_SPACE | C1_BLANK}.get(category, 0)
    bits |= C1_PUNCT if category[0] in "PS" else 0
    bits |= C1_SPACE if character in "\t\n\v\f\r\x85" else 0
    bits |= C1_BLANK if character == "\t" else 0
    return bits | (C1_XDIGIT if character in "0123456789abcdefABCDEF" else 0)


def _types(kind: int, text: str) -> bytes:
    if kind != 1:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    units = text.encode("utf-16-le", "surrogatepass")
    types = [character_type(chr(unit)) for (unit,) in struct.iter_unpack("<H", units)]
    return struct.pack(f"<{len(types)}H", *types)


@service("kernel32", "GetStringTypeW", "u32 p i32 p", lacks="CT_CTYPE2 and CT_CTYPE3")
@failing(0)
def GetStringTypeW(call: Call, kind: int, source: int, count: int, buffer: int) -> int:
    """CT_CTYPE1 of each UTF-16 unit; CT_CTYPE2 and 3 are CALL_NOT_IMPLEMENTED."""
    call.memory.write(buffer, _types(kind, counted_wide(call, source, count)))
    return 1


@service("kernel32", "GetStringTypeExW", "u32 u32 p i32 p", lacks="CT_CTYPE2 and CT_CTYPE3")
@failing(0)
def GetStringTypeExW(call: Call, locale: int, kind: int, source: int, count: int, buffer: int) -> int:
    """GetStringTypeW with a locale, which makes no difference."""
    call.memory.write(buffer, _types(kind, counted_wide(call, source, count)))
    return 1


@service("kernel32", "GetStringTypeA", "u32 u32 p i32 p", lacks="CT_CTYPE2 and CT_CTYPE3")
@failing(0)
def GetStringTypeA(call: Call, locale: int, kind: int, source: int, count: int, buffer: int) -> int:
    """GetStringTypeW for ANSI bytes."""
    call.memory.write(buffer, _types(kind, decode_bytes(ANSI, counted_bytes(call, source, count), False)))
    return 1


def _locale_service(name: str) -> None:
    @service("kernel32", name)
    def answer(call: Call) -> int:
        """English (United States)."""
        return ENGLISH_US


for _name in (
    "GetUserDefaultLCID",
    "GetSystemDefaultLCID",
    "GetThreadLocale",
    "GetUserDefaultLangID",
    "GetSystemDefaultLangID",
    "GetUserDefaultUILanguage",
    "GetSystemDefaultUILanguage",
):
    _locale_service(_name)


@service("kernel32", "IsValidLocale", "u32 u32")
def IsValidLocale(call: Call, locale: int, flags: int) -> int:
    """TRUE for English (United States)."""
    return int(locale == ENGLISH_US)
