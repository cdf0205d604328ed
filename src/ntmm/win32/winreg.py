"""winreg.h: a registry without keys. The functions answer their error code and leave the last error alone."""

from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error

_PREDEFINED: Final = range(-0x80000000, -0x7FFFFFF9)
"""HKEY_CLASSES_ROOT to HKEY_DYN_DATA as signed 32-bit handles."""


def _missing(key: int) -> int:
    return Win32Error.FILE_NOT_FOUND if key in _PREDEFINED else Win32Error.INVALID_HANDLE


@service("advapi32", "RegOpenKeyExW", "h p u32 u32 p")
def RegOpenKeyExW(call: Call, key: int, name: int, options: int, access: int, result: int) -> int:
    """FILE_NOT_FOUND, or the predefined key itself for an empty name."""
    return _open(call, key, bool(name and call.memory.read_u16(name)), result)


@service("advapi32", "RegOpenKeyExA", "h p u32 u32 p")
def RegOpenKeyExA(call: Call, key: int, name: int, options: int, access: int, result: int) -> int:
    """RegOpenKeyExW with an ANSI name."""
    return _open(call, key, bool(name and call.memory.read_u8(name)), result)


def _open(call: Call, key: int, is_named: bool, result: int) -> int:
    if is_named or key not in _PREDEFINED:
        return _missing(key)
    call.memory.write_pointer(result, key & (1 << 8 * call.memory.pointer_size) - 1)
    return Win32Error.SUCCESS


@service("advapi32", "RegQueryValueExW", "h p p p p p")
def RegQueryValueExW(call: Call, key: int, name: int, reserved: int, kind: int, data: int, size: int) -> int:
    """FILE_NOT_FOUND: no key has values."""
    return _missing(key)


@service("advapi32", "RegQueryValueExA", "h p p p p p")
def RegQueryValueExA(call: Call, key: int, name: int, reserved: int, kind: int, data: int, size: int) -> int:
    """FILE_NOT_FOUND: no key has values."""
    return _missing(key)


@service("advapi32", "RegCloseKey", "h")
def RegCloseKey(call: Call, key: int) -> int:
    """Predefined keys need no closing, and no others can be open."""
    return Win32Error.SUCCESS if key in _PREDEFINED else Win32Error.INVALID_HANDLE
