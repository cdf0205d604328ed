"""Security descriptors of objects, and access checks: NtQuerySecurityObject, NtSetSecurityObject, NtAccessCheck."""

import struct
from typing import Final

from ntmm.kernel.ob import InvalidHandle, KernelObject, TokenObject
from ntmm.kernel.se import GenericMapping, SecurityDescriptor, access_check
from ntmm.kernel.se.access import ACCESS_SYSTEM_SECURITY, GENERIC_RIGHTS, READ_CONTROL, WRITE_DAC, WRITE_OWNER
from ntmm.kernel.se.assign import map_generic, may_be_owner
from ntmm.kernel.se.descriptor import DACL_INFORMATION, GROUP_INFORMATION, OWNER_INFORMATION, SACL_INFORMATION
from ntmm.kernel.se.token import ImpersonationLevel, TokenType
from ntmm.native.call import Call
from ntmm.native.object_attributes import read_descriptor
from ntmm.native.objects import entry_of
from ntmm.native.service_table import service
from ntmm.native.token_access import TOKEN_QUERY
from ntmm.nt.status import Status

_PRIVILEGE_SET_BYTES: Final = 20


def access_to_read(information: int) -> int:
    """The rights that reading the parts of a SECURITY_INFORMATION needs (SeQuerySecurityAccessMask)."""
    access = READ_CONTROL if information & (OWNER_INFORMATION | GROUP_INFORMATION | DACL_INFORMATION) else 0
    return access | (ACCESS_SYSTEM_SECURITY if information & SACL_INFORMATION else 0)


def access_to_change(information: int) -> int:
    """The rights that changing the parts of a SECURITY_INFORMATION needs (SeSetSecurityAccessMask)."""
    access = WRITE_OWNER if information & (OWNER_INFORMATION | GROUP_INFORMATION) else 0
    access |= WRITE_DAC if information & DACL_INFORMATION else 0
    return access | (ACCESS_SYSTEM_SECURITY if information & SACL_INFORMATION else 0)


def _object(call: Call, handle: int, access: int) -> KernelObject:
    entry = entry_of(call, handle)
    if access & ~entry.access:
        raise InvalidHandle(Status.ACCESS_DENIED)
    return entry.object


def change_descriptor(call: Call, target: KernelObject, information: int, new: SecurityDescriptor) -> Status:
    """Replaces parts of an object's descriptor; a file keeps its own until the machine is closed.

    INVALID_OWNER for an owner that the caller may not name, INVALID_PRIMARY_GROUP for none, NO_SECURITY_ON_OBJECT for
    an object without a descriptor.
    """
    old = target.descriptor()
    if old is None:
        return Status.NO_SECURITY_ON_OBJECT
    if information & OWNER_INFORMATION and (new.owner is None or not may_be_owner(call.requester.token, new.owner)):
        return Status.INVALID_OWNER
    if information & GROUP_INFORMATION and new.group is None:
        return Status.INVALID_PRIMARY_GROUP
    target.set_descriptor(map_generic(old.merged(information, new), target.mapping))
    return Status.SUCCESS


@service("ntdll", "NtQuerySecurityObject", "h u32 p u32 p")
def NtQuerySecurityObject(
    call: Call, handle: int, information: int, buffer: int, length: int, needed_address: int
) -> int:
    """The self-relative form; BUFFER_TOO_SMALL with the length needed."""
    target = _object(call, handle, access_to_read(information))
    data = bytes((target.descriptor() or SecurityDescriptor()).only(information))
    call.memory.write_u32(needed_address, len(data))
    if length < len(data):
        return Status.BUFFER_TOO_SMALL
    call.memory.write(buffer, data)
    return Status.SUCCESS


@service("ntdll", "NtSetSecurityObject", "h u32 p")
def NtSetSecurityObject(call: Call, handle: int, information: int, descriptor: int) -> int:
    """Replaces the parts that `information` names."""
    new = read_descriptor(call, descriptor)
    if new is None:
        return Status.ACCESS_VIOLATION
    return change_descriptor(call, _object(call, handle, access_to_change(information)), information, new)


@service("ntdll", "NtAccessCheck", "p h u32 p p p p p")
def NtAccessCheck(
    call: Call,
    descriptor: int,
    token: int,
    desired: int,
    mapping: int,
    privileges: int,
    privileges_length: int,
    granted: int,
    access_status: int,
) -> int:
    """What an impersonation token would be granted; the set of privileges used is always told as empty.

    GENERIC_NOT_MAPPED for generic rights, NO_IMPERSONATION_TOKEN for a primary token, INVALID_SECURITY_DESCR for a
    descriptor without owner or group.
    """
    if desired & GENERIC_RIGHTS:
        return Status.GENERIC_NOT_MAPPED
    subject = call.process.handles.lookup(token, TokenObject, TOKEN_QUERY).token
    if subject.type is not TokenType.IMPERSONATION:
        return Status.NO_IMPERSONATION_TOKEN
    if subject.impersonation_level < ImpersonationLevel.IDENTIFICATION:
        return Status.BAD_IMPERSONATION_LEVEL
    if call.memory.read_u32(privileges_length) < _PRIVILEGE_SET_BYTES:
        call.memory.write_u32(privileges_length, _PRIVILEGE_SET_BYTES)
        return Status.BUFFER_TOO_SMALL
    checked = read_descriptor(call, descriptor)
    if checked is None or checked.owner is None or checked.group is None:
        return Status.INVALID_SECURITY_DESCR
    rights = GenericMapping(*struct.unpack("<4I", call.memory.read(mapping, 16)))
    answer = access_check(checked, subject, desired, rights)
    call.memory.write(privileges, bytes(_PRIVILEGE_SET_BYTES))
    call.memory.write_u32(granted, answer.granted)
    call.memory.write_u32(access_status, answer.status)
    return Status.SUCCESS
