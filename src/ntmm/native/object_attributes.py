"""OBJECT_ATTRIBUTES: how every Nt service that makes or opens something is told what.

x86   0 length   4 root   8 name   C flags    10 descriptor   14 quality of service
x64   0 length   8 root  10 name  18 flags    20 descriptor   28 quality of service
"""

from dataclasses import replace

from ntmm.kernel.ob import Directory, InvalidHandle, KernelObject, ObjectAttributes, create_object, open_object
from ntmm.kernel.ob.manager import NAMELESS, OBJ_VALID_ATTRIBUTES
from ntmm.kernel.se import SecurityDescriptor
from ntmm.kernel.se.capture import capture_descriptor
from ntmm.native.call import Call
from ntmm.native.probe import probe_pointers
from ntmm.nt.status import Status, is_success


def read_unicode_string(call: Call, address: int) -> str:
    """The text of a UNICODE_STRING; raises InvalidHandle(OBJECT_NAME_INVALID) for half a character."""
    length = call.memory.read_u16(address)
    if length % 2:
        raise InvalidHandle(Status.OBJECT_NAME_INVALID)
    data = call.memory.read(call.memory.read_pointer(address + call.memory.pointer_size), length) if length else b""
    return data.decode("utf-16-le", "surrogatepass")


def read_descriptor(call: Call, address: int) -> SecurityDescriptor | None:
    """The descriptor at an address, None for null; raises InvalidHandle(INVALID_SECURITY_DESCR)."""
    if not address:
        return None
    try:
        return capture_descriptor(call.memory, address)
    except ValueError as error:
        raise InvalidHandle(Status.INVALID_SECURITY_DESCR) from error


def read_object_attributes(call: Call, address: int) -> ObjectAttributes:
    """The attributes in guest memory; those of a nameless object for null.

    Raises InvalidHandle: INVALID_PARAMETER for a wrong length or unknown flags, for a bad root what its lookup says.
    """
    if not address:
        return NAMELESS
    memory, pointer = call.memory, call.memory.pointer_size
    flags = memory.read_u32(address + 3 * pointer)
    if memory.read_u32(address) != 6 * pointer or flags & ~OBJ_VALID_ATTRIBUTES:
        raise InvalidHandle(Status.INVALID_PARAMETER)
    name, root = memory.read_pointer(address + 2 * pointer), memory.read_pointer(address + pointer)
    return ObjectAttributes(
        read_unicode_string(call, name) if name else "",
        flags,
        call.process.handles.lookup(root & 0xFFFFFFFF, Directory) if root else None,
        read_descriptor(call, memory.read_pointer(address + 4 * pointer)),
    )


def create_from_attributes(
    call: Call, handle_address: int, access: int, attributes: int, target: KernelObject
) -> Status:
    """Stores a first handle to a new object with the name of an OBJECT_ATTRIBUTES; the status of `create_object`."""
    probe_pointers(call, handle_address)
    asked = read_object_attributes(call, attributes)
    status, handle = create_object(call.kernel.names, call.requester, target, asked, access)
    if is_success(status):
        call.memory.write_pointer(handle_address, handle)
    return status


def open_from_attributes(
    call: Call, handle_address: int, access: int, attributes: int, kind: type[KernelObject], flags: int = 0
) -> Status:
    """Stores a handle to the object that an OBJECT_ATTRIBUTES names, with further OBJ_* flags; see `open_object`."""
    probe_pointers(call, handle_address)
    asked = read_object_attributes(call, attributes)
    if not asked.name and asked.root is None:
        return Status.OBJECT_PATH_SYNTAX_BAD
    asked = replace(asked, flags=asked.flags | flags)
    status, handle = open_object(call.kernel.names, call.requester, kind, asked, access)
    if is_success(status):
        call.memory.write_pointer(handle_address, handle)
    return status
