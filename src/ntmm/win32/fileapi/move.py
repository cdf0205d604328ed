"""MoveFile and CopyFile."""

from typing import Final

from ntmm.kernel.io.constants import (
    DELETE,
    FILE_NON_DIRECTORY_FILE,
    FILE_READ_DATA,
    FILE_SHARE_READ,
    FILE_SHARE_WRITE,
    FILE_WRITE_ATTRIBUTES,
    FILE_WRITE_DATA,
    Disposition,
)
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File, FileObject
from ntmm.kernel.io.information import TimeChange
from ntmm.kernel.io.paths import parse_nt_path
from ntmm.kernel.io.volume import OpenRequest
from ntmm.native.call import Call
from ntmm.native.file import TRANSFER_CHUNK, delete_path, open_file
from ntmm.native.file_information import set_basic
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.fileapi.naming import narrow, nt_path_at, nt_path_of, read_path
from ntmm.win32.text import WIDE, StringKind

MOVEFILE_REPLACE_EXISTING: Final = 1
MOVEFILE_COPY_ALLOWED: Final = 2
MOVEFILE_DELAY_UNTIL_REBOOT: Final = 4
MOVEFILE_WRITE_THROUGH: Final = 8
COPY_FILE_FAIL_IF_EXISTS: Final = 1
COPY_FILE_RESTARTABLE: Final = 2


def _copy(call: Call, source_path: str, target_path: str, replace: bool) -> None:
    """Copies content, write time and attributes."""
    share = FILE_SHARE_READ | FILE_SHARE_WRITE
    source = open_file(call, source_path, OpenRequest(FILE_READ_DATA, share, options=FILE_NON_DIRECTORY_FILE)).file
    try:
        known = source.information()
        target = _open_target(call, target_path, Disposition.OVERWRITE_IF if replace else Disposition.CREATE)
        try:
            _copy_content(source, target)
            set_basic(target, TimeChange(write=known.write_time), known.attributes)
        except IoFailure:
            if isinstance(target, FileObject) and target.access & DELETE:
                target.set_delete_pending(True)  # half a copy is of no use
            raise
        finally:
            target.close()
    finally:
        source.close()


def _open_target(call: Call, path: str, disposition: Disposition) -> File:
    """The file to copy to, with the right to delete it again where the caller has that."""
    access = FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES
    try:
        return open_file(call, path, OpenRequest(access | DELETE, 0, disposition, FILE_NON_DIRECTORY_FILE)).file
    except IoFailure as failure:
        if failure.status != Status.ACCESS_DENIED:
            raise
        return open_file(call, path, OpenRequest(access, 0, disposition, FILE_NON_DIRECTORY_FILE)).file


def _copy_content(source: File, target: File) -> None:
    position = 0
    while data := source.read(position, TRANSFER_CHUNK):
        position += target.write(position, data)


def _rename(call: Call, file: File, target_path: str, replace: bool) -> bool:
    """Renames; False if a file must be copied instead, as its target is on the other side of C:\\Windows."""
    if not isinstance(file, FileObject):
        raise Win32Failure(Win32Error.ACCESS_DENIED)
    try:
        call.kernel.volume.rename(file, target_path, replace, call.requester.token)
    except IoFailure as failure:
        if failure.status != Status.NOT_SAME_DEVICE or file.is_directory:
            raise
        return False
    return True


def _drive(call: Call, path: str) -> str:
    return parse_nt_path(path, call.kernel.volume.drives).drive


def move(call: Call, source: str, target: str, flags: int) -> int:
    """MoveFileEx with its paths decoded. C:\\Windows is a folder of its own: files are copied in and out of it."""
    source_path, target_path = nt_path_of(call, source), nt_path_of(call, target)
    replace = bool(flags & MOVEFILE_REPLACE_EXISTING)
    file = open_file(call, source_path, OpenRequest(DELETE, 7)).file
    try:
        if _rename(call, file, target_path, replace):
            return 1
    finally:
        file.close()
    if not flags & MOVEFILE_COPY_ALLOWED and _drive(call, source_path) != _drive(call, target_path):
        raise Win32Failure(Win32Error.NOT_SAME_DEVICE)
    _copy(call, source_path, target_path, replace)
    delete_path(call, source_path, FILE_NON_DIRECTORY_FILE)
    return 1


def _move_ex(call: Call, kind: StringKind, source: int, target: int, flags: int) -> int:
    if flags & MOVEFILE_DELAY_UNTIL_REBOOT or not target:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    if flags & ~(MOVEFILE_REPLACE_EXISTING | MOVEFILE_COPY_ALLOWED | MOVEFILE_WRITE_THROUGH):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    return move(call, read_path(call, kind, source), read_path(call, kind, target), flags)


@service("kernel32", "MoveFileW", "p p", lacks="a null target")
@failing(0)
def MoveFileW(call: Call, source: int, target: int) -> int:
    """Renames; ALREADY_EXISTS if the target exists."""
    return _move_ex(call, WIDE, source, target, MOVEFILE_COPY_ALLOWED)


@service("kernel32", "MoveFileA", "p p", lacks="a null target")
@failing(0)
def MoveFileA(call: Call, source: int, target: int) -> int:
    """MoveFileW with ANSI names."""
    return _move_ex(call, narrow(call), source, target, MOVEFILE_COPY_ALLOWED)


@service("kernel32", "MoveFileExW", "p p u32", lacks="MOVEFILE_DELAY_UNTIL_REBOOT")
@failing(0)
def MoveFileExW(call: Call, source: int, target: int, flags: int) -> int:
    """Renames, replacing a file if asked to."""
    return _move_ex(call, WIDE, source, target, flags)


@service("kernel32", "MoveFileExA", "p p u32", lacks="MOVEFILE_DELAY_UNTIL_REBOOT")
@failing(0)
def MoveFileExA(call: Call, source: int, target: int, flags: int) -> int:
    """MoveFileExW with ANSI names."""
    return _move_ex(call, narrow(call), source, target, flags)


def _copy_file(call: Call, kind: StringKind, source: int, target: int, fail_if_exists: int) -> int:
    source_path = nt_path_at(call, kind, source)
    target_path = nt_path_at(call, kind, target)
    try:
        _copy(call, source_path, target_path, replace=not fail_if_exists)
    except IoFailure as failure:
        if failure.status == Status.OBJECT_NAME_COLLISION:
            raise Win32Failure(Win32Error.FILE_EXISTS) from failure
        raise
    return 1


@service("kernel32", "CopyFileW", "p p u32")
@failing(0)
def CopyFileW(call: Call, source: int, target: int, fail_if_exists: int) -> int:
    """Copies content, write time and attributes of one file."""
    return _copy_file(call, WIDE, source, target, fail_if_exists)


@service("kernel32", "CopyFileA", "p p u32")
@failing(0)
def CopyFileA(call: Call, source: int, target: int, fail_if_exists: int) -> int:
    """CopyFileW with ANSI names."""
    return _copy_file(call, narrow(call), source, target, fail_if_exists)


def _copy_file_ex(
    call: Call, kind: StringKind, source: int, target: int, progress: int, cancel: int, flags: int
) -> int:
    if flags & ~(COPY_FILE_FAIL_IF_EXISTS | COPY_FILE_RESTARTABLE):
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if progress:
        raise Win32Failure(Win32Error.CALL_NOT_IMPLEMENTED)
    if cancel and call.memory.read_u32(cancel):
        raise Win32Failure(Win32Error.REQUEST_ABORTED)
    return _copy_file(call, kind, source, target, flags & COPY_FILE_FAIL_IF_EXISTS)


@service("kernel32", "CopyFileExW", "p p p p p u32", lacks="progress routines")
@failing(0)
def CopyFileExW(call: Call, source: int, target: int, progress: int, data: int, cancel: int, flags: int) -> int:
    """CopyFileW in one step; a routine that is told of the progress is CALL_NOT_IMPLEMENTED."""
    return _copy_file_ex(call, WIDE, source, target, progress, cancel, flags)


@service("kernel32", "CopyFileExA", "p p p p p u32", lacks="progress routines")
@failing(0)
def CopyFileExA(call: Call, source: int, target: int, progress: int, data: int, cancel: int, flags: int) -> int:
    """CopyFileExW with ANSI names."""
    return _copy_file_ex(call, narrow(call), source, target, progress, cancel, flags)
