"""Handles and the objects behind them: NtClose, NtDuplicateObject, NtQueryObject, NtSetInformationObject,
NtMakeTemporaryObject, NtMakePermanentObject.
"""

import struct
from typing import Final

from ntmm.kernel.io.drives import device_path
from ntmm.kernel.io.file import File, FileObject
from ntmm.kernel.ob import InvalidHandle, KernelObject
from ntmm.kernel.ob.directory import path_of
from ntmm.kernel.ob.handles import HandleEntry
from ntmm.kernel.ob.manager import (
    DUPLICATE_CLOSE_SOURCE,
    OBJ_EXCLUSIVE,
    OBJ_INHERIT,
    OBJ_PERMANENT,
    HandleAnswer,
    duplicate_object,
    duplicate_to,
    make_temporary,
)
from ntmm.kernel.se.access import DELETE
from ntmm.native.call import Call
from ntmm.native.handles import (
    CURRENT_PROCESS,
    CURRENT_THREAD,
    PROCESS_ALL_ACCESS,
    PROCESS_DUP_HANDLE,
    THREAD_ALL_ACCESS,
    process_of,
)
from ntmm.native.privilege import has_privilege
from ntmm.native.probe import probe_pointers
from ntmm.native.service_table import service
from ntmm.nt.status import Status

OBJECT_BASIC_INFORMATION: Final = 0
OBJECT_NAME_INFORMATION: Final = 1
OBJECT_TYPE_INFORMATION: Final = 2
OBJECT_HANDLE_FLAG_INFORMATION: Final = 4

_BASIC: Final = struct.Struct("<4I5I3Iq")
_PROTECT_FROM_CLOSE: Final = 1
"""The bit of OBJ_PROTECT_CLOSE among a handle's attributes."""


@service("ntdll", "NtClose", "h")
def NtClose(call: Call, handle: int) -> int:
    """Closes a handle; the pseudo handles of the process and thread need no closing."""
    if handle in (CURRENT_PROCESS, CURRENT_THREAD):
        return Status.SUCCESS
    try:
        call.process.handles.close(handle)
    except InvalidHandle as failure:
        return failure.status
    return Status.SUCCESS


def entry_of(call: Call, handle: int) -> HandleEntry:
    """The object of a handle and its access mask; the pseudo handles stand for the calling process and thread."""
    if handle == CURRENT_PROCESS:
        return HandleEntry(call.process, PROCESS_ALL_ACCESS)
    if handle == CURRENT_THREAD:
        return HandleEntry(call.thread, THREAD_ALL_ACCESS)
    return call.process.handles.entry(handle)


def duplicate_handle(
    call: Call, source_process: int, source: int, target_process: int, access: int, flags: int, options: int
) -> HandleAnswer:
    """A second handle to an object, from any process to any other; 0 as target only closes the source.

    Raises InvalidHandle, with PROCESS_IS_TERMINATING where a process has ended.
    """
    giver = process_of(call, source_process, PROCESS_DUP_HANDLE)
    if not target_process and options & DUPLICATE_CLOSE_SOURCE:
        giver.handles.close(source)
        return HandleAnswer(Status.SUCCESS)
    taker = process_of(call, target_process, PROCESS_DUP_HANDLE)
    if giver.ended or taker.ended:
        raise InvalidHandle(Status.PROCESS_IS_TERMINATING)
    if source not in (CURRENT_PROCESS, CURRENT_THREAD):
        return duplicate_object(call.requester, giver.handles, source, taker.handles, access, flags, options)
    subject: KernelObject = giver if source == CURRENT_PROCESS else call.thread
    answer = duplicate_to(call.requester, subject, subject.mapping.all, taker.handles, access, options)
    if answer.handle:
        taker.handles.set_flags(answer.handle, bool(flags & OBJ_INHERIT), protect=False)
    return answer


@service("ntdll", "NtDuplicateObject", "h h h p u32 u32 u32")
def NtDuplicateObject(
    call: Call,
    source_process: int,
    source: int,
    target_process: int,
    target_address: int,
    access: int,
    flags: int,
    options: int,
) -> int:
    """A second handle to an object; see `duplicate_handle`."""
    if target_address:
        probe_pointers(call, target_address)
    status, handle = duplicate_handle(call, source_process, source, target_process, access, flags, options)
    if handle and target_address:
        call.memory.write_pointer(target_address, handle)
    return status


def object_path(target: KernelObject) -> str:
    """The name that NtQueryObject tells; "" for an object without one."""
    if not isinstance(target, File):
        return path_of(target)
    return device_path(target.full_name) if isinstance(target, FileObject) else target.name


def _name_information(call: Call, target: KernelObject) -> int:
    """Bytes of OBJECT_NAME_INFORMATION with its text and a zero."""
    name = object_path(target)
    return 2 * call.memory.pointer_size + (2 * len(name) + 2 if name else 0)


def _basic(call: Call, entry: HandleEntry) -> bytes:
    """OBJECT_BASIC_INFORMATION, 56 bytes. Pool charges are not told of single objects."""
    target = entry.object
    attributes = (OBJ_INHERIT if entry.inherit else 0) | (OBJ_PERMANENT if target.is_permanent else 0)
    security = target.descriptor()
    descriptor = len(bytes(security)) if security is not None else 0
    return _BASIC.pack(
        attributes & ~OBJ_EXCLUSIVE | (_PROTECT_FROM_CLOSE if entry.protect else 0),
        entry.access,
        target.handle_count,
        target.pointer_count + target.handle_count,
        *(0, 0, 0, 0, 0),
        _name_information(call, target) if object_path(target) else 0,
        _type_size(call, target),
        descriptor,
        0,
    )


def _string(call: Call, buffer: int, head: int, text: str) -> tuple[bytes, bytes]:
    """A UNICODE_STRING and its text with a zero, which lies `head` bytes from `buffer`; all zero for no text."""
    data = text.encode("utf-16-le", "surrogatepass")
    form = "<HH4xQ" if call.memory.pointer_size == 8 else "<HHI"
    if not data:
        return struct.pack(form, 0, 0, 0), b""
    return struct.pack(form, len(data), len(data) + 2, buffer + head), data + b"\0\0"


def _name(call: Call, target: KernelObject, buffer: int) -> bytes:
    string, text = _string(call, buffer, 2 * call.memory.pointer_size, object_path(target))
    return string + text


def _type_head(call: Call) -> int:
    return 0x68 if call.memory.pointer_size == 8 else 0x60


def _type_size(call: Call, target: KernelObject) -> int:
    return _type_head(call) + 2 * len(target.type_name) + 2


def _type(call: Call, target: KernelObject, buffer: int) -> bytes:
    """OBJECT_TYPE_INFORMATION with the type's name. Totals over all objects of the type are not kept: zero."""
    head = _type_head(call)
    string, text = _string(call, buffer, head, target.type_name)
    mapping = target.mapping
    rights = (mapping.read, mapping.write, mapping.execute, mapping.all)
    body = struct.pack(
        "<12I I4I I??2x 3I", *(0,) * 12, 0, *rights, mapping.all, target.is_security_required, False, *(0,) * 3
    )
    return (string + body).ljust(head, b"\0")[:head] + text


@service("ntdll", "NtQueryObject", "h u32 p u32 p")
def NtQueryObject(call: Call, handle: int, information_class: int, buffer: int, length: int, return_length: int) -> int:
    """Tells of an object: basic information, name, type, and the handle's flags; other classes INVALID_INFO_CLASS."""
    entry = entry_of(call, handle)
    if information_class == OBJECT_BASIC_INFORMATION:
        data = _basic(call, entry)
        if length != len(data):
            return Status.INFO_LENGTH_MISMATCH
    elif information_class == OBJECT_NAME_INFORMATION:
        data = _name(call, entry.object, buffer)
    elif information_class == OBJECT_TYPE_INFORMATION:
        data = _type(call, entry.object, buffer)
    elif information_class == OBJECT_HANDLE_FLAG_INFORMATION:
        data = struct.pack("<??", entry.inherit, entry.protect)
    else:
        return Status.INVALID_INFO_CLASS
    if return_length:
        call.memory.write_u32(return_length, len(data))
    if length < len(data):
        return Status.INFO_LENGTH_MISMATCH
    call.memory.write(buffer, data)
    return Status.SUCCESS


@service("ntdll", "NtSetInformationObject", "h u32 p u32")
def NtSetInformationObject(call: Call, handle: int, information_class: int, buffer: int, length: int) -> int:
    """OBJECT_HANDLE_FLAG_INFORMATION: whether children inherit the handle, and whether it may be closed."""
    if information_class != OBJECT_HANDLE_FLAG_INFORMATION:
        return Status.INVALID_INFO_CLASS
    if length != 2:
        return Status.INFO_LENGTH_MISMATCH
    inherit, protect = call.memory.read(buffer, 2)
    call.process.handles.set_flags(handle, bool(inherit), bool(protect))
    return Status.SUCCESS


@service("ntdll", "NtMakeTemporaryObject", "h")
def NtMakeTemporaryObject(call: Call, handle: int) -> int:
    """Lets the object's name go with its last handle; needs the right DELETE."""
    make_temporary(call.process.handles.lookup(handle, KernelObject, DELETE))
    return Status.SUCCESS


@service("ntdll", "NtMakePermanentObject", "h")
def NtMakePermanentObject(call: Call, handle: int) -> int:
    """Keeps the object's name without handles; needs SeCreatePermanentPrivilege."""
    if not has_privilege(call, "SeCreatePermanentPrivilege"):
        return Status.PRIVILEGE_NOT_HELD
    call.process.handles.entry(handle).object.is_permanent = True
    return Status.SUCCESS
