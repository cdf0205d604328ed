"""NtQueryVolumeInformationFile: the drive, or the device, that a file lies on."""

import struct
from collections.abc import Callable
from typing import Final

from ntmm.kernel.io.constants import SECTOR_SIZE, FileType
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File, FileObject, NullFile
from ntmm.kernel.ke.clock import BOOT_TIME_100NS
from ntmm.native.call import Call
from ntmm.native.file import answers_status, lookup_file
from ntmm.native.io_request import write_io_status
from ntmm.native.service_table import service
from ntmm.nt.status import Status

SECTORS_OF_CLUSTER: Final = 8
CLUSTER: Final = SECTOR_SIZE * SECTORS_OF_CLUSTER
FILE_SYSTEM: Final = "NTFS"
FILE_SYSTEM_FLAGS: Final = 0x06
"""Names keep their case and are Unicode; nothing more is claimed."""
LONGEST_COMPONENT: Final = 255

_VOLUME: Final = 1
_SIZE: Final = 3
_DEVICE: Final = 4
_ATTRIBUTE: Final = 5
_FULL_SIZE: Final = 7

_DISK: Final = 0x07
_NAMED_PIPE: Final = 0x11
_NULL: Final = 0x15
_CONSOLE: Final = 0x50
_IS_MOUNTED: Final = 0x20


def _volume(file: FileObject) -> bytes:
    drive = file.block.store.drive
    label = drive.label.encode("utf-16-le")
    return struct.pack("<QII2x", BOOT_TIME_100NS, drive.serial_number, len(label)) + label


def _size(file: FileObject) -> bytes:
    room = file.block.store.room
    return struct.pack("<QQII", room.limit // CLUSTER, room.free // CLUSTER, SECTORS_OF_CLUSTER, SECTOR_SIZE)


def _full_size(file: FileObject) -> bytes:
    room = file.block.store.room
    free = room.free // CLUSTER
    return struct.pack("<3QII", room.limit // CLUSTER, free, free, SECTORS_OF_CLUSTER, SECTOR_SIZE)


def _attribute(file: FileObject) -> bytes:
    name = FILE_SYSTEM.encode("utf-16-le")
    return struct.pack("<III", FILE_SYSTEM_FLAGS, LONGEST_COMPONENT, len(name)) + name


_QUERIES: Final[dict[int, tuple[int, Callable[[FileObject], bytes]]]] = {
    _VOLUME: (18, _volume),
    _SIZE: (24, _size),
    _ATTRIBUTE: (12, _attribute),
    _FULL_SIZE: (32, _full_size),
}
"""By class: the bytes before the name, which must fit, and what answers."""


def _device(file: File) -> bytes:
    """FILE_FS_DEVICE_INFORMATION: the kind of device and its characteristics."""
    if isinstance(file, FileObject):
        return struct.pack("<II", _DISK, _IS_MOUNTED)
    if isinstance(file, NullFile):
        return struct.pack("<II", _NULL, 0)
    return struct.pack("<II", _CONSOLE if file.file_type is FileType.CHARACTER else _NAMED_PIPE, 0)


@service("ntdll", "NtQueryVolumeInformationFile", "h p p u32 u32")
@answers_status
def NtQueryVolumeInformationFile(
    call: Call, handle: int, io_status: int, buffer: int, length: int, information_class: int
) -> int:
    """One class of information; a name that does not fit is cut with BUFFER_OVERFLOW."""
    file = lookup_file(call, handle)
    if information_class == _DEVICE:
        smallest, data = 8, _device(file)
    elif information_class in _QUERIES:
        if not isinstance(file, FileObject):
            raise IoFailure(Status.INVALID_DEVICE_REQUEST)
        smallest, query = _QUERIES[information_class]
        data = query(file)
    else:
        return Status.INVALID_INFO_CLASS
    if length < smallest:
        return Status.INFO_LENGTH_MISMATCH
    status = Status.SUCCESS if len(data) <= length else Status.BUFFER_OVERFLOW
    call.memory.write(buffer, data[:length])
    write_io_status(call, io_status, status, min(len(data), length))
    return status
