"""NtQueryInformationFile and NtSetInformationFile, by information class."""

import struct
from collections.abc import Callable
from typing import Final

from ntmm.kernel.io.constants import DELETE, FILE_ATTRIBUTE_DIRECTORY, FILE_WRITE_ATTRIBUTES, FILE_WRITE_DATA
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File, FileObject
from ntmm.kernel.io.information import FileInformation, TimeChange
from ntmm.native.call import Call
from ntmm.native.completion import bind_port
from ntmm.native.file import answers_status, lookup_file, object_path
from ntmm.native.io_request import write_io_status
from ntmm.native.privilege import has_privilege
from ntmm.native.service_table import service
from ntmm.native.transfer_rules import BUFFER_ALIGNMENT, check_position
from ntmm.nt.status import Status

BASIC: Final = 4
STANDARD: Final = 5
INTERNAL: Final = 6
EA: Final = 7
ACCESS: Final = 8
NAME: Final = 9
RENAME: Final = 10
DISPOSITION: Final = 13
POSITION: Final = 14
MODE: Final = 16
ALIGNMENT: Final = 17
ALL: Final = 18
ALLOCATION: Final = 19
END_OF_FILE: Final = 20
COMPLETION: Final = 30
NETWORK_OPEN: Final = 34
ATTRIBUTE_TAG: Final = 35
VALID_DATA_LENGTH: Final = 39

_TIMES = "<4Q"
_MODE_OPTIONS: Final = 0x103E
_BEFORE_NAME: Final = {NAME: 4, ALL: 100}
"""Bytes that must fit, by class; a name after them may be cut."""


def basic_information(known: FileInformation) -> bytes:
    """FILE_BASIC_INFORMATION, 40 bytes."""
    times = (known.creation_time, known.access_time, known.write_time, known.write_time)
    return struct.pack(_TIMES + "I4x", *times, known.attributes)


def standard_information(known: FileInformation) -> bytes:
    """FILE_STANDARD_INFORMATION, 24 bytes."""
    flags = (known.delete_pending, known.is_directory)
    return struct.pack("<QQI??2x", known.allocation_size, known.size, known.links, *flags)


def network_open_information(known: FileInformation) -> bytes:
    """FILE_NETWORK_OPEN_INFORMATION, 56 bytes."""
    times = (known.creation_time, known.access_time, known.write_time, known.write_time)
    return struct.pack(_TIMES + "QQI4x", *times, known.allocation_size, known.size, known.attributes)


def _name_information(file: File) -> bytes:
    name = file.name.encode("utf-16-le", "surrogatepass")
    return struct.pack("<I", len(name)) + name


def _mode(file: File) -> bytes:
    """The FILE_* options that last: write-through, sequential, unbuffered, synchronous, delete on close."""
    return struct.pack("<I", file.options & _MODE_OPTIONS if isinstance(file, FileObject) else 0)


def _alignment(file: File) -> bytes:
    return struct.pack("<I", BUFFER_ALIGNMENT - 1)


def _all_information(file: File) -> bytes:
    """FILE_ALL_INFORMATION: the eight simple classes and the name, 100 bytes before the name."""
    known = file.information()
    parts = (
        basic_information(known),
        standard_information(known),
        struct.pack("<QIIQ", known.index, 0, file.access, file.position),
        _mode(file),
        _alignment(file),
    )
    return b"".join(parts) + _name_information(file)


_QUERIES: Final[dict[int, Callable[[File], bytes]]] = {
    BASIC: lambda file: basic_information(file.information()),
    STANDARD: lambda file: standard_information(file.information()),
    INTERNAL: lambda file: struct.pack("<Q", file.information().index),
    NAME: _name_information,
    EA: lambda file: bytes(4),
    ACCESS: lambda file: struct.pack("<I", file.access),
    POSITION: lambda file: struct.pack("<Q", file.position),
    MODE: _mode,
    ALIGNMENT: _alignment,
    ALL: _all_information,
    ATTRIBUTE_TAG: lambda file: struct.pack("<II", file.information().attributes, 0),
    NETWORK_OPEN: lambda file: network_open_information(file.information()),
}


@service("ntdll", "NtQueryInformationFile", "h p p u32 u32", lacks="rarer information classes")
@answers_status
def NtQueryInformationFile(
    call: Call, handle: int, io_status: int, buffer: int, length: int, information_class: int
) -> int:
    """Answers one information class; a name that does not fit is cut with BUFFER_OVERFLOW."""
    file = lookup_file(call, handle)
    query = _QUERIES.get(information_class)
    if query is None:
        return Status.NOT_IMPLEMENTED
    data = query(file)
    status = Status.SUCCESS
    if len(data) > length:
        if length < _BEFORE_NAME.get(information_class, len(data)):
            return Status.INFO_LENGTH_MISMATCH
        status = Status.BUFFER_OVERFLOW
    call.memory.write(buffer, data[:length])
    write_io_status(call, io_status, status, min(length, len(data)))
    return status


@service("ntdll", "NtQueryAttributesFile", "p p")
@answers_status
def NtQueryAttributesFile(call: Call, attributes: int, buffer: int) -> int:
    """FILE_BASIC_INFORMATION by name."""
    call.memory.write(buffer, basic_information(call.kernel.volume.query(object_path(call, attributes))))
    return Status.SUCCESS


@service("ntdll", "NtQueryFullAttributesFile", "p p")
@answers_status
def NtQueryFullAttributesFile(call: Call, attributes: int, buffer: int) -> int:
    """FILE_NETWORK_OPEN_INFORMATION by name."""
    call.memory.write(buffer, network_open_information(call.kernel.volume.query(object_path(call, attributes))))
    return Status.SUCCESS


def _disk_file(file: File) -> FileObject:
    if not isinstance(file, FileObject):
        raise IoFailure(Status.INVALID_DEVICE_REQUEST)
    return file


def set_basic(file: File, change: TimeChange, attributes: int) -> None:
    """Sets times and attributes; attributes 0 leave them as they are. Needs FILE_WRITE_ATTRIBUTES."""
    disk = _disk_file(file)
    disk.require(FILE_WRITE_ATTRIBUTES)
    if attributes:
        if attributes & FILE_ATTRIBUTE_DIRECTORY and not disk.is_directory:
            raise IoFailure(Status.INVALID_PARAMETER)
        disk.block.set_attributes(attributes)
    disk.block.set_times(change)


def time_or_none(value: int) -> int | None:
    """A FILETIME to set: 0 and -1 mean "leave it"."""
    return None if value in (0, (1 << 64) - 1) else value


def _set_basic(call: Call, file: File, buffer: int) -> None:
    creation, access, write, _change, attributes = struct.unpack(_TIMES + "I", call.memory.read(buffer, 36))
    times = TimeChange(time_or_none(creation), time_or_none(access), time_or_none(write))
    set_basic(file, times, attributes)


def _set_rename(call: Call, file: File, buffer: int) -> None:
    pointer = call.memory.pointer_size
    may_replace = bool(call.memory.read_u8(buffer))
    root = call.memory.read_pointer(buffer + pointer)
    length = call.memory.read_u32(buffer + 2 * pointer)
    data = call.memory.read(buffer + 2 * pointer + 4, length & ~1)
    name = data.decode("utf-16-le", "surrogatepass")
    if root:
        name = "\\??\\C:" + lookup_file(call, root & 0xFFFFFFFF).name.rstrip("\\") + "\\" + name
    elif not name.startswith("\\"):
        name = "\\??\\C:" + file.name.rpartition("\\")[0] + "\\" + name
    call.kernel.volume.rename(_disk_file(file), name, may_replace, call.requester.token)


def _set_disposition(call: Call, file: File, buffer: int) -> None:
    _disk_file(file).set_delete_pending(bool(call.memory.read_u8(buffer)))


def _set_position(call: Call, file: File, buffer: int) -> None:
    position = call.memory.read_u64(buffer)
    if position >> 63:
        raise IoFailure(Status.INVALID_PARAMETER)
    check_position(file, position)
    file.position = position


def _set_end_of_file(call: Call, file: File, buffer: int) -> None:
    file.set_size(call.memory.read_u64(buffer))


def _set_allocation(call: Call, file: File, buffer: int) -> None:
    """A smaller allocation cuts the file; a larger one is only a wish."""
    file.require(FILE_WRITE_DATA)
    file.set_size(min(file.size, call.memory.read_u64(buffer)))


def set_valid_data(call: Call, file: File, length: int) -> None:
    """Says that the file is written up to `length` bytes; the host's file reads as zeros there, so nothing changes.

    Fails with PRIVILEGE_NOT_HELD without SeManageVolumePrivilege, INVALID_PARAMETER past the end of the file.
    """
    disk = _disk_file(file)
    disk.require(FILE_WRITE_DATA)
    if not has_privilege(call, "SeManageVolumePrivilege"):
        raise IoFailure(Status.PRIVILEGE_NOT_HELD)
    if not 0 < length <= disk.size:
        raise IoFailure(Status.INVALID_PARAMETER)


def _set_completion(call: Call, file: File, buffer: int) -> None:
    port = call.memory.read_pointer(buffer)
    key = call.memory.read_pointer(buffer + call.memory.pointer_size)
    bind_port(call, file, (port & 0x7FFFFFFF) - (port & 0x80000000), key)


def _set_valid_data(call: Call, file: File, buffer: int) -> None:
    set_valid_data(call, file, call.memory.read_u64(buffer))


_SETTERS: Final[dict[int, tuple[int, int, Callable[[Call, File, int], None]]]] = {
    BASIC: (40, FILE_WRITE_ATTRIBUTES, _set_basic),
    RENAME: (14, DELETE, _set_rename),
    DISPOSITION: (1, DELETE, _set_disposition),
    POSITION: (8, 0, _set_position),
    ALLOCATION: (8, FILE_WRITE_DATA, _set_allocation),
    END_OF_FILE: (8, FILE_WRITE_DATA, _set_end_of_file),
    COMPLETION: (8, 0, _set_completion),
    VALID_DATA_LENGTH: (8, FILE_WRITE_DATA, _set_valid_data),
}
"""By class: the least length in bytes, the right that the handle needs, and what changes the file."""


def set_file_information(call: Call, handle: int, information_class: int, buffer: int, length: int) -> Status:
    """Changes what one information class names; NOT_IMPLEMENTED for an unknown one. Raises IoFailure."""
    setter = _SETTERS.get(information_class)
    if setter is None:
        lookup_file(call, handle)
        return Status.NOT_IMPLEMENTED
    smallest, needed, change = setter
    file = lookup_file(call, handle, needed)
    if length < smallest:
        return Status.INFO_LENGTH_MISMATCH
    change(call, file, buffer)
    return Status.SUCCESS


@service("ntdll", "NtSetInformationFile", "h p p u32 u32", lacks="rarer information classes")
@answers_status
def NtSetInformationFile(
    call: Call, handle: int, io_status: int, buffer: int, length: int, information_class: int
) -> int:
    """Changes what one information class names."""
    status = set_file_information(call, handle, information_class, buffer, length)
    if status is Status.SUCCESS:
        write_io_status(call, io_status, Status.SUCCESS, 0)
    return status
