"""CreateFile and the functions that make or remove a name."""

from typing import Final

from ntmm.kernel.io.console import ConsoleFile
from ntmm.kernel.io.constants import (
    DELETE,
    FILE_DELETE_ON_CLOSE,
    FILE_DIRECTORY_FILE,
    FILE_NO_INTERMEDIATE_BUFFERING,
    FILE_NON_DIRECTORY_FILE,
    FILE_OPEN_FOR_BACKUP_INTENT,
    FILE_RANDOM_ACCESS,
    FILE_READ_ATTRIBUTES,
    FILE_SEQUENTIAL_ONLY,
    FILE_SYNCHRONOUS_IO_NONALERT,
    FILE_WRITE_THROUGH,
    GENERIC_WRITE,
    SETTABLE_ATTRIBUTES,
    SYNCHRONIZE,
    Disposition,
    OpenAction,
)
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.volume import OpenRequest
from ntmm.kernel.se import SecurityDescriptor
from ntmm.native.call import Call
from ntmm.native.file import delete_path, insert_file, make_directory, open_path
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import INVALID_HANDLE_VALUE, Win32Failure, failing
from ntmm.win32.fileapi.naming import narrow, nt_path_at, nt_path_of, read_path
from ntmm.win32.process_parameters import ProcessParameters
from ntmm.win32.security_attributes import descriptor_of, inherits
from ntmm.win32.text import WIDE, StringKind

FILE_FLAG_DELETE_ON_CLOSE: Final = 0x04000000
FILE_FLAG_BACKUP_SEMANTICS: Final = 0x02000000
FILE_FLAG_SEQUENTIAL_SCAN: Final = 0x08000000
FILE_FLAG_RANDOM_ACCESS: Final = 0x10000000
FILE_FLAG_NO_BUFFERING: Final = 0x20000000
FILE_FLAG_OVERLAPPED: Final = 0x40000000
FILE_FLAG_WRITE_THROUGH: Final = 0x80000000
TRUNCATE_EXISTING: Final = 5

_DISPOSITIONS: Final = {
    1: Disposition.CREATE,
    2: Disposition.OVERWRITE_IF,
    3: Disposition.OPEN,
    4: Disposition.OPEN_IF,
    TRUNCATE_EXISTING: Disposition.OVERWRITE,
}
_OPTIONS: Final = {
    FILE_FLAG_WRITE_THROUGH: FILE_WRITE_THROUGH,
    FILE_FLAG_NO_BUFFERING: FILE_NO_INTERMEDIATE_BUFFERING,
    FILE_FLAG_SEQUENTIAL_SCAN: FILE_SEQUENTIAL_ONLY,
    FILE_FLAG_RANDOM_ACCESS: FILE_RANDOM_ACCESS,
}
_TELLS_EXISTED: Final = frozenset({Disposition.OVERWRITE_IF, Disposition.OPEN_IF})
_CONSOLE_NAMES: Final = {"CONIN$": 0, "CONOUT$": 1}


def _request(
    access: int, share: int, disposition: int, flags: int, security: SecurityDescriptor | None = None
) -> OpenRequest:
    if disposition not in _DISPOSITIONS:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if disposition == TRUNCATE_EXISTING and not access & GENERIC_WRITE:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    options = 0 if flags & FILE_FLAG_OVERLAPPED else FILE_SYNCHRONOUS_IO_NONALERT
    options |= FILE_OPEN_FOR_BACKUP_INTENT if flags & FILE_FLAG_BACKUP_SEMANTICS else FILE_NON_DIRECTORY_FILE
    for flag, option in _OPTIONS.items():
        options |= option if flags & flag else 0
    access |= SYNCHRONIZE | FILE_READ_ATTRIBUTES
    if flags & FILE_FLAG_DELETE_ON_CLOSE:
        options |= FILE_DELETE_ON_CLOSE
        access |= DELETE
    attributes = flags & SETTABLE_ATTRIBUTES
    return OpenRequest(access, share, _DISPOSITIONS[disposition], options, attributes, security=security)


def _open_console(call: Call, index: int) -> int:
    """A handle to the console that standard input or output is; FILE_NOT_FOUND if it is none."""
    file = call.process.handles.lookup(ProcessParameters(call).standard_handle(index) & 0xFFFFFFFF, ConsoleFile)
    if not file.is_console:
        raise Win32Failure(Win32Error.FILE_NOT_FOUND)
    return call.process.handles.insert(file, file.access)


def create_file(call: Call, path: str, access: int, share: int, disposition: int, flags: int, security: int = 0) -> int:
    """CreateFile with its path already decoded; `security` is the address of a SECURITY_ATTRIBUTES.

    Raises Win32Failure, IoFailure and InvalidHandle.
    """
    if path.upper() in _CONSOLE_NAMES:
        return _open_console(call, _CONSOLE_NAMES[path.upper()])
    request = _request(access, share, disposition, flags, descriptor_of(call, security))
    try:
        opened = open_path(call, nt_path_of(call, path), request)
    except IoFailure as failure:
        if failure.status == Status.OBJECT_NAME_COLLISION:
            raise Win32Failure(Win32Error.FILE_EXISTS) from failure
        raise
    existed = request.disposition in _TELLS_EXISTED and opened.action is not OpenAction.CREATED
    call.set_last_error(Win32Error.ALREADY_EXISTS if existed else 0)
    return insert_file(call, opened, inherits(call, security))


@service("kernel32", "CreateFileW", "p u32 u32 p u32 u32 h")
@failing(INVALID_HANDLE_VALUE)
def CreateFileW(
    call: Call, name: int, access: int, share: int, security: int, disposition: int, flags: int, template: int
) -> int:
    """Opens or creates a file, a folder (FILE_FLAG_BACKUP_SEMANTICS), NUL, CONIN$ or CONOUT$."""
    path = read_path(call, WIDE, name)
    return create_file(call, path, access, share, disposition, flags, security)


@service("kernel32", "CreateFileA", "p u32 u32 p u32 u32 h")
@failing(INVALID_HANDLE_VALUE)
def CreateFileA(
    call: Call, name: int, access: int, share: int, security: int, disposition: int, flags: int, template: int
) -> int:
    """CreateFileW with an ANSI name."""
    path = read_path(call, narrow(call), name)
    return create_file(call, path, access, share, disposition, flags, security)


def _delete(call: Call, path: str, options: int) -> int:
    delete_path(call, nt_path_of(call, path), options)
    return 1


@service("kernel32", "DeleteFileW", "p")
@failing(0)
def DeleteFileW(call: Call, name: int) -> int:
    """Deletes a file, or marks it to go with its last handle."""
    return _delete(call, read_path(call, WIDE, name), FILE_NON_DIRECTORY_FILE)


@service("kernel32", "DeleteFileA", "p")
@failing(0)
def DeleteFileA(call: Call, name: int) -> int:
    """DeleteFileW with an ANSI name."""
    return _delete(call, read_path(call, narrow(call), name), FILE_NON_DIRECTORY_FILE)


@service("kernel32", "RemoveDirectoryW", "p")
@failing(0)
def RemoveDirectoryW(call: Call, name: int) -> int:
    """Removes an empty folder."""
    return _delete(call, read_path(call, WIDE, name), FILE_DIRECTORY_FILE)


@service("kernel32", "RemoveDirectoryA", "p")
@failing(0)
def RemoveDirectoryA(call: Call, name: int) -> int:
    """RemoveDirectoryW with an ANSI name."""
    return _delete(call, read_path(call, narrow(call), name), FILE_DIRECTORY_FILE)


def _make(call: Call, kind: StringKind, name: int, security: int) -> int:
    make_directory(call, nt_path_at(call, kind, name), descriptor_of(call, security))
    return 1


@service("kernel32", "CreateDirectoryW", "p p")
@failing(0)
def CreateDirectoryW(call: Call, name: int, security: int) -> int:
    """Creates a folder; ALREADY_EXISTS if the name is taken."""
    return _make(call, WIDE, name, security)


@service("kernel32", "CreateDirectoryA", "p p")
@failing(0)
def CreateDirectoryA(call: Call, name: int, security: int) -> int:
    """CreateDirectoryW with an ANSI name."""
    return _make(call, narrow(call), name, security)
