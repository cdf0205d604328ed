"""NtQueryInformationToken and NtSetInformationToken, by information class."""

import struct
from collections.abc import Callable, Sequence
from typing import Final

from ntmm.kernel.ob import InvalidHandle
from ntmm.kernel.se import Sid, Token
from ntmm.kernel.se.capture import capture_acl, capture_sid
from ntmm.kernel.se.token import TokenType
from ntmm.native.call import Call
from ntmm.native.probe import wrapped
from ntmm.native.service_table import service
from ntmm.native.token import PRIVILEGE, SE_PRIVILEGE_ENABLED, SE_PRIVILEGE_ENABLED_BY_DEFAULT
from ntmm.native.token_access import TOKEN_ADJUST_DEFAULT, TOKEN_QUERY, TOKEN_QUERY_SOURCE, token_of
from ntmm.nt.status import Status

TOKEN_USER: Final = 1
TOKEN_GROUPS: Final = 2
TOKEN_PRIVILEGES: Final = 3
TOKEN_OWNER: Final = 4
TOKEN_PRIMARY_GROUP: Final = 5
TOKEN_DEFAULT_DACL: Final = 6
TOKEN_SOURCE: Final = 7
TOKEN_TYPE: Final = 8
TOKEN_IMPERSONATION_LEVEL: Final = 9
TOKEN_STATISTICS: Final = 10
TOKEN_RESTRICTED_SIDS: Final = 11
TOKEN_SESSION_ID: Final = 12

_NEVER: Final = 0x7FFFFFFFFFFFFFFF
Query = Callable[[Call, Token, int], bytes]


def _pointer(call: Call, value: int) -> bytes:
    return wrapped(call, value).to_bytes(call.memory.pointer_size, "little")


def _sids_and_attributes(call: Call, head: bytes, rows: Sequence[tuple[Sid, int]], place: int) -> bytes:
    """`head`, an array of SID_AND_ATTRIBUTES, and behind it the SIDs; `place` is where the whole will lie."""
    width = call.memory.pointer_size
    texts = [bytes(sid) for sid, _ in rows]
    at, array = place + len(head) + 2 * width * len(rows), b""
    for text, (_, attributes) in zip(texts, rows, strict=True):
        array += _pointer(call, at) + struct.pack("<I", attributes).ljust(width, b"\0")
        at += len(text)
    return head + array + b"".join(texts)


def _counted(call: Call, count: int) -> bytes:
    """A count before an array of pointers."""
    return struct.pack("<I", count).ljust(call.memory.pointer_size, b"\0")


def _user(call: Call, token: Token, place: int) -> bytes:
    return _sids_and_attributes(call, b"", [(token.user, 0)], place)


def _groups(call: Call, token: Token, place: int) -> bytes:
    rows = [(group.sid, group.attributes) for group in token.groups]
    return _sids_and_attributes(call, _counted(call, len(rows)), rows, place)


def _privileges(call: Call, token: Token, place: int) -> bytes:
    rows = [
        PRIVILEGE.pack(
            luid,
            0,
            SE_PRIVILEGE_ENABLED * enabled | SE_PRIVILEGE_ENABLED_BY_DEFAULT * token.is_enabled_by_default(luid),
        )
        for luid, enabled in token.privileges()
    ]
    return struct.pack("<I", len(rows)) + b"".join(rows)


def _behind_pointer(call: Call, data: bytes, place: int) -> bytes:
    return _pointer(call, place + call.memory.pointer_size) + data


def _default_dacl(call: Call, token: Token, place: int) -> bytes:
    if token.default_dacl is None:
        return _pointer(call, 0)
    return _behind_pointer(call, bytes(token.default_dacl), place)


def _statistics(call: Call, token: Token, place: int) -> bytes:
    """TOKEN_STATISTICS, 56 bytes; the token gets its id when it is first asked for."""
    token.id = token.id or next(call.kernel.luids)
    dacl = len(bytes(token.default_dacl)) if token.default_dacl is not None else 0
    counts = (len(token.groups), len(token.privileges()))
    return struct.pack(
        "<QQq6IQ",
        token.id,
        token.authentication_id,
        _NEVER,
        token.type,
        token.impersonation_level,
        *(500, 500 - dacl),
        *counts,
        token.id,
    )


_QUERIES: Final[dict[int, Query]] = {
    TOKEN_USER: _user,
    TOKEN_GROUPS: _groups,
    TOKEN_PRIVILEGES: _privileges,
    TOKEN_OWNER: lambda call, token, place: _behind_pointer(call, bytes(token.owner), place),
    TOKEN_PRIMARY_GROUP: lambda call, token, place: _behind_pointer(call, bytes(token.primary_group), place),
    TOKEN_DEFAULT_DACL: _default_dacl,
    TOKEN_SOURCE: lambda call, token, place: token.source + struct.pack("<Q", token.authentication_id),
    TOKEN_TYPE: lambda call, token, place: struct.pack("<I", token.type),
    TOKEN_IMPERSONATION_LEVEL: lambda call, token, place: struct.pack("<I", token.impersonation_level),
    TOKEN_STATISTICS: _statistics,
    TOKEN_RESTRICTED_SIDS: lambda call, token, place: _counted(call, 0),
    TOKEN_SESSION_ID: lambda call, token, place: struct.pack("<I", token.session_id),
}


@service("ntdll", "NtQueryInformationToken", "h u32 p u32 p")
def NtQueryInformationToken(
    call: Call, handle: int, information_class: int, buffer: int, length: int, needed_address: int
) -> int:
    """Tells of a token; BUFFER_TOO_SMALL with the length needed."""
    query = _QUERIES.get(information_class)
    if query is None:
        return Status.INVALID_INFO_CLASS
    token = token_of(call, handle, TOKEN_QUERY_SOURCE if information_class == TOKEN_SOURCE else TOKEN_QUERY)
    if information_class == TOKEN_IMPERSONATION_LEVEL and token.type is TokenType.PRIMARY:
        return Status.INVALID_INFO_CLASS
    data = query(call, token, buffer)
    call.memory.write_u32(needed_address, len(data))
    if length < len(data):
        return Status.BUFFER_TOO_SMALL
    call.memory.write(buffer, data)
    return Status.SUCCESS


def _sid(call: Call, buffer: int) -> Sid:
    try:
        return capture_sid(call.memory, call.memory.read_pointer(buffer))
    except ValueError as error:
        raise InvalidHandle(Status.INVALID_SID) from error


@service("ntdll", "NtSetInformationToken", "h u32 p u32")
def NtSetInformationToken(call: Call, handle: int, information_class: int, buffer: int, length: int) -> int:
    """Changes what new objects get: owner, primary group, default DACL. Other classes are INVALID_INFO_CLASS.

    INVALID_OWNER and INVALID_PRIMARY_GROUP for SIDs that the token does not bear.
    """
    if information_class not in (TOKEN_OWNER, TOKEN_PRIMARY_GROUP, TOKEN_DEFAULT_DACL):
        return Status.INVALID_INFO_CLASS
    if length < call.memory.pointer_size:
        return Status.INFO_LENGTH_MISMATCH
    token = token_of(call, handle, TOKEN_ADJUST_DEFAULT)
    if information_class == TOKEN_OWNER:
        owner = _sid(call, buffer)
        if not token.may_own(owner):
            return Status.INVALID_OWNER
        token.owner = owner
    elif information_class == TOKEN_PRIMARY_GROUP:
        group = _sid(call, buffer)
        if not token.bears(group, deny=True):
            return Status.INVALID_PRIMARY_GROUP
        token.primary_group = group
    else:
        address = call.memory.read_pointer(buffer)
        try:
            token.default_dacl = capture_acl(call.memory, address) if address else None
        except ValueError:
            return Status.INVALID_ACL
    return Status.SUCCESS
