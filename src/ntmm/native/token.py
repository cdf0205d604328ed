"""Tokens: opening and duplicating them, and their privileges."""

import struct
from typing import Final

from ntmm.kernel.ob import TokenObject, create_object
from ntmm.kernel.ob.manager import HandleAnswer, ObjectAttributes, open_by_pointer
from ntmm.kernel.se import Token
from ntmm.kernel.se.token import ImpersonationLevel, TokenType
from ntmm.native.call import Call
from ntmm.native.handles import PROCESS_QUERY_INFORMATION, THREAD_QUERY_INFORMATION, process_of, thread_of
from ntmm.native.object_attributes import read_object_attributes
from ntmm.native.probe import probe_pointers
from ntmm.native.service_table import service
from ntmm.native.token_access import TOKEN_ADJUST_PRIVILEGES, TOKEN_DUPLICATE, TOKEN_QUERY, token_of
from ntmm.nt.status import Status, is_success

SE_PRIVILEGE_ENABLED_BY_DEFAULT: Final = 1
SE_PRIVILEGE_ENABLED: Final = 2
SE_PRIVILEGE_REMOVED: Final = 4
PRIVILEGE: Final = struct.Struct("<IiI")
"""LUID_AND_ATTRIBUTES."""
_ALL_NECESSARY: Final = 1
_USED_FOR_ACCESS: Final = 0x80000000
_MAXIMUM_PRIVILEGES: Final = 64


def _store(call: Call, address: int, answer: HandleAnswer) -> int:
    if is_success(answer.status):
        call.memory.write_pointer(address, answer.handle)
    return answer.status


@service("ntdll", "NtOpenProcessToken", "h u32 p")
def NtOpenProcessToken(call: Call, process: int, access: int, handle: int) -> int:
    """A handle to the token of a process."""
    return NtOpenProcessTokenEx(call, process, access, 0, handle)


@service("ntdll", "NtOpenProcessTokenEx", "h u32 u32 p")
def NtOpenProcessTokenEx(call: Call, process: int, access: int, flags: int, handle: int) -> int:
    """A handle to the token of a process, with OBJ_* flags."""
    probe_pointers(call, handle)
    target = process_of(call, process, PROCESS_QUERY_INFORMATION)
    answer = open_by_pointer(call.requester, target.token_object, access, ObjectAttributes(flags=flags))
    return _store(call, handle, answer)


@service("ntdll", "NtOpenThreadToken", "h u32 u32 p")
def NtOpenThreadToken(call: Call, thread: int, access: int, as_self: int, handle: int) -> int:
    """A handle to the token that a thread impersonates with; NO_TOKEN if it does not.

    The right to open it is that of the process if `as_self`, else that of the user whom the caller impersonates.
    """
    probe_pointers(call, handle)
    target = thread_of(call, thread, THREAD_QUERY_INFORMATION).impersonated
    if target is None:
        return Status.NO_TOKEN
    if target.token.impersonation_level is ImpersonationLevel.ANONYMOUS:
        return Status.CANT_OPEN_ANONYMOUS
    requester = call.process if as_self & 0xFF else call.requester
    return _store(call, handle, open_by_pointer(requester, target, access))


def duplicate_token(
    call: Call, token: int, access: int, attributes: ObjectAttributes, kind: int, level: int
) -> HandleAnswer:
    """A handle to a copy of a token; `access` 0 means that of the source's handle.

    BAD_IMPERSONATION_LEVEL for a level that the source does not reach. Raises InvalidHandle.
    """
    if kind not in tuple(TokenType) or level not in tuple(ImpersonationLevel):
        return HandleAnswer(Status.INVALID_PARAMETER)
    source = token_of(call, token, TOKEN_DUPLICATE)
    if source.type is TokenType.IMPERSONATION:
        reached = source.impersonation_level
        if level > reached or (kind == TokenType.PRIMARY and reached < ImpersonationLevel.IMPERSONATION):
            return HandleAnswer(Status.BAD_IMPERSONATION_LEVEL)
    copy = TokenObject(source.duplicate(TokenType(kind), ImpersonationLevel(level)))
    access = access or call.process.handles.entry(token).access
    return create_object(call.kernel.names, call.requester, copy, attributes, access)


@service("ntdll", "NtDuplicateToken", "h u32 p u32 u32 p", lacks="copies without what is not enabled")
def NtDuplicateToken(
    call: Call, token: int, access: int, attributes: int, effective_only: int, kind: int, handle: int
) -> int:
    """A copy of a token; its impersonation level comes with the quality of service of the attributes.

    Copies without what is not enabled are NOT_IMPLEMENTED.
    """
    if effective_only & 0xFF:
        return Status.NOT_IMPLEMENTED
    probe_pointers(call, handle)
    pointer, level = call.memory.pointer_size, int(ImpersonationLevel.ANONYMOUS)
    quality = call.memory.read_pointer(attributes + 5 * pointer) if attributes else 0
    if quality:
        level = call.memory.read_u32(quality + 4)
    asked = read_object_attributes(call, attributes)
    return _store(call, handle, duplicate_token(call, token, access, asked, kind, level))


def read_privileges(call: Call, address: int, count: int) -> list[tuple[int, int]]:
    """(LUID, attributes) of an array of LUID_AND_ATTRIBUTES."""
    data = call.memory.read(address, count * PRIVILEGE.size)
    return [(low | (high & 0xFFFFFFFF) << 32, attributes) for low, high, attributes in PRIVILEGE.iter_unpack(data)]


def adjust_privileges(
    call: Call, token: Token, disable_all: bool, new_state: int, size: int, old_state: int, needed_address: int
) -> Status:
    """Enables, disables or removes privileges; NOT_ALL_ASSIGNED, a success, if the token does not hold all of them.

    What was changed goes to `old_state`; BUFFER_TOO_SMALL, and nothing is changed, where it does not fit.
    """
    if disable_all:
        wanted = [(luid, 0) for luid, _ in token.privileges()]
    else:
        count = call.memory.read_u32(new_state)
        if count > _MAXIMUM_PRIVILEGES:
            return Status.INVALID_PARAMETER
        wanted = read_privileges(call, new_state + 4, count)
    changed = [
        (luid, attributes)
        for luid, attributes in wanted
        if token.holds(luid) and token.is_enabled(luid) != bool(attributes & SE_PRIVILEGE_ENABLED)
    ]
    if old_state:
        rows = [PRIVILEGE.pack(luid, 0, SE_PRIVILEGE_ENABLED * token.is_enabled(luid)) for luid, _ in changed]
        data = struct.pack("<I", len(rows)) + b"".join(rows)
        call.memory.write_u32(needed_address, len(data))
        if len(data) > size:
            return Status.BUFFER_TOO_SMALL
        call.memory.write(old_state, data)
    held = [token.holds(luid) for luid, _ in wanted]
    for luid, attributes in wanted:
        token.set_enabled(luid, bool(attributes & SE_PRIVILEGE_ENABLED))
        if attributes & SE_PRIVILEGE_REMOVED:
            token.remove(luid)
    return Status.SUCCESS if all(held) else Status.NOT_ALL_ASSIGNED


@service("ntdll", "NtAdjustPrivilegesToken", "h u32 p u32 p p")
def NtAdjustPrivilegesToken(
    call: Call, handle: int, disable_all: int, new_state: int, size: int, old_state: int, needed: int
) -> int:
    """See `adjust_privileges`."""
    access = TOKEN_ADJUST_PRIVILEGES | (TOKEN_QUERY if old_state else 0)
    token = token_of(call, handle, access)
    return adjust_privileges(call, token, bool(disable_all & 0xFF), new_state, size, old_state, needed)


@service("ntdll", "NtPrivilegeCheck", "h p p")
def NtPrivilegeCheck(call: Call, handle: int, required: int, result: int) -> int:
    """Whether all (or any) privileges of a PRIVILEGE_SET are enabled; those that are get marked as used."""
    token = token_of(call, handle, TOKEN_QUERY)
    count, control = struct.unpack("<II", call.memory.read(required, 8))
    if count > _MAXIMUM_PRIVILEGES:
        return Status.INVALID_PARAMETER
    rows = read_privileges(call, required + 8, count)
    enabled = [token.is_enabled(luid) for luid, _ in rows]
    for index, is_enabled in enumerate(enabled):
        if is_enabled:
            place = required + 8 + index * PRIVILEGE.size + 8
            call.memory.write_u32(place, call.memory.read_u32(place) | _USED_FOR_ACCESS)
    answer = all(enabled) if control & _ALL_NECESSARY else any(enabled)
    call.memory.write_u8(result, int(answer))
    return Status.SUCCESS


@service("ntdll", "NtAllocateLocallyUniqueId", "p")
def NtAllocateLocallyUniqueId(call: Call, luid: int) -> int:
    """A number that nobody else has until the next boot."""
    call.memory.write_u64(luid, next(call.kernel.luids))
    return Status.SUCCESS
