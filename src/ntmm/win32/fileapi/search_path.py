"""SearchPath: a file in the folders where programs look, or in those that are named."""

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.paths import full_path
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.fileapi.naming import narrow, nt_path_of
from ntmm.win32.fileapi.paths import answer_path
from ntmm.win32.process_parameters import current_directory
from ntmm.win32.program_search import search_folders
from ntmm.win32.text import WIDE, StringKind


def _candidates(call: Call, kind: StringKind, folders: int, name: str) -> list[str]:
    """Full paths in the order of the search; a name with a folder or a drive is not searched for."""
    current = current_directory(call)
    if "\\" in name or "/" in name or name[1:2] == ":":
        return [full_path(name, current)]
    if not folders:
        return [full_path(name, folder) for folder in search_folders(call)]
    listed = [folder.strip() for folder in kind.read(call, folders).split(";")]
    return [full_path(name, full_path(folder, current)) for folder in listed if folder]


def _exists(call: Call, path: str) -> bool:
    try:
        call.kernel.volume.query(nt_path_of(call, path))
    except IoFailure:
        return False
    return True


def _search(
    call: Call, kind: StringKind, folders: int, name: int, extension: int, size: int, buffer: int, part_address: int
) -> int:
    text = kind.read(call, name) if name else ""
    if not text:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if extension and "." not in text.replace("/", "\\").rpartition("\\")[2]:
        text += kind.read(call, extension)
    found = next((path for path in _candidates(call, kind, folders, text) if _exists(call, path)), None)
    if found is None:
        raise Win32Failure(Win32Error.FILE_NOT_FOUND)
    return answer_path(call, kind, found, size, buffer, part_address)


@service("kernel32", "SearchPathW", "p p p u32 p p")
@failing(0)
def SearchPathW(call: Call, folders: int, name: int, extension: int, size: int, buffer: int, part_address: int) -> int:
    """The full path of a file in folders with ; between them, for null where CreateProcess looks; FILE_NOT_FOUND."""
    return _search(call, WIDE, folders, name, extension, size, buffer, part_address)


@service("kernel32", "SearchPathA", "p p p u32 p p")
@failing(0)
def SearchPathA(call: Call, folders: int, name: int, extension: int, size: int, buffer: int, part_address: int) -> int:
    """SearchPathW in ANSI."""
    return _search(call, narrow(call), folders, name, extension, size, buffer, part_address)
