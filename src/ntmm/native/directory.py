"""NtQueryDirectoryFile: a folder's entries in the forms of the information classes."""

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from ntmm.kernel.io.constants import FILE_READ_DATA
from ntmm.kernel.io.directory import DirectoryEntry, DirectoryScan
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.io.names import matches_nt
from ntmm.native.call import Call
from ntmm.native.file import answers_status, lookup_file
from ntmm.native.io_request import IoRequest
from ntmm.native.service_table import service
from ntmm.nt.status import Status

_NO_SHORT_NAME: Final = bytes(26)
_ALIGNMENT: Final = 8


def _common(entry: DirectoryEntry, name_size: int) -> bytes:
    """The part that all forms but the shortest have: index, times, sizes, attributes, length of the name."""
    known = entry.information
    times = (known.creation_time, known.access_time, known.write_time, known.write_time)
    sizes = (known.size, known.allocation_size)
    return struct.pack("<I6QII", 0, *times, *sizes, known.attributes, name_size)


class _Form(NamedTuple):
    """What comes between the offset of the next entry and the name."""

    size: int
    head: Callable[[DirectoryEntry, int], bytes]


_FORMS: Final[dict[int, _Form]] = {
    1: _Form(60, _common),
    2: _Form(64, lambda entry, size: _common(entry, size) + bytes(4)),
    3: _Form(90, lambda entry, size: _common(entry, size) + bytes(4) + _NO_SHORT_NAME),
    12: _Form(8, lambda entry, size: struct.pack("<II", 0, size)),
    37: _Form(
        100,
        lambda entry, size: (
            _common(entry, size) + bytes(4) + _NO_SHORT_NAME + struct.pack("<2xQ", entry.information.index)
        ),
    ),
    38: _Form(76, lambda entry, size: _common(entry, size) + struct.pack("<IIQ", 0, 0, entry.information.index)),
}
"""FileDirectoryInformation, FullDirectory, BothDirectory, Names, IdBothDirectory, IdFullDirectory."""


def _folder(call: Call, handle: int) -> FileObject:
    file = lookup_file(call, handle, FILE_READ_DATA)
    if not isinstance(file, FileObject) or not file.is_directory:
        raise IoFailure(Status.INVALID_PARAMETER)
    file.require(FILE_READ_DATA)  # FILE_LIST_DIRECTORY
    return file


def _pattern(call: Call, address: int) -> str:
    """The name in a UNICODE_STRING; all names where there is none."""
    if not address:
        return "*"
    size = call.memory.read_u16(address)
    data = call.memory.read(call.memory.read_pointer(address + call.memory.pointer_size), size & ~1)
    return data.decode("utf-16-le", "surrogatepass") or "*"


def _scan(call: Call, folder: FileObject, name: int, restart: bool) -> DirectoryScan:
    """The folder's scan; the first call decides which names it gives."""
    known = folder.scan
    if known is None or restart:
        pattern = folder.scan_pattern if known is not None else _pattern(call, name)
        entries = [entry for entry in call.kernel.volume.listing(folder) if matches_nt(pattern, entry.name)]
        folder.scan, folder.scan_pattern = DirectoryScan(entries), pattern
    scan: DirectoryScan = folder.scan
    return scan


def _fill(scan: DirectoryScan, form: _Form, length: int, only_one: bool) -> tuple[Status, bytes]:
    """As many entries as fit; the first one's name is cut if it does not, with BUFFER_OVERFLOW."""
    result, last = bytearray(), 0
    while (entry := scan.peek()) is not None:
        name = entry.name.encode("utf-16-le", "surrogatepass")
        start = -(-len(result) // _ALIGNMENT) * _ALIGNMENT
        encoded = bytes(4) + form.head(entry, len(name)) + name
        is_cut = start + len(encoded) > length
        if is_cut and result:
            break
        struct.pack_into("<I", result, last, start - last) if result else None
        last = start
        result += bytes(start - len(result)) + encoded
        scan.take()
        if is_cut:
            return Status.BUFFER_OVERFLOW, bytes(result[:length])
        if only_one:
            break
    return Status.SUCCESS, bytes(result)


def next_entries(call: Call, handle: int, information_class: int, length: int, restart: bool) -> tuple[Status, bytes]:
    """As many further entries of a folder as `length` bytes hold, for functions that ask for all names.

    NO_MORE_FILES after the last; raises IoFailure and InvalidHandle. `information_class` is one of those of ntdll.
    """
    form, folder = _FORMS[information_class], _folder(call, handle)
    if length < 4 + form.size:
        return Status.INFO_LENGTH_MISMATCH, b""
    scan = _scan(call, folder, 0, restart)
    return _fill(scan, form, length, only_one=False) if scan.peek() is not None else (Status.NO_MORE_FILES, b"")


@service("ntdll", "NtQueryDirectoryFile", "h h p p p p u32 u32 u32 p u32")
@answers_status
def NtQueryDirectoryFile(
    call: Call,
    handle: int,
    event: int,
    apc_routine: int,
    apc_context: int,
    io_status: int,
    buffer: int,
    length: int,
    information_class: int,
    only_one: int,
    name: int,
    restart: int,
) -> int:
    """The next entries of a folder: NO_SUCH_FILE if none matches, NO_MORE_FILES after the last."""
    form = _FORMS.get(information_class)
    if form is None:
        return Status.INVALID_INFO_CLASS
    if length < 4 + form.size:
        return Status.INFO_LENGTH_MISMATCH
    folder, request = _folder(call, handle), IoRequest(event, apc_routine, apc_context, io_status)
    request.begin(call, folder)
    scan = _scan(call, folder, name, bool(restart & 0xFF))
    if scan.peek() is None:
        return Status.NO_SUCH_FILE if scan.is_fresh else Status.NO_MORE_FILES
    status, data = _fill(scan, form, length, bool(only_one & 0xFF))
    call.memory.write(buffer, data)
    return request.complete(call, folder, status, len(data))
