"""QueryDosDevice: which device a drive letter stands for, as GetMappedFileName names files by their devices."""

from typing import Final

from ntmm.kernel.ob import Directory
from ntmm.kernel.ob.directory import SymbolicLink
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.text import ANSI, WIDE, StringKind

_DOS_DEVICES: Final = "\\??"


def _devices(call: Call) -> Directory:
    found = call.kernel.names.find(_DOS_DEVICES).target
    assert isinstance(found, Directory)
    return found


def _texts(call: Call, kind: StringKind, name: int) -> list[str]:
    """What a device's name stands for; for null the names of all devices. Raises Win32Failure."""
    if not name:
        return [known for known, _ in _devices(call).entries()]
    found = _devices(call).find(kind.read(call, name), ignore_case=True)
    if not isinstance(found, SymbolicLink):
        raise Win32Failure(Win32Error.FILE_NOT_FOUND)
    return [found.target]


def _query(call: Call, kind: StringKind, name: int, buffer: int, size: int) -> int:
    data = kind.encode("".join(text + "\0" for text in _texts(call, kind, name)) + "\0")
    if len(data) > size * kind.unit:
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write(buffer, data)
    return len(data) // kind.unit


@service("kernel32", "QueryDosDeviceW", "p p u32")
@failing(0)
def QueryDosDeviceW(call: Call, name: int, buffer: int, size: int) -> int:
    """Units stored, with the zero behind each string and the one behind all; INSUFFICIENT_BUFFER (122)."""
    return _query(call, WIDE, name, buffer, size)


@service("kernel32", "QueryDosDeviceA", "p p u32")
@failing(0)
def QueryDosDeviceA(call: Call, name: int, buffer: int, size: int) -> int:
    """QueryDosDeviceW in ANSI."""
    return _query(call, ANSI, name, buffer, size)
