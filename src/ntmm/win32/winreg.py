"""winreg.h: a registry without keys, but for the performance data of memory below HKEY_PERFORMANCE_DATA.

The functions answer their error code and leave the last error alone.
"""

from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.performance_data import counter_names, performance_data
from ntmm.win32.text import ANSI, WIDE, StringKind

_PREDEFINED: Final = range(-0x80000000, -0x7FFFFFF9)
"""HKEY_CLASSES_ROOT to HKEY_DYN_DATA as signed 32-bit handles."""
_PERFORMANCE_DATA: Final = -0x7FFFFFFC
_REG_BINARY: Final = 3
_REG_MULTI_SZ: Final = 7
_LACKS: Final = "values of keys; explanations of performance counters"


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


def _query(call: Call, key: int, name: str, kind: StringKind, type_: int, data: int, size: int) -> int:
    """A value below HKEY_PERFORMANCE_DATA: MORE_DATA where it does not fit, which leaves the size undefined."""
    if key != _PERFORMANCE_DATA:
        return _missing(key)
    words = name.lower().split()
    if words[:1] in (["explain"], ["help"]):
        return Win32Error.FILE_NOT_FOUND
    is_text = words[:1] == ["counter"]
    found = kind.encode(counter_names()) if is_text else performance_data(call.kernel, name)
    if type_:
        call.memory.write_u32(type_, _REG_MULTI_SZ if is_text else _REG_BINARY)
    if not size:
        return Win32Error.INVALID_PARAMETER if data else Win32Error.SUCCESS
    if not data or call.memory.read_u32(size) < len(found):
        call.memory.write_u32(size, len(found))
        return Win32Error.MORE_DATA
    call.memory.write(data, found)
    call.memory.write_u32(size, len(found))
    return Win32Error.SUCCESS


@service("advapi32", "RegQueryValueExW", "h p p p p p", lacks=_LACKS)
def RegQueryValueExW(call: Call, key: int, name: int, reserved: int, kind: int, data: int, size: int) -> int:
    """Performance data, as "Global", "4 230" or "Counter 009"; below other keys FILE_NOT_FOUND."""
    return _query(call, key, WIDE.read(call, name) if name else "", WIDE, kind, data, size)


@service("advapi32", "RegQueryValueExA", "h p p p p p", lacks=_LACKS)
def RegQueryValueExA(call: Call, key: int, name: int, reserved: int, kind: int, data: int, size: int) -> int:
    """RegQueryValueExW with ANSI names."""
    return _query(call, key, ANSI.read(call, name) if name else "", ANSI, kind, data, size)


@service("advapi32", "RegCloseKey", "h")
def RegCloseKey(call: Call, key: int) -> int:
    """Predefined keys need no closing, and no others can be open."""
    return Win32Error.SUCCESS if key in _PREDEFINED else Win32Error.INVALID_HANDLE
