"""Attributes and what is known about a file."""

import struct
from typing import Final

from ntmm.kernel.io.constants import FILE_ATTRIBUTE_ARCHIVE, FILE_ATTRIBUTE_NORMAL, FILE_WRITE_ATTRIBUTES
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.io.information import FileInformation, TimeChange
from ntmm.kernel.io.paths import Device, parse_nt_path
from ntmm.kernel.io.volume import OpenRequest
from ntmm.native.call import Call
from ntmm.native.file import lookup_file, open_file
from ntmm.native.file_information import set_basic
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import INVALID_FILE_ATTRIBUTES, INVALID_FILE_SIZE, Win32Failure, failing
from ntmm.win32.fileapi.naming import narrow, nt_path_at
from ntmm.win32.text import WIDE, StringKind

GET_FILE_EX_INFO_STANDARD: Final = 0


def attribute_data(known: FileInformation) -> bytes:
    """WIN32_FILE_ATTRIBUTE_DATA, 36 bytes; also the head of WIN32_FIND_DATA."""
    times = (known.creation_time, known.access_time, known.write_time)
    return struct.pack("<I3QII", known.attributes, *times, known.size >> 32, known.size & 0xFFFFFFFF)


def _attributes(call: Call, kind: StringKind, name: int) -> int:
    path = nt_path_at(call, kind, name)
    if parse_nt_path(path, call.kernel.volume.drives).device is Device.NUL:
        return FILE_ATTRIBUTE_ARCHIVE
    known: FileInformation = call.kernel.volume.query(path)
    return known.attributes


@service("kernel32", "GetFileAttributesW", "p")
@failing(INVALID_FILE_ATTRIBUTES)
def GetFileAttributesW(call: Call, name: int) -> int:
    """FILE_ATTRIBUTE_* of a file or folder."""
    return _attributes(call, WIDE, name)


@service("kernel32", "GetFileAttributesA", "p")
@failing(INVALID_FILE_ATTRIBUTES)
def GetFileAttributesA(call: Call, name: int) -> int:
    """GetFileAttributesW with an ANSI name."""
    return _attributes(call, narrow(call), name)


def _attributes_ex(call: Call, kind: StringKind, name: int, level: int, buffer: int) -> int:
    if level != GET_FILE_EX_INFO_STANDARD:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    call.memory.write(buffer, attribute_data(call.kernel.volume.query(nt_path_at(call, kind, name))))
    return 1


@service("kernel32", "GetFileAttributesExW", "p u32 p")
@failing(0)
def GetFileAttributesExW(call: Call, name: int, level: int, buffer: int) -> int:
    """Attributes, times and size by name."""
    return _attributes_ex(call, WIDE, name, level, buffer)


@service("kernel32", "GetFileAttributesExA", "p u32 p")
@failing(0)
def GetFileAttributesExA(call: Call, name: int, level: int, buffer: int) -> int:
    """GetFileAttributesExW with an ANSI name."""
    return _attributes_ex(call, narrow(call), name, level, buffer)


def _set_attributes(call: Call, kind: StringKind, name: int, attributes: int) -> int:
    path = nt_path_at(call, kind, name)
    file = open_file(call, path, OpenRequest(FILE_WRITE_ATTRIBUTES)).file
    try:
        set_basic(file, TimeChange(), attributes or FILE_ATTRIBUTE_NORMAL)
    finally:
        file.close()
    return 1


@service("kernel32", "SetFileAttributesW", "p u32")
@failing(0)
def SetFileAttributesW(call: Call, name: int, attributes: int) -> int:
    """Sets attributes by name; read-only becomes the host's missing write permission."""
    return _set_attributes(call, WIDE, name, attributes)


@service("kernel32", "SetFileAttributesA", "p u32")
@failing(0)
def SetFileAttributesA(call: Call, name: int, attributes: int) -> int:
    """SetFileAttributesW with an ANSI name."""
    return _set_attributes(call, narrow(call), name, attributes)


@service("kernel32", "GetFileInformationByHandle", "h p")
@failing(0)
def GetFileInformationByHandle(call: Call, handle: int, buffer: int) -> int:
    """BY_HANDLE_FILE_INFORMATION, 52 bytes."""
    file = lookup_file(call, handle)
    known = file.information()
    times = (known.creation_time, known.access_time, known.write_time)
    serial = file.block.store.drive.serial_number if isinstance(file, FileObject) else 0
    numbers = (serial, known.size >> 32, known.size & 0xFFFFFFFF, known.links)
    index = (known.index >> 32, known.index & 0xFFFFFFFF)
    call.memory.write(buffer, struct.pack("<I3Q6I", known.attributes, *times, *numbers, *index))
    return 1


def _compressed_size(call: Call, kind: StringKind, name: int, high_address: int) -> int:
    size: int = call.kernel.volume.query(nt_path_at(call, kind, name)).size
    if high_address:
        call.memory.write_u32(high_address, size >> 32)
    if size & 0xFFFFFFFF == INVALID_FILE_SIZE:
        call.set_last_error(0)
    return size & 0xFFFFFFFF


@service("kernel32", "GetCompressedFileSizeW", "p p")
@failing(INVALID_FILE_SIZE)
def GetCompressedFileSizeW(call: Call, name: int, high_address: int) -> int:
    """The size of a file by name: none is compressed."""
    return _compressed_size(call, WIDE, name, high_address)


@service("kernel32", "GetCompressedFileSizeA", "p p")
@failing(INVALID_FILE_SIZE)
def GetCompressedFileSizeA(call: Call, name: int, high_address: int) -> int:
    """GetCompressedFileSizeW with an ANSI name."""
    return _compressed_size(call, narrow(call), name, high_address)
