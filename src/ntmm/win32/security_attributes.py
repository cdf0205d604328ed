"""SECURITY_ATTRIBUTES: what many creating functions take.

x86   0 length   4 descriptor    8 inherit       x64   0 length   8 descriptor   10 inherit
"""

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ob import InvalidHandle, KernelObject
from ntmm.kernel.se import SecurityDescriptor, assign_security
from ntmm.native.call import Call
from ntmm.native.object_attributes import read_descriptor
from ntmm.nt.status import Status


def inherits(call: Call, attributes: int) -> bool:
    """True if the new handle is to be inheritable; `attributes` may be null."""
    return bool(attributes and call.memory.read_u32(attributes + 2 * call.memory.pointer_size))


def descriptor_of(call: Call, attributes: int) -> SecurityDescriptor | None:
    """The descriptor that the new object is to have. `attributes` may be null.

    Raises InvalidHandle for a bad one; it is the kernel that reads it, so a bad address is ACCESS_VIOLATION.
    """
    address = call.memory.read_pointer(attributes + call.memory.pointer_size) if attributes else 0
    try:
        return read_descriptor(call, address)
    except GuestFault as fault:
        raise InvalidHandle(Status(fault.status)) from fault


def new_descriptor(call: Call, attributes: int, kind: type[KernelObject]) -> SecurityDescriptor:
    """The descriptor of a new process or thread of the caller's. Raises InvalidHandle with the refusal."""
    asked, token = descriptor_of(call, attributes), call.requester.token
    status, descriptor = assign_security(asked, None, token, kind.mapping)
    if descriptor is None:
        raise InvalidHandle(status)
    return descriptor
