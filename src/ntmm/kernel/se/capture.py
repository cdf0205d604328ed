"""Reading descriptors, lists and SIDs from a program's memory, once and checked (SeCaptureSecurityDescriptor)."""

from typing import Final

from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.se.acl import ACL_HEADER_BYTES, Acl
from ntmm.kernel.se.descriptor import (
    DESCRIPTOR_REVISION,
    SE_DACL_PRESENT,
    SE_SACL_PRESENT,
    SE_SELF_RELATIVE,
    SecurityDescriptor,
)
from ntmm.kernel.se.sid import Sid, sid_length

_HEADER_BYTES: Final = 4


def capture_sid(memory: GuestMemory, address: int) -> Sid:
    """The SID at an address; raises ValueError where there is none, GuestFault where there is no memory."""
    head = memory.read(address, 2)
    return Sid.from_bytes(memory.read(address, sid_length(head[1])))


def capture_acl(memory: GuestMemory, address: int) -> Acl:
    """The ACL at an address; raises ValueError where it is malformed, GuestFault where there is no memory."""
    size = int.from_bytes(memory.read(address + 2, 2), "little")
    return Acl.from_bytes(memory.read(address, max(size, ACL_HEADER_BYTES)))


def part_addresses(memory: GuestMemory, address: int) -> tuple[int, int, int, int, int]:
    """Control bits and the addresses of owner, group, SACL and DACL of a descriptor in either form; 0: not there.

    The absolute form holds pointers, the self-relative one 32-bit offsets from its start. Raises ValueError for
    another revision.
    """
    head = memory.read(address, _HEADER_BYTES)
    control = int.from_bytes(head[2:4], "little")
    if head[0] != DESCRIPTOR_REVISION:
        raise ValueError("no security descriptor")
    if control & SE_SELF_RELATIVE:
        fields = [memory.read_u32(address + 4 + 4 * index) for index in range(4)]
        owner, group, sacl, dacl = (address + field if field else 0 for field in fields)
    else:
        size = memory.pointer_size
        start = address + max(_HEADER_BYTES, size)
        owner, group, sacl, dacl = (memory.read_pointer(start + size * index) for index in range(4))
    return control, owner, group, sacl, dacl


def capture_descriptor(memory: GuestMemory, address: int) -> SecurityDescriptor:
    """The descriptor at an address, absolute or self-relative; raises ValueError, GuestFault."""
    control, owner, group, sacl, dacl = part_addresses(memory, address)
    return SecurityDescriptor(
        capture_sid(memory, owner) if owner else None,
        capture_sid(memory, group) if group else None,
        capture_acl(memory, dacl) if dacl and control & SE_DACL_PRESENT else None,
        capture_acl(memory, sacl) if sacl and control & SE_SACL_PRESENT else None,
        control & ~SE_SELF_RELATIVE,
    )
