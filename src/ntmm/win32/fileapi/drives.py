"""The drives and their room."""

from typing import Final

from ntmm.kernel.io.constants import SECTOR_SIZE
from ntmm.kernel.io.drives import Drive
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.io.paths import full_path, parse_nt_path
from ntmm.kernel.io.quota import Room
from ntmm.native.call import Call
from ntmm.native.file import lookup_file
from ntmm.native.service_table import service
from ntmm.native.volume_information import (
    CLUSTER,
    FILE_SYSTEM,
    FILE_SYSTEM_FLAGS,
    LONGEST_COMPONENT,
    SECTORS_OF_CLUSTER,
)
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.fileapi.naming import nt_path_of
from ntmm.win32.process_parameters import current_directory
from ntmm.win32.text import ANSI, WIDE, StringKind, answer_string

_FIXED: Final = 3
_RAM_DISK: Final = 6
_NO_ROOT: Final = 1


@service("kernel32", "GetLogicalDrives")
def GetLogicalDrives(call: Call) -> int:
    """A bit for each drive: C:, and a RAM disk where there is one."""
    return sum(1 << ord(letter[0]) - ord("A") for letter in call.kernel.volume.drives)


def _roots(call: Call) -> str:
    return "".join(f"{letter}\\\0" for letter in call.kernel.volume.drives)


@service("kernel32", "GetLogicalDriveStringsW", "u32 p")
def GetLogicalDriveStringsW(call: Call, size: int, buffer: int) -> int:
    """The roots of all drives, each with a zero, and a zero at the end."""
    return answer_string(call, WIDE, _roots(call), buffer, size)


@service("kernel32", "GetLogicalDriveStringsA", "u32 p")
def GetLogicalDriveStringsA(call: Call, size: int, buffer: int) -> int:
    """GetLogicalDriveStringsW in ANSI."""
    return answer_string(call, ANSI, _roots(call), buffer, size)


def _drive(call: Call, text: str) -> Drive | None:
    """The drive whose root is meant."""
    return call.kernel.volume.drives.get(text.rstrip("\\").upper().removeprefix("\\\\?\\"))


def _drive_type(call: Call, kind: StringKind, root: int) -> int:
    drive = _drive(call, kind.read(call, root) if root else _current_drive(call))
    if drive is None:
        return _NO_ROOT
    return _RAM_DISK if drive.is_ram_disk else _FIXED


def _current_drive(call: Call) -> str:
    return full_path(".", current_directory(call))[:2]


def _room(call: Call, kind: StringKind, folder: int) -> Room:
    """The room on the drive of a folder, 0 for the current one; fails as a missing folder does."""
    path = nt_path_of(call, kind.read(call, folder) if folder else ".")
    volume = call.kernel.volume
    volume.query(path)
    return volume.room_of(parse_nt_path(path, volume.drives).drive)


@service("kernel32", "GetDriveTypeW", "p")
def GetDriveTypeW(call: Call, root: int) -> int:
    """DRIVE_FIXED for C:, DRIVE_RAMDISK for a RAM disk, DRIVE_NO_ROOT_DIR for all others."""
    return _drive_type(call, WIDE, root)


@service("kernel32", "GetDriveTypeA", "p")
def GetDriveTypeA(call: Call, root: int) -> int:
    """GetDriveTypeW in ANSI."""
    return _drive_type(call, ANSI, root)


def _disk_free_space(call: Call, kind: StringKind, root: int, *addresses: int) -> int:
    room = _room(call, kind, root)
    largest = 0xFFFFFFFF
    values = (
        SECTORS_OF_CLUSTER,
        SECTOR_SIZE,
        min(room.free // CLUSTER, largest),
        min(room.limit // CLUSTER, largest),
    )
    for address, value in zip(addresses, values, strict=True):
        if address:
            call.memory.write_u32(address, value)
    return 1


@service("kernel32", "GetDiskFreeSpaceW", "p p p p p")
@failing(0)
def GetDiskFreeSpaceW(call: Call, root: int, sectors: int, sector_size: int, free: int, total: int) -> int:
    """Clusters of 4096 bytes: free and in all, as the drive has them."""
    return _disk_free_space(call, WIDE, root, sectors, sector_size, free, total)


@service("kernel32", "GetDiskFreeSpaceA", "p p p p p")
@failing(0)
def GetDiskFreeSpaceA(call: Call, root: int, sectors: int, sector_size: int, free: int, total: int) -> int:
    """GetDiskFreeSpaceW in ANSI."""
    return _disk_free_space(call, ANSI, root, sectors, sector_size, free, total)


@service("kernel32", "GetDiskFreeSpaceExW", "p p p p")
@failing(0)
def GetDiskFreeSpaceExW(call: Call, folder: int, available: int, total: int, free: int) -> int:
    """Bytes: free to the caller, in all, and free."""
    return _disk_free_bytes(call, WIDE, folder, available, total, free)


@service("kernel32", "GetDiskFreeSpaceExA", "p p p p")
@failing(0)
def GetDiskFreeSpaceExA(call: Call, folder: int, available: int, total: int, free: int) -> int:
    """GetDiskFreeSpaceExW in ANSI."""
    return _disk_free_bytes(call, ANSI, folder, available, total, free)


def _disk_free_bytes(call: Call, kind: StringKind, folder: int, available: int, total: int, free: int) -> int:
    room = _room(call, kind, folder)
    for address, value in ((available, room.free), (total, room.limit), (free, room.free)):
        if address:
            call.memory.write_u64(address, value)
    return 1


def _store_text(call: Call, kind: StringKind, text: str, buffer: int, size: int) -> None:
    if not buffer:
        return
    data = kind.terminated(text)
    if len(data) > size * kind.unit:
        raise Win32Failure(Win32Error.BAD_LENGTH)
    call.memory.write(buffer, data)


def _drive_of_root(call: Call, kind: StringKind, root: int) -> Drive:
    drive = _drive(call, kind.read(call, root) if root else _current_drive(call))
    if drive is None:
        raise Win32Failure(Win32Error.PATH_NOT_FOUND)
    return drive


def _volume_information(
    call: Call, kind: StringKind, drive: Drive, texts: tuple[int, int, int, int], numbers: tuple[int, int, int]
) -> int:
    name, name_size, system_name, system_size = texts
    _store_text(call, kind, drive.label, name, name_size)
    _store_text(call, kind, FILE_SYSTEM, system_name, system_size)
    for address, value in zip(numbers, (drive.serial_number, LONGEST_COMPONENT, FILE_SYSTEM_FLAGS), strict=True):
        if address:
            call.memory.write_u32(address, value)
    return 1


@service("kernel32", "GetVolumeInformationW", "p p u32 p p p p u32")
@failing(0)
def GetVolumeInformationW(
    call: Call, root: int, name: int, size: int, serial: int, longest: int, flags: int, system: int, system_size: int
) -> int:
    """Label, serial number, longest name and file system of a drive."""
    texts, numbers = (name, size, system, system_size), (serial, longest, flags)
    return _volume_information(call, WIDE, _drive_of_root(call, WIDE, root), texts, numbers)


@service("kernel32", "GetVolumeInformationA", "p p u32 p p p p u32")
@failing(0)
def GetVolumeInformationA(
    call: Call, root: int, name: int, size: int, serial: int, longest: int, flags: int, system: int, system_size: int
) -> int:
    """GetVolumeInformationW in ANSI."""
    texts, numbers = (name, size, system, system_size), (serial, longest, flags)
    return _volume_information(call, ANSI, _drive_of_root(call, ANSI, root), texts, numbers)


@service("kernel32", "GetVolumeInformationByHandleW", "h p u32 p p p p u32")
@failing(0)
def GetVolumeInformationByHandleW(
    call: Call, handle: int, name: int, size: int, serial: int, longest: int, flags: int, system: int, system_size: int
) -> int:
    """GetVolumeInformationW of the drive that an open file or folder lies on."""
    file = lookup_file(call, handle)
    if not isinstance(file, FileObject):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    texts, numbers = (name, size, system, system_size), (serial, longest, flags)
    return _volume_information(call, WIDE, file.block.store.drive, texts, numbers)
