"""Object directories and symbolic links: NtCreateDirectoryObject, NtQueryDirectoryObject and their kin."""

import struct
from typing import Final

from ntmm.kernel.ob import Directory, SymbolicLink
from ntmm.kernel.ob.directory import DIRECTORY_QUERY, SYMBOLIC_LINK_QUERY
from ntmm.kernel.ob.manager import OBJ_OPENLINK
from ntmm.native.call import Call
from ntmm.native.object_attributes import (
    create_from_attributes,
    open_from_attributes,
    read_unicode_string,
)
from ntmm.native.probe import wrapped
from ntmm.native.service_table import service
from ntmm.nt.status import Status

_LONGEST_LINK: Final = 0xFFFE


@service("ntdll", "NtCreateDirectoryObject", "p u32 p")
def NtCreateDirectoryObject(call: Call, handle: int, access: int, attributes: int) -> int:
    """A new directory; it is one of the caller's session."""
    return create_from_attributes(call, handle, access, attributes, Directory(call.requester.token.session_id))


@service("ntdll", "NtOpenDirectoryObject", "p u32 p")
def NtOpenDirectoryObject(call: Call, handle: int, access: int, attributes: int) -> int:
    """A handle to a directory."""
    return open_from_attributes(call, handle, access, attributes, Directory)


def _entry_form(call: Call) -> str:
    return "<HH4xQHH4xQ" if call.memory.pointer_size == 8 else "<HHIHHI"


@service("ntdll", "NtQueryDirectoryObject", "h p u32 u32 u32 p p")
def NtQueryDirectoryObject(
    call: Call, handle: int, buffer: int, length: int, single: int, restart: int, context: int, return_length: int
) -> int:
    """OBJECT_DIRECTORY_INFORMATION (name and type) of entries from the place in `context` on, in the order of names.

    A zeroed entry ends them; the texts follow. MORE_ENTRIES if not all fit, NO_MORE_ENTRIES at the end,
    BUFFER_TOO_SMALL with the length needed if a `single` one does not fit.
    """
    directory = call.process.handles.lookup(handle, Directory, DIRECTORY_QUERY)
    start = 0 if restart & 0xFF else call.memory.read_u32(context)
    entries = directory.entries()[start:]
    if not entries:
        call.memory.write_u32(context, start)
        return Status.NO_MORE_ENTRIES
    form = struct.Struct(_entry_form(call))
    wanted = entries[:1] if single & 0xFF else entries
    sizes = [form.size + 2 * len(name) + 2 + 2 * len(target.type_name) + 2 for name, target in wanted]
    fitting, used = 0, form.size
    while fitting < len(wanted) and used + sizes[fitting] <= length:
        used += sizes[fitting]
        fitting += 1
    if return_length:
        call.memory.write_u32(return_length, used if fitting else form.size + sizes[0])
    if not fitting:
        return Status.BUFFER_TOO_SMALL if single & 0xFF else Status.MORE_ENTRIES
    heads, texts = b"", b""
    at = buffer + form.size * (fitting + 1)
    for name, target in wanted[:fitting]:
        fields = list[int]()
        for text in (name, target.type_name):
            data = text.encode("utf-16-le", "surrogatepass")
            fields += [len(data), len(data) + 2, wrapped(call, at + len(texts))]
            texts += data + b"\0\0"
        heads += form.pack(*fields)
    call.memory.write(buffer, heads + bytes(form.size) + texts)
    call.memory.write_u32(context, start + fitting)
    return Status.SUCCESS if single & 0xFF or fitting == len(wanted) else Status.MORE_ENTRIES


@service("ntdll", "NtCreateSymbolicLinkObject", "p u32 p p")
def NtCreateSymbolicLinkObject(call: Call, handle: int, access: int, attributes: int, target: int) -> int:
    """A name that stands for another path, which need not exist."""
    text = read_unicode_string(call, target)
    if not text or 2 * len(text) > _LONGEST_LINK:
        return Status.INVALID_PARAMETER
    return create_from_attributes(call, handle, access, attributes, SymbolicLink(text))


@service("ntdll", "NtOpenSymbolicLinkObject", "p u32 p")
def NtOpenSymbolicLinkObject(call: Call, handle: int, access: int, attributes: int) -> int:
    """A handle to a link itself, not to what it stands for."""
    return open_from_attributes(call, handle, access, attributes, SymbolicLink, OBJ_OPENLINK)


@service("ntdll", "NtQuerySymbolicLinkObject", "h p p")
def NtQuerySymbolicLinkObject(call: Call, handle: int, target: int, return_length: int) -> int:
    """The path that a link stands for, into the buffer of a UNICODE_STRING; BUFFER_TOO_SMALL with the length needed."""
    link = call.process.handles.lookup(handle, SymbolicLink, SYMBOLIC_LINK_QUERY)
    data = link.target.encode("utf-16-le", "surrogatepass")
    if return_length:
        call.memory.write_u32(return_length, len(data))
    if call.memory.read_u16(target + 2) < len(data):
        return Status.BUFFER_TOO_SMALL
    call.memory.write(call.memory.read_pointer(target + call.memory.pointer_size), data)
    call.memory.write(target, struct.pack("<H", len(data)))
    return Status.SUCCESS
