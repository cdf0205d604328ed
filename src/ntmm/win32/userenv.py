"""userenv.h and the shell's folders: where the user's files are."""

from typing import Final

from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.text import ANSI, WIDE, StringKind

PROFILE_FOLDER: Final = "C:\\Documents and Settings\\User"
_E_NOTIMPL: Final = 0x80004001


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


@service("shell32", "SHGetKnownFolderPath", "p u32 h p", implemented=False)
def SHGetKnownFolderPath(call: Call, folder: int, flags: int, token: int, result: int) -> int:
    """E_NOTIMPL: there are no known folders."""
    call.memory.write_pointer(result, 0)
    return _E_NOTIMPL
