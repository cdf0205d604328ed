"""GetFileSecurity and SetFileSecurity: descriptors of files by name, which last until the machine is closed."""

from ntmm.kernel.io.file import File
from ntmm.kernel.io.volume import OpenRequest
from ntmm.kernel.se import SecurityDescriptor
from ntmm.native.call import Call
from ntmm.native.file import open_file
from ntmm.native.object_attributes import read_descriptor
from ntmm.native.security import access_to_change, access_to_read, change_descriptor
from ntmm.native.service_table import service
from ntmm.nt.status import Status, is_success
from ntmm.win32.failing import failing
from ntmm.win32.fileapi.naming import narrow, nt_path_at
from ntmm.win32.text import WIDE, StringKind


def _open(call: Call, kind: StringKind, name: int, access: int) -> File:
    return open_file(call, nt_path_at(call, kind, name), OpenRequest(access, 7)).file


def _get(call: Call, kind: StringKind, name: int, information: int, buffer: int, size: int, needed: int) -> int:
    file = _open(call, kind, name, access_to_read(information))
    try:
        data = bytes((file.descriptor() or SecurityDescriptor()).only(information))
    finally:
        file.close()
    call.memory.write_u32(needed, len(data))
    if size < len(data):
        return call.fail(Status.BUFFER_TOO_SMALL)
    call.memory.write(buffer, data)
    return 1


@service("advapi32", "GetFileSecurityW", "p u32 p u32 p")
@failing(0)
def GetFileSecurityW(call: Call, name: int, information: int, buffer: int, size: int, needed: int) -> int:
    """The self-relative descriptor of a file; INSUFFICIENT_BUFFER with the length needed."""
    return _get(call, WIDE, name, information, buffer, size, needed)


@service("advapi32", "GetFileSecurityA", "p u32 p u32 p")
@failing(0)
def GetFileSecurityA(call: Call, name: int, information: int, buffer: int, size: int, needed: int) -> int:
    """GetFileSecurityW with an ANSI name."""
    return _get(call, narrow(call), name, information, buffer, size, needed)


def _set(call: Call, kind: StringKind, name: int, information: int, descriptor: int) -> int:
    new = read_descriptor(call, descriptor) or SecurityDescriptor()
    file = _open(call, kind, name, access_to_change(information))
    try:
        status = change_descriptor(call, file, information, new)
    finally:
        file.close()
    return 1 if is_success(status) else call.fail(status)


@service("advapi32", "SetFileSecurityW", "p u32 p")
@failing(0)
def SetFileSecurityW(call: Call, name: int, information: int, descriptor: int) -> int:
    """Replaces parts of the descriptor of a file."""
    return _set(call, WIDE, name, information, descriptor)


@service("advapi32", "SetFileSecurityA", "p u32 p")
@failing(0)
def SetFileSecurityA(call: Call, name: int, information: int, descriptor: int) -> int:
    """SetFileSecurityW with an ANSI name."""
    return _set(call, narrow(call), name, information, descriptor)
