"""Which file CreateProcess starts: an application name, or the first words of a command line (SearchPath's rules)."""

from collections.abc import Iterator
from dataclasses import dataclass

from ntmm.kernel.io.constants import FILE_EXECUTE, FILE_SHARE_DELETE, FILE_SHARE_READ, SYNCHRONIZE
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.image import ImageBacking
from ntmm.kernel.io.paths import full_path
from ntmm.kernel.io.volume import SYSTEM_DIRECTORY, WINDOWS_DIRECTORY, OpenRequest
from ntmm.loader.services import linker_of
from ntmm.native.call import Call
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.environment import read_variable
from ntmm.win32.failing import Win32Failure
from ntmm.win32.fileapi.naming import nt_path_of
from ntmm.win32.process_parameters import current_directory


@dataclass(frozen=True, slots=True)
class FoundProgram:
    """A file to start, by its full path."""

    path: str
    image: ImageBacking


def find_application(call: Call, name: str) -> FoundProgram:
    """The file of an application name: relative to the current folder, nothing appended. Raises IoFailure."""
    path = full_path(name, current_directory(call))
    found = _open(call, path)
    if found is None:
        raise IoFailure(_why_not(call, path))
    return found


def find_in_command_line(call: Call, command_line: str) -> FoundProgram:
    """The file of a command line's first word; without quotes, of the first words that name one. Raises Win32Failure.

    `c:\\my program x` means c:\\my.exe, else c:\\my program.exe, else c:\\my program x.exe.
    """
    for name in _candidates(command_line):
        found = _search(call, name)
        if found is not None:
            return found
    raise Win32Failure(Win32Error.FILE_NOT_FOUND)


def _candidates(command_line: str) -> Iterator[str]:
    text = command_line.lstrip(" \t")
    if text.startswith('"'):
        yield text[1:].partition('"')[0]
        return
    for at, character in enumerate(text):
        if character in " \t":
            yield text[:at]
    yield text.rstrip(" \t")


def _search(call: Call, name: str) -> FoundProgram | None:
    """A name with a folder is taken as it is; others are looked for in the places where programs are."""
    last = name.replace("/", "\\").rpartition("\\")[2]
    if not last:
        return None
    names = [name] if "." in last else [name + ".exe", name]
    if last != name or name[1:2] == ":":
        places = [full_path(each, current_directory(call)) for each in names]
    else:
        places = [full_path(each, folder) for folder in search_folders(call) for each in names]
    return next((found for place in places if (found := _open(call, place)) is not None), None)


def search_folders(call: Call) -> list[str]:
    """Where files are looked for: the program's own folder, the current one, the system's, then %PATH%."""
    own = linker_of(call).modules.program.path.rpartition("\\")[0]
    listed = (read_variable(call, "PATH") or "").split(";")
    folders = [own if len(own) > 2 else own + "\\", current_directory(call), SYSTEM_DIRECTORY, WINDOWS_DIRECTORY]
    return folders + [full_path(folder.strip('"'), current_directory(call)) for folder in listed if folder.strip()]


def _open(call: Call, path: str) -> FoundProgram | None:
    """Raises IoFailure(SHARING_VIOLATION) where somebody may write to the file."""
    image = linker_of(call).search.open_image(path)
    if image is not None:
        return FoundProgram(path, image)
    if _why_not(call, path) == Status.SHARING_VIOLATION:
        raise IoFailure(Status.SHARING_VIOLATION)
    return None


def _why_not(call: Call, path: str) -> Status:
    """What opening a file to run it is refused with."""
    request = OpenRequest(FILE_EXECUTE | SYNCHRONIZE, FILE_SHARE_READ | FILE_SHARE_DELETE)
    try:
        file = call.kernel.volume.open(nt_path_of(call, path), request).file
    except IoFailure as failure:
        return failure.status
    file.close()
    return Status.ACCESS_DENIED if file.is_directory else Status.OBJECT_NAME_NOT_FOUND
