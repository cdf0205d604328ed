"""What newer programs ask of an open file: GetFileInformationByHandleEx, GetFinalPathNameByHandle."""

import struct
from collections.abc import Callable
from typing import Final

from ntmm.kernel.io.file import FileObject
from ntmm.native.call import Call
from ntmm.native.directory import next_entries
from ntmm.native.file import lookup_file
from ntmm.native.file_information import (
    ALLOCATION,
    BASIC,
    DISPOSITION,
    END_OF_FILE,
    basic_information,
    set_file_information,
    standard_information,
)
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.text import ANSI, WIDE, StringKind

_VOLUME_NAME_NT: Final = 2
_VOLUME_NAME_NONE: Final = 4


def _name(file: FileObject) -> bytes:
    name = file.name.encode("utf-16-le", "surrogatepass")
    return struct.pack("<I", len(name)) + name


def _identity(file: FileObject) -> bytes:
    return struct.pack("<QQQ", file.block.store.drive.serial_number, file.information().index, 0)


_QUERIES: Final[dict[int, Callable[[FileObject], bytes]]] = {
    0: lambda file: basic_information(file.information()),
    1: lambda file: standard_information(file.information()),
    2: _name,
    9: lambda file: struct.pack("<II", file.information().attributes, 0),
    18: _identity,
}
"""FileBasicInfo, FileStandardInfo, FileNameInfo, FileAttributeTagInfo, FileIdInfo."""


_LISTINGS: Final = {10: (37, False), 11: (37, True), 14: (2, False), 15: (2, True)}
"""FileIdBothDirectoryInfo, FileFullDirectoryInfo and their Restart forms: ntdll's class, and whether to begin anew."""


def _list_folder(call: Call, handle: int, kind: int, buffer: int, size: int) -> int:
    information_class, restart = _LISTINGS[kind]
    status, data = next_entries(call, handle, information_class, size, restart)
    call.memory.write(buffer, data)
    return 1 if status is Status.SUCCESS else call.fail(status)


@service("kernel32", "GetFileInformationByHandleEx", "h u32 p u32", lacks="streams")
@failing(0)
def GetFileInformationByHandleEx(call: Call, handle: int, kind: int, buffer: int, size: int) -> int:
    """One class of information, or the next entries of a folder; streams are CALL_NOT_IMPLEMENTED."""
    if kind in _LISTINGS:
        return _list_folder(call, handle, kind, buffer, size)
    file = lookup_file(call, handle)
    query = _QUERIES.get(kind)
    if query is None:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    if not isinstance(file, FileObject):
        raise Win32Failure(Win32Error.INVALID_FUNCTION)
    data = query(file)
    if len(data) > size:
        raise Win32Failure(Win32Error.MORE_DATA if kind == 2 else Win32Error.BAD_LENGTH)
    call.memory.write(buffer, data)
    return 1


_SETTERS: Final = {0: BASIC, 4: DISPOSITION, 5: ALLOCATION, 6: END_OF_FILE}
"""FileBasicInfo, FileDispositionInfo, FileAllocationInfo, FileEndOfFileInfo, by what ntdll calls them."""


@service("kernel32", "SetFileInformationByHandle", "h u32 p u32", lacks="renaming, and the Ex classes")
@failing(0)
def SetFileInformationByHandle(call: Call, handle: int, kind: int, buffer: int, size: int) -> int:
    """Changes times and attributes, deletion, allocation or size; other classes are INVALID_PARAMETER."""
    if kind not in _SETTERS:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    status = set_file_information(call, handle, _SETTERS[kind], buffer, size)
    return 1 if status is Status.SUCCESS else call.fail(status)


def _final_path(call: Call, strings: StringKind, handle: int, buffer: int, size: int, flags: int) -> int:
    """Units without the zero; with it where the room is too small."""
    file = lookup_file(call, handle)
    if not isinstance(file, FileObject):
        raise Win32Failure(Win32Error.INVALID_FUNCTION)
    kind = flags & 7
    if kind not in (0, _VOLUME_NAME_NT, _VOLUME_NAME_NONE):
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    drive = file.block.store.drive
    volume = {0: "\\\\?\\" + drive.letter, _VOLUME_NAME_NT: drive.device, _VOLUME_NAME_NONE: ""}[kind]
    data = strings.terminated(volume + file.name)
    units = len(data) // strings.unit
    if units > size:
        call.set_last_error(Win32Error.NOT_ENOUGH_MEMORY)
        return units
    call.memory.write(buffer, data)
    return units - 1


@service("kernel32", "GetFinalPathNameByHandleW", "h p u32 u32", lacks="names of volumes by GUID")
@failing(0)
def GetFinalPathNameByHandleW(call: Call, handle: int, buffer: int, size: int, flags: int) -> int:
    """The path of an open file, as \\\\?\\C:\\..., \\Device\\..., or without a volume."""
    return _final_path(call, WIDE, handle, buffer, size, flags)


@service("kernel32", "GetFinalPathNameByHandleA", "h p u32 u32", lacks="names of volumes by GUID")
@failing(0)
def GetFinalPathNameByHandleA(call: Call, handle: int, buffer: int, size: int, flags: int) -> int:
    """GetFinalPathNameByHandleW in ANSI."""
    return _final_path(call, ANSI, handle, buffer, size, flags)
