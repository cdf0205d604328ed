"""Facts about the one locale, English (United States), and the functions of Vista that name locales."""

import struct
from typing import Final

from ntmm.kernel.io.names import fold
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.stringapiset import counted_wide
from ntmm.win32.text import ANSI, WIDE, StringKind
from ntmm.win32.winnls import CSTR_EQUAL, ENGLISH_US, CompareStringW, LCMapStringW

LOCALE_NAME: Final = "en-US"
_INVARIANT: Final = 0x7F
_RETURN_NUMBER: Final = 0x20000000
_KNOWN_LOCALES: Final = frozenset({0, 0x400, 0x800, _INVARIANT, 0x0C00, 0x1000, ENGLISH_US, 0x09})

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

_FACTS: Final[dict[int, str]] = {
    0x01: "0409",  # LOCALE_ILANGUAGE
    0x02: "English (United States)",
    0x03: "ENU",
    0x04: "English",
    0x05: "1",
    0x06: "United States",
    0x07: "USA",
    0x08: "United States",
    0x09: "0409",
    0x0A: "1",
    0x0B: "437",
    0x0C: ",",  # LOCALE_SLIST
    0x0D: "1",
    0x0E: ".",
    0x0F: ",",
    0x10: "3;0",
    0x11: "2",
    0x12: "1",
    0x13: "0123456789",
    0x14: "$",
    0x15: "USD",
    0x16: ".",
    0x17: ",",
    0x18: "3;0",
    0x19: "2",
    0x1A: "2",
    0x1B: "0",
    0x1C: "0",
    0x1D: "/",
    0x1E: ":",
    0x1F: "M/d/yyyy",
    0x20: "dddd, MMMM dd, yyyy",
    0x21: "0",
    0x22: "0",
    0x23: "0",
    0x24: "1",
    0x25: "0",
    0x26: "0",
    0x27: "0",
    0x28: "AM",
    0x29: "PM",
    **{0x2A + index: day for index, day in enumerate(_DAYS)},
    **{0x31 + index: day[:3] for index, day in enumerate(_DAYS)},
    **{0x38 + index: month for index, month in enumerate(_MONTHS)},
    **{0x44 + index: month[:3] for index, month in enumerate(_MONTHS)},
    0x50: "",
    0x51: "-",
    0x59: "en",
    0x5A: "US",
    0x5C: LOCALE_NAME,
    0x1001: "English",
    0x1002: "United States",
    0x1003: "h:mm:ss tt",
    0x1004: "1252",
    0x1005: "0",
    0x1006: "MMMM, yyyy",
    0x1007: "US Dollar",
    0x1009: "1",
    0x100A: "0",
    0x100B: "1",
    0x100C: "6",
    0x1010: "1",
}
"""Strings by LCTYPE, with the settings of an unchanged Windows."""


def _fact(locale_is_known: bool, kind: int) -> str:
    if not locale_is_known:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    fact = _FACTS.get(kind & 0xFFFF)
    if fact is None:
        raise Win32Failure(Win32Error.INVALID_FLAGS)
    return fact


def _answer(call: Call, strings: StringKind, fact: str, kind: int, buffer: int, size: int) -> int:
    """Units with the zero; without room only their number. As a number it takes the room of 4 bytes."""
    if kind & _RETURN_NUMBER:
        data = struct.pack("<I", int(fact, 16 if kind & 0xFFFF == 1 else 10))
    else:
        data = strings.terminated(fact)
    units = len(data) // strings.unit
    if size == 0:
        return units
    if size < units:
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write(buffer, data)
    return units


@service("kernel32", "GetLocaleInfoW", "u32 u32 p i32", lacks="locales other than English (United States)")
@failing(0)
def GetLocaleInfoW(call: Call, locale: int, kind: int, buffer: int, size: int) -> int:
    """A fact about a locale as text, or as a number (LOCALE_RETURN_NUMBER)."""
    return _answer(call, WIDE, _fact(locale in _KNOWN_LOCALES, kind), kind, buffer, size)


@service("kernel32", "GetLocaleInfoA", "u32 u32 p i32", lacks="locales other than English (United States)")
@failing(0)
def GetLocaleInfoA(call: Call, locale: int, kind: int, buffer: int, size: int) -> int:
    """GetLocaleInfoW in ANSI."""
    return _answer(call, ANSI, _fact(locale in _KNOWN_LOCALES, kind), kind, buffer, size)


def _is_known_name(call: Call, name: int) -> bool:
    return not name or call.memory.read_wstring(name).lower() in ("", LOCALE_NAME.lower(), "en")


@service("kernel32", "GetLocaleInfoEx", "p u32 p i32", lacks="locales other than English (United States)")
@failing(0)
def GetLocaleInfoEx(call: Call, name: int, kind: int, buffer: int, size: int) -> int:
    """GetLocaleInfoW by the locale's name; null for the user's."""
    return _answer(call, WIDE, _fact(_is_known_name(call, name), kind), kind, buffer, size)


def _name(call: Call, buffer: int, size: int) -> int:
    return _answer(call, WIDE, LOCALE_NAME, 0, buffer, size)


@service("kernel32", "GetUserDefaultLocaleName", "p i32")
@failing(0)
def GetUserDefaultLocaleName(call: Call, buffer: int, size: int) -> int:
    """en-US; units with the zero."""
    if size <= 0:
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    return _name(call, buffer, size)


@service("kernel32", "GetSystemDefaultLocaleName", "p i32")
@failing(0)
def GetSystemDefaultLocaleName(call: Call, buffer: int, size: int) -> int:
    """GetUserDefaultLocaleName."""
    return GetUserDefaultLocaleName(call, buffer, size)


@service("kernel32", "IsValidLocaleName", "p")
def IsValidLocaleName(call: Call, name: int) -> int:
    """TRUE for the locale there is."""
    return int(_is_known_name(call, name))


@service("kernel32", "LocaleNameToLCID", "p u32")
@failing(0)
def LocaleNameToLCID(call: Call, name: int, flags: int) -> int:
    """The number of a locale's name; the empty name is the invariant locale."""
    if not _is_known_name(call, name):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    return _INVARIANT if name and not call.memory.read_wstring(name) else ENGLISH_US


@service("kernel32", "LCIDToLocaleName", "u32 p i32 u32")
@failing(0)
def LCIDToLocaleName(call: Call, locale: int, buffer: int, size: int, flags: int) -> int:
    """The name of a locale's number."""
    if locale not in _KNOWN_LOCALES:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    return _answer(call, WIDE, "" if locale == _INVARIANT else LOCALE_NAME, 0, buffer, size)


@service(
    "kernel32",
    "LCMapStringEx",
    "p u32 p i32 p i32 p p p",
    lacks="sort keys and mappings other than upper and lower case",
)
@failing(0)
def LCMapStringEx(
    call: Call,
    name: int,
    flags: int,
    source: int,
    count: int,
    buffer: int,
    size: int,
    version: int,
    reserved: int,
    handle: int,
) -> int:
    """LCMapStringW by the locale's name."""
    return LCMapStringW(call, ENGLISH_US, flags, source, count, buffer, size)


@service("kernel32", "CompareStringEx", "p u32 p i32 p i32 p p p")
@failing(0)
def CompareStringEx(
    call: Call,
    name: int,
    flags: int,
    first: int,
    first_count: int,
    second: int,
    second_count: int,
    version: int,
    reserved: int,
    handle: int,
) -> int:
    """CompareStringW by the locale's name."""
    return CompareStringW(call, ENGLISH_US, flags, first, first_count, second, second_count)


@service("kernel32", "CompareStringOrdinal", "p i32 p i32 u32")
@failing(0)
def CompareStringOrdinal(
    call: Call, first: int, first_count: int, second: int, second_count: int, ignore_case: int
) -> int:
    """Compares UTF-16 units by number, after upper-casing each if the case is to be ignored."""
    if not first or not second or first_count < -1 or second_count < -1:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    texts = [
        counted_wide(call, text, count).rstrip("\0" if count == -1 else "") if count else ""
        for text, count in ((first, first_count), (second, second_count))
    ]
    left, right = (WIDE.encode(fold(text) if ignore_case else text) for text in texts)
    units = [struct.unpack(f"<{len(data) // 2}H", data) for data in (left, right)]
    return CSTR_EQUAL + (units[0] > units[1]) - (units[0] < units[1])
