"""winreg.h: a registry without keys, but for performance counters.

The functions answer their error code and leave the last error alone.
"""

from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.performance_data import NoSuchValue, query_performance
from ntmm.win32.sysinfoapi import COMPUTER_NAME
from ntmm.win32.text import ANSI, WIDE, StringKind

_PREDEFINED: Final = range(-0x80000000, -0x7FFFFFF9)
"""HKEY_CLASSES_ROOT to HKEY_DYN_DATA as signed 32-bit handles."""

HKEY_PERFORMANCE_DATA: Final = -0x80000000 + 4
_PERFORMANCE: Final = (HKEY_PERFORMANCE_DATA, HKEY_PERFORMANCE_DATA + 0x4C, HKEY_PERFORMANCE_DATA + 0x5C)
"""With HKEY_PERFORMANCE_TEXT and HKEY_PERFORMANCE_NLSTEXT, which hold the names alone."""

_BINARY: Final = 3
_MULTIPLE_STRINGS: Final = 7


def _is_predefined(key: int) -> bool:
    return key in _PREDEFINED or key in _PERFORMANCE


def _missing(key: int) -> int:
    return Win32Error.FILE_NOT_FOUND if _is_predefined(key) else Win32Error.INVALID_HANDLE


@service("advapi32", "RegOpenKeyExW", "h p u32 u32 p")
def RegOpenKeyExW(call: Call, key: int, name: int, options: int, access: int, result: int) -> int:
    """FILE_NOT_FOUND, or the predefined key itself for an empty name."""
    return _open(call, key, bool(name and call.memory.read_u16(name)), result)


@service("advapi32", "RegOpenKeyExA", "h p u32 u32 p")
def RegOpenKeyExA(call: Call, key: int, name: int, options: int, access: int, result: int) -> int:
    """RegOpenKeyExW with an ANSI name."""
    return _open(call, key, bool(name and call.memory.read_u8(name)), result)


def _open(call: Call, key: int, is_named: bool, result: int) -> int:
    if is_named or not _is_predefined(key):
        return _missing(key)
    call.memory.write_pointer(result, key & (1 << 8 * call.memory.pointer_size) - 1)
    return Win32Error.SUCCESS


@service("advapi32", "RegQueryValueExW", "h p p p p p", lacks="explanations of performance counters")
def RegQueryValueExW(call: Call, key: int, name: int, reserved: int, kind: int, data: int, size: int) -> int:
    """The performance counters of memory under HKEY_PERFORMANCE_DATA; no other key has values: FILE_NOT_FOUND."""
    return _query(call, WIDE, key, name, (kind, data, size))


@service("advapi32", "RegQueryValueExA", "h p p p p p", lacks="explanations of performance counters")
def RegQueryValueExA(call: Call, key: int, name: int, reserved: int, kind: int, data: int, size: int) -> int:
    """RegQueryValueExW with names in ANSI."""
    return _query(call, ANSI, key, name, (kind, data, size))


def _query(call: Call, strings: StringKind, key: int, name: int, result: tuple[int, int, int]) -> int:
    """MORE_DATA where the buffer is too small; its size then says what is needed."""
    if key not in _PERFORMANCE:
        return _missing(key)
    kind_address, data_address, size_address = result
    if not size_address:
        return Win32Error.INVALID_PARAMETER
    wanted = strings.read(call, name) if name else ""
    if key != HKEY_PERFORMANCE_DATA and not wanted.lower().startswith("counter"):
        return Win32Error.FILE_NOT_FOUND
    try:
        found = query_performance(call.kernel, wanted, COMPUTER_NAME)
    except NoSuchValue:
        return Win32Error.FILE_NOT_FOUND
    kind = _BINARY if isinstance(found, bytes) else _MULTIPLE_STRINGS
    data = found if isinstance(found, bytes) else b"".join(map(strings.terminated, [*found, ""]))
    room = call.memory.read_u32(size_address)
    if kind_address:
        call.memory.write_u32(kind_address, kind)
    call.memory.write_u32(size_address, len(data))
    if not data_address or room < len(data):
        return Win32Error.MORE_DATA
    call.memory.write(data_address, data)
    return Win32Error.SUCCESS


@service("advapi32", "RegCloseKey", "h")
def RegCloseKey(call: Call, key: int) -> int:
    """Predefined keys need no closing, and no others can be open."""
    return Win32Error.SUCCESS if _is_predefined(key) else Win32Error.INVALID_HANDLE
