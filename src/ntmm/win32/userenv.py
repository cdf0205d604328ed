"""userenv.h and the shell's folders: where the user's files are."""

from typing import Final

from ntmm.kernel.io.volume import SYSTEM_DIRECTORY, WINDOWS_DIRECTORY
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.text import ANSI, WIDE, StringKind

PROFILE_FOLDER: Final = "C:\\Documents and Settings\\User"
_E_INVALIDARG: Final = 0x80070057
_FLAGS_OF_FOLDER: Final = 0xFF00

_FOLDERS: Final = {
    0x05: PROFILE_FOLDER + "\\My Documents",
    0x1A: PROFILE_FOLDER + "\\Application Data",
    0x1C: PROFILE_FOLDER + "\\Local Settings\\Application Data",
    0x23: "C:\\Documents and Settings\\All Users\\Application Data",
    0x24: WINDOWS_DIRECTORY,
    0x25: SYSTEM_DIRECTORY,
    0x26: "C:\\Program Files",
    0x28: PROFILE_FOLDER,
    0x2B: "C:\\Program Files\\Common Files",
}
"""Personal documents, application data (roaming, local, of all users), Windows, its system folder, programs, profile,
and what programs have in common, by CSIDL_*.
"""


def _profile(call: Call, strings: StringKind, buffer: int, size_address: int) -> int:
    """Units with the zero to the size's place; INSUFFICIENT_BUFFER where they do not fit."""
    room = call.memory.read_u32(size_address)
    data = strings.terminated(PROFILE_FOLDER)
    call.memory.write_u32(size_address, len(data) // strings.unit)
    if not buffer or room * strings.unit < len(data):
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write(buffer, data)
    return 1


@service("userenv", "GetUserProfileDirectoryW", "h p p")
@failing(0)
def GetUserProfileDirectoryW(call: Call, token: int, buffer: int, size_address: int) -> int:
    """The folder of the one user's profile, which need not be there."""
    return _profile(call, WIDE, buffer, size_address)


@service("userenv", "GetUserProfileDirectoryA", "h p p")
@failing(0)
def GetUserProfileDirectoryA(call: Call, token: int, buffer: int, size_address: int) -> int:
    """GetUserProfileDirectoryW in ANSI."""
    return _profile(call, ANSI, buffer, size_address)


def _folder_path(call: Call, strings: StringKind, folder: int, path: int) -> int:
    known = _FOLDERS.get(folder & ~_FLAGS_OF_FOLDER)
    if known is None:
        call.memory.write(path, strings.terminated(""))
        return _E_INVALIDARG
    call.memory.write(path, strings.terminated(known))
    return 0


@service("ntdll", "NtmmFolderPath", "i32 p")
def NtmmFolderPath(call: Call, folder: int, path: int) -> int:
    """SHGetFolderPathW for guest code."""
    return _folder_path(call, WIDE, folder, path)


@service("shell32", "SHGetFolderPathW", "h i32 h u32 p", lacks="most folders (E_INVALIDARG); making them")
def SHGetFolderPathW(call: Call, window: int, folder: int, token: int, kind: int, path: int) -> int:
    """Where one of the user's or the system's folders is, which need not be there."""
    return _folder_path(call, WIDE, folder, path)


@service("shell32", "SHGetFolderPathA", "h i32 h u32 p", lacks="most folders (E_INVALIDARG); making them")
def SHGetFolderPathA(call: Call, window: int, folder: int, token: int, kind: int, path: int) -> int:
    """SHGetFolderPathW in ANSI."""
    return _folder_path(call, ANSI, folder, path)
