"""Names of files: full, long, temporary."""

from typing import Final

from ntmm.kernel.io.constants import FILE_WRITE_DATA, Disposition
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.paths import full_path
from ntmm.kernel.io.volume import TEMPORARY_DIRECTORY, OpenRequest
from ntmm.native.call import Call
from ntmm.native.file import open_file
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.environment import read_variable
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.fileapi.naming import narrow, nt_path_of
from ntmm.win32.process_parameters import current_directory
from ntmm.win32.text import WIDE, StringKind, answer_string

_LONGEST_TEMPORARY_FOLDER: Final = 260 - 14


def _full_path_name(call: Call, kind: StringKind, name: int, size: int, buffer: int, part_address: int) -> int:
    text = full_path(kind.read(call, name), current_directory(call)) if name else ""
    if not text:
        raise Win32Failure(Win32Error.INVALID_NAME)
    return answer_path(call, kind, text, size, buffer, part_address)


def answer_path(call: Call, kind: StringKind, text: str, size: int, buffer: int, part_address: int) -> int:
    """Answers with a path as `answer_string`, and stores where its last name starts if that is asked for."""
    length = answer_string(call, kind, text, buffer, size)
    if part_address and length < size:
        last = text.rpartition("\\")[2]
        place = buffer + length * kind.unit - len(kind.encode(last)) if last else 0
        call.memory.write_pointer(part_address, place)
    return length


@service("kernel32", "GetFullPathNameW", "p u32 p p")
@failing(0)
def GetFullPathNameW(call: Call, name: int, size: int, buffer: int, part_address: int) -> int:
    """The full form of a path, and where its last name starts."""
    return _full_path_name(call, WIDE, name, size, buffer, part_address)


@service("kernel32", "GetFullPathNameA", "p u32 p p")
@failing(0)
def GetFullPathNameA(call: Call, name: int, size: int, buffer: int, part_address: int) -> int:
    """GetFullPathNameW in ANSI."""
    return _full_path_name(call, narrow(call), name, size, buffer, part_address)


def _existing_path_name(call: Call, kind: StringKind, name: int, buffer: int, size: int) -> int:
    """The path as given, if it exists: there are no short names to turn into long ones or back."""
    if not name:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    text = kind.read(call, name)
    call.kernel.volume.query(nt_path_of(call, text))
    return answer_string(call, kind, text, buffer, size)


@service("kernel32", "GetLongPathNameW", "p p u32")
@failing(0)
def GetLongPathNameW(call: Call, name: int, buffer: int, size: int) -> int:
    """The path itself, as this drive has no short names."""
    return _existing_path_name(call, WIDE, name, buffer, size)


@service("kernel32", "GetLongPathNameA", "p p u32")
@failing(0)
def GetLongPathNameA(call: Call, name: int, buffer: int, size: int) -> int:
    """GetLongPathNameW in ANSI."""
    return _existing_path_name(call, narrow(call), name, buffer, size)


@service("kernel32", "GetShortPathNameW", "p p u32")
@failing(0)
def GetShortPathNameW(call: Call, name: int, buffer: int, size: int) -> int:
    """The path itself, as this drive has no short names."""
    return _existing_path_name(call, WIDE, name, buffer, size)


@service("kernel32", "GetShortPathNameA", "p p u32")
@failing(0)
def GetShortPathNameA(call: Call, name: int, buffer: int, size: int) -> int:
    """GetShortPathNameW in ANSI."""
    return _existing_path_name(call, narrow(call), name, buffer, size)


def temporary_folder(call: Call) -> str:
    """%TMP%, else %TEMP%, else C:\\WINDOWS\\Temp, with a backslash at its end."""
    folder = read_variable(call, "TMP") or read_variable(call, "TEMP") or TEMPORARY_DIRECTORY
    text = full_path(folder, current_directory(call))
    return text if text.endswith("\\") else text + "\\"


@service("kernel32", "GetTempPathW", "u32 p")
@failing(0)
def GetTempPathW(call: Call, size: int, buffer: int) -> int:
    """The folder for temporary files."""
    return answer_string(call, WIDE, temporary_folder(call), buffer, size)


@service("kernel32", "GetTempPathA", "u32 p")
@failing(0)
def GetTempPathA(call: Call, size: int, buffer: int) -> int:
    """GetTempPathW in ANSI."""
    return answer_string(call, narrow(call), temporary_folder(call), buffer, size)


def _temporary_name(folder: str, prefix: str, number: int) -> str:
    separator = "" if folder.endswith(("\\", "/")) else "\\"
    return f"{folder}{separator}{prefix[:3]}{number:X}.tmp"


def _create_unique(call: Call, folder: str, prefix: str) -> tuple[int, str]:
    """Creates the first free name, counting from the tick count as Windows does."""
    number = call.kernel.clock.tick_count() & 0xFFFF
    for _attempt in range(0x10000):
        number = number + 1 & 0xFFFF or 1
        name = _temporary_name(folder, prefix, number)
        try:
            request = OpenRequest(FILE_WRITE_DATA, 0, Disposition.CREATE)
            open_file(call, nt_path_of(call, name), request).file.close()
        except IoFailure as failure:
            if failure.status != Status.OBJECT_NAME_COLLISION:
                raise
        else:
            return number, name
    raise Win32Failure(Win32Error.FILE_EXISTS)


def _temp_file_name(call: Call, kind: StringKind, folder: int, prefix: int, unique: int, buffer: int) -> int:
    path = kind.read(call, folder)
    if len(path) > _LONGEST_TEMPORARY_FOLDER:
        raise Win32Failure(Win32Error.BUFFER_OVERFLOW)
    start = kind.read(call, prefix) if prefix else ""
    number = unique & 0xFFFF
    try:
        if not call.kernel.volume.query(nt_path_of(call, path)).is_directory:
            raise Win32Failure(Win32Error.DIRECTORY)
    except IoFailure as failure:
        raise Win32Failure(Win32Error.DIRECTORY) from failure
    if number:
        name = _temporary_name(path, start, number)
    else:
        number, name = _create_unique(call, path, start)
    call.memory.write(buffer, kind.terminated(name))
    return number


@service("kernel32", "GetTempFileNameW", "p p u32 p")
@failing(0)
def GetTempFileNameW(call: Call, folder: int, prefix: int, unique: int, buffer: int) -> int:
    """A name for a temporary file; with `unique` 0 a new one, which is created."""
    return _temp_file_name(call, WIDE, folder, prefix, unique, buffer)


@service("kernel32", "GetTempFileNameA", "p p u32 p")
@failing(0)
def GetTempFileNameA(call: Call, folder: int, prefix: int, unique: int, buffer: int) -> int:
    """GetTempFileNameW in ANSI."""
    return _temp_file_name(call, narrow(call), folder, prefix, unique, buffer)
