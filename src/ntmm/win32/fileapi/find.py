"""FindFirstFile, FindNextFile, FindClose."""

from typing import Final

from ntmm.kernel.io.constants import FILE_DIRECTORY_FILE
from ntmm.kernel.io.directory import DirectoryEntry, Search, matching
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.io.names import has_wildcard
from ntmm.kernel.io.paths import full_path, nt_path, split_pattern
from ntmm.kernel.io.volume import OpenRequest
from ntmm.native.call import Call
from ntmm.native.file import open_file
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import INVALID_HANDLE_VALUE, Win32Failure, failing
from ntmm.win32.fileapi.attributes import attribute_data
from ntmm.win32.fileapi.naming import narrow, read_path
from ntmm.win32.process_parameters import current_directory
from ntmm.win32.text import WIDE, StringKind

FIND_EX_INFO_BASIC: Final = 1
FIND_EX_SEARCH_LIMIT_TO_DIRECTORIES: Final = 1
_NAME_UNITS: Final = 260
_SHORT_NAME_UNITS: Final = 14
_FILE_LIST_DIRECTORY: Final = 1


def find_data(kind: StringKind, entry: DirectoryEntry) -> bytes:
    """WIN32_FIND_DATA: 592 bytes wide, 320 ANSI. There are no short names."""
    head = attribute_data(entry.information) + bytes(8)
    data = head + kind.fixed(entry.name, _NAME_UNITS) + bytes(_SHORT_NAME_UNITS * kind.unit)
    return data.ljust((len(data) + 3) & ~3, b"\0")


def _pattern(call: Call, path: str) -> tuple[str, str]:
    """Folder and pattern; a final dot after a wildcard is kept, as it means "without an extension"."""
    whole = full_path(path, current_directory(call))
    if not whole:
        raise Win32Failure(Win32Error.PATH_NOT_FOUND)
    folder, pattern = split_pattern(whole)
    if path.endswith(".") and has_wildcard(pattern):
        pattern += "."
    if not pattern:
        raise Win32Failure(Win32Error.FILE_NOT_FOUND)
    return folder, pattern


def _open_folder(call: Call, folder: str) -> FileObject:
    try:
        request = OpenRequest(_FILE_LIST_DIRECTORY, 7, options=FILE_DIRECTORY_FILE)
        file = open_file(call, nt_path(folder, "C:\\"), request).file
    except IoFailure as failure:
        if failure.status in (Status.OBJECT_NAME_NOT_FOUND, Status.OBJECT_PATH_NOT_FOUND):
            raise Win32Failure(Win32Error.PATH_NOT_FOUND) from failure
        raise
    if not isinstance(file, FileObject):
        raise Win32Failure(Win32Error.FILE_NOT_FOUND)
    return file


def _one_entry(call: Call, folder: FileObject, path: str, name: str) -> list[DirectoryEntry]:
    """The entry of a name without wildcards, found without reading the whole folder."""
    try:
        file = open_file(call, nt_path(path + name, "C:\\"), OpenRequest(access=0)).file
    except IoFailure as failure:
        if failure.status in (Status.OBJECT_NAME_NOT_FOUND, Status.OBJECT_NAME_INVALID):
            return []
        raise
    try:
        return [DirectoryEntry(file.name.rpartition("\\")[2], file.information())]
    finally:
        file.close()


def find_first(call: Call, kind: StringKind, path: str, data: int) -> int:
    """Opens a search, stores its first entry and answers its handle; raises Win32Failure and IoFailure."""
    folder_path, pattern = _pattern(call, path)
    folder = _open_folder(call, folder_path)
    try:
        if has_wildcard(pattern):
            entries = matching(call.kernel.volume.listing(folder), pattern)
        else:
            entries = _one_entry(call, folder, folder_path, pattern)
        search = Search(entries, folder.close)
        _store_first(call, kind, search, data)
    except BaseException:
        folder.close()
        raise
    return call.process.handles.insert(search)


def _store_first(call: Call, kind: StringKind, search: Search, data: int) -> None:
    first = search.take()
    if first is None:
        raise Win32Failure(Win32Error.FILE_NOT_FOUND)
    call.memory.write(data, find_data(kind, first))


@service("kernel32", "FindFirstFileW", "p p")
@failing(INVALID_HANDLE_VALUE)
def FindFirstFileW(call: Call, name: int, data: int) -> int:
    """Starts a search by a name with wildcards in its last part."""
    return find_first(call, WIDE, read_path(call, WIDE, name), data)


@service("kernel32", "FindFirstFileA", "p p")
@failing(INVALID_HANDLE_VALUE)
def FindFirstFileA(call: Call, name: int, data: int) -> int:
    """FindFirstFileW with ANSI names."""
    return find_first(call, narrow(call), read_path(call, narrow(call), name), data)


def _check_extended(level: int, operation: int, filter_: int) -> None:
    if level > FIND_EX_INFO_BASIC or operation > FIND_EX_SEARCH_LIMIT_TO_DIRECTORIES or filter_:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)


@service("kernel32", "FindFirstFileExW", "p u32 p u32 p u32")
@failing(INVALID_HANDLE_VALUE)
def FindFirstFileExW(call: Call, name: int, level: int, data: int, operation: int, filter_: int, flags: int) -> int:
    """FindFirstFileW; the search operation "folders only" is a hint that, as on Windows, is not followed."""
    _check_extended(level, operation, filter_)
    return find_first(call, WIDE, read_path(call, WIDE, name), data)


@service("kernel32", "FindFirstFileExA", "p u32 p u32 p u32")
@failing(INVALID_HANDLE_VALUE)
def FindFirstFileExA(call: Call, name: int, level: int, data: int, operation: int, filter_: int, flags: int) -> int:
    """FindFirstFileExW with ANSI names."""
    _check_extended(level, operation, filter_)
    return find_first(call, narrow(call), read_path(call, narrow(call), name), data)


def _find_next(call: Call, kind: StringKind, handle: int, data: int) -> int:
    entry = call.process.handles.lookup(handle, Search).take()
    if entry is None:
        raise Win32Failure(Win32Error.NO_MORE_FILES)
    call.memory.write(data, find_data(kind, entry))
    return 1


@service("kernel32", "FindNextFileW", "h p")
@failing(0)
def FindNextFileW(call: Call, handle: int, data: int) -> int:
    """The next entry of a search; NO_MORE_FILES after the last."""
    return _find_next(call, WIDE, handle, data)


@service("kernel32", "FindNextFileA", "h p")
@failing(0)
def FindNextFileA(call: Call, handle: int, data: int) -> int:
    """FindNextFileW with ANSI names."""
    return _find_next(call, narrow(call), handle, data)


@service("kernel32", "FindClose", "h")
@failing(0)
def FindClose(call: Call, handle: int) -> int:
    """Ends a search."""
    call.process.handles.lookup(handle, Search)
    call.process.handles.close(handle)
    return 1
