"""The drive C: and its room."""

from typing import Final

from ntmm.kernel.io.constants import SECTOR_SIZE
from ntmm.kernel.io.volume import LABEL, SERIAL_NUMBER
from ntmm.native.call import Call
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
from ntmm.win32.text import ANSI, WIDE, StringKind, answer_string

_DRIVE_C: Final = 1 << 2
_ROOTS: Final = "C:\\\0"
_FIXED: Final = 3
_NO_ROOT: Final = 1


@service("kernel32", "GetLogicalDrives")
def GetLogicalDrives(call: Call) -> int:
    """A bit for each drive: C: alone."""
    return _DRIVE_C


@service("kernel32", "GetLogicalDriveStringsW", "u32 p")
def GetLogicalDriveStringsW(call: Call, size: int, buffer: int) -> int:
    """The roots of all drives, each with a zero, and a zero at the end."""
    return answer_string(call, WIDE, _ROOTS, buffer, size)


@service("kernel32", "GetLogicalDriveStringsA", "u32 p")
def GetLogicalDriveStringsA(call: Call, size: int, buffer: int) -> int:
    """GetLogicalDriveStringsW in ANSI."""
    return answer_string(call, ANSI, _ROOTS, buffer, size)


def _is_root(text: str) -> bool:
    return text.rstrip("\\").upper() in ("C:", "\\\\?\\C:")


def _drive_type(call: Call, kind: StringKind, root: int) -> int:
    return _FIXED if not root or _is_root(kind.read(call, root)) else _NO_ROOT


@service("kernel32", "GetDriveTypeW", "p")
def GetDriveTypeW(call: Call, root: int) -> int:
    """DRIVE_FIXED for C:, DRIVE_NO_ROOT_DIR for all others."""
    return _drive_type(call, WIDE, root)


@service("kernel32", "GetDriveTypeA", "p")
def GetDriveTypeA(call: Call, root: int) -> int:
    """GetDriveTypeW in ANSI."""
    return _drive_type(call, ANSI, root)


def _check_folder(call: Call, kind: StringKind, folder: int) -> None:
    """Fails as a missing folder does; 0 means the current drive."""
    if folder:
        call.kernel.volume.query(nt_path_of(call, kind.read(call, folder)))


def _disk_free_space(call: Call, kind: StringKind, root: int, *addresses: int) -> int:
    _check_folder(call, kind, root)
    quota = call.kernel.volume.quota
    largest = 0xFFFFFFFF
    values = (
        SECTORS_OF_CLUSTER,
        SECTOR_SIZE,
        min(quota.free // CLUSTER, largest),
        min(quota.limit // CLUSTER, largest),
    )
    for address, value in zip(addresses, values, strict=True):
        if address:
            call.memory.write_u32(address, value)
    return 1


@service("kernel32", "GetDiskFreeSpaceW", "p p p p p")
@failing(0)
def GetDiskFreeSpaceW(call: Call, root: int, sectors: int, sector_size: int, free: int, total: int) -> int:
    """Clusters of 4096 bytes: free and in all, as the run's disk quota has them."""
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
    _check_folder(call, kind, folder)
    quota = call.kernel.volume.quota
    for address, value in ((available, quota.free), (total, quota.limit), (free, quota.free)):
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


@service("kernel32", "GetVolumeInformationW", "p p u32 p p p p u32")
@failing(0)
def GetVolumeInformationW(
    call: Call,
    root: int,
    name: int,
    name_size: int,
    serial: int,
    longest: int,
    flags: int,
    system_name: int,
    system_size: int,
) -> int:
    """Label, serial number, longest name and file system of C:."""
    if root and not _is_root(WIDE.read(call, root)):
        raise Win32Failure(Win32Error.PATH_NOT_FOUND)
    _store_text(call, WIDE, LABEL, name, name_size)
    _store_text(call, WIDE, FILE_SYSTEM, system_name, system_size)
    for address, value in ((serial, SERIAL_NUMBER), (longest, LONGEST_COMPONENT), (flags, FILE_SYSTEM_FLAGS)):
        if address:
            call.memory.write_u32(address, value)
    return 1
