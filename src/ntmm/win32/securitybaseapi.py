"""securitybaseapi.h: tokens, impersonation, descriptors of objects, and access checks.

SIDs, lists and descriptors in the program's own memory are the business of guest code, as on Windows.
"""

from ntmm.kernel.ob import OBJ_INHERIT, InvalidHandle, ObjectAttributes, TokenObject
from ntmm.kernel.ps.impersonate import impersonate, revert_to_self
from ntmm.kernel.se.capture import capture_sid
from ntmm.kernel.se.token import ImpersonationLevel, TokenType
from ntmm.native.call import Call
from ntmm.native.handles import CURRENT_THREAD, THREAD_SET_THREAD_TOKEN, thread_of
from ntmm.native.probe import probe_pointers
from ntmm.native.security import NtAccessCheck, NtQuerySecurityObject, NtSetSecurityObject
from ntmm.native.service_table import service
from ntmm.native.thread_information import set_thread_token
from ntmm.native.token import (
    NtAdjustPrivilegesToken,
    NtOpenProcessToken,
    NtOpenThreadToken,
    NtPrivilegeCheck,
    duplicate_token,
)
from ntmm.native.token_access import TOKEN_DUPLICATE, TOKEN_IMPERSONATE, TOKEN_QUERY, token_of
from ntmm.native.token_information import NtQueryInformationToken, NtSetInformationToken
from ntmm.nt.status import Status, is_success
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing, probing
from ntmm.win32.security_attributes import descriptor_of, inherits


def _answer(call: Call, status: int) -> int:
    """TRUE, or FALSE with the last error of a status."""
    return 1 if is_success(status) else call.fail(status)


@service("advapi32", "OpenProcessToken", "h u32 p")
@failing(0)
@probing(0)
def OpenProcessToken(call: Call, process: int, access: int, token: int) -> int:
    """A handle to the token of a process."""
    return _answer(call, NtOpenProcessToken(call, process, access, token))


@service("advapi32", "OpenThreadToken", "h u32 u32 p")
@failing(0)
@probing(0)
def OpenThreadToken(call: Call, thread: int, access: int, as_self: int, token: int) -> int:
    """A handle to the token that a thread impersonates with; NO_TOKEN (1008) if it does not."""
    return _answer(call, NtOpenThreadToken(call, thread, access, int(bool(as_self)), token))


@service("advapi32", "GetTokenInformation", "h u32 p u32 p")
@failing(0)
@probing(0)
def GetTokenInformation(call: Call, token: int, kind: int, buffer: int, length: int, needed: int) -> int:
    """What a token says, by TOKEN_INFORMATION_CLASS; INSUFFICIENT_BUFFER with the length needed."""
    return _answer(call, NtQueryInformationToken(call, token, kind, buffer, length, needed))


@service("advapi32", "SetTokenInformation", "h u32 p u32")
@failing(0)
@probing(0)
def SetTokenInformation(call: Call, token: int, kind: int, buffer: int, length: int) -> int:
    """Owner, primary group and default DACL of what its bearer makes."""
    return _answer(call, NtSetInformationToken(call, token, kind, buffer, length))


@service("advapi32", "AdjustTokenPrivileges", "h u32 p u32 p p")
@failing(0)
@probing(0)
def AdjustTokenPrivileges(
    call: Call, token: int, disable_all: int, new_state: int, size: int, old_state: int, needed: int
) -> int:
    """Enables or disables privileges; TRUE with NOT_ALL_ASSIGNED if the token does not hold all of them."""
    status = NtAdjustPrivilegesToken(call, token, int(bool(disable_all)), new_state, size, old_state, needed)
    if is_success(status):
        call.set_last_error(Win32Error.NOT_ALL_ASSIGNED if status == Status.NOT_ALL_ASSIGNED else 0)
    return _answer(call, status)


@service("advapi32", "PrivilegeCheck", "h p p")
@failing(0)
@probing(0)
def PrivilegeCheck(call: Call, token: int, required: int, result: int) -> int:
    """Whether the privileges of a PRIVILEGE_SET are enabled, as a BOOL at `result`."""
    call.memory.write_u32(result, 0)
    return _answer(call, NtPrivilegeCheck(call, token, required, result))


@service("advapi32", "DuplicateTokenEx", "h u32 p u32 u32 p")
@failing(0)
@probing(0)
def DuplicateTokenEx(call: Call, token: int, access: int, attributes: int, level: int, kind: int, new: int) -> int:
    """A primary or impersonation token like another one; access 0 means that of the other's handle."""
    probe_pointers(call, new)
    flags = OBJ_INHERIT if inherits(call, attributes) else 0
    asked = ObjectAttributes(flags=flags, security=descriptor_of(call, attributes))
    status, handle = duplicate_token(call, token, access, asked, kind, level)
    if handle:
        call.memory.write_pointer(new, handle)
    return _answer(call, status)


@service("advapi32", "DuplicateToken", "h u32 p")
@failing(0)
def DuplicateToken(call: Call, token: int, level: int, new: int) -> int:
    """An impersonation token like another one, to be asked and to impersonate with."""
    return DuplicateTokenEx(
        call, token, TOKEN_IMPERSONATE | TOKEN_QUERY | TOKEN_DUPLICATE, 0, level, TokenType.IMPERSONATION, new
    )


@service("advapi32", "SetThreadToken", "p h")
@failing(0)
def SetThreadToken(call: Call, thread_address: int, token: int) -> int:
    """Lets a thread, the caller for null, impersonate with a token; a null token ends that."""
    handle = call.memory.read_u32(thread_address) if thread_address else CURRENT_THREAD
    return _answer(call, set_thread_token(call, thread_of(call, handle, THREAD_SET_THREAD_TOKEN), token))


@service("advapi32", "ImpersonateLoggedOnUser", "h")
@failing(0)
def ImpersonateLoggedOnUser(call: Call, token: int) -> int:
    """The calling thread acts for the user of a token, primary or not."""
    source = token_of(call, token, TOKEN_QUERY)
    is_primary = source.type is TokenType.PRIMARY
    target = call.process.handles.lookup(token, TokenObject, TOKEN_DUPLICATE if is_primary else TOKEN_IMPERSONATE)
    if is_primary:
        target = TokenObject(source.duplicate(TokenType.IMPERSONATION, ImpersonationLevel.IMPERSONATION))
    return _answer(call, impersonate(call.thread, target))


@service("advapi32", "ImpersonateSelf", "u32")
@failing(0)
def ImpersonateSelf(call: Call, level: int) -> int:
    """The calling thread gets a token of its own, whose privileges it can change alone."""
    if level not in tuple(ImpersonationLevel):
        raise Win32Failure(Win32Error.BAD_IMPERSONATION_LEVEL)
    copy = call.process.token.duplicate(TokenType.IMPERSONATION, ImpersonationLevel(level))
    return _answer(call, impersonate(call.thread, TokenObject(copy)))


@service("advapi32", "RevertToSelf")
def RevertToSelf(call: Call) -> int:
    """The calling thread acts for its process again."""
    revert_to_self(call.thread)
    return 1


@service("advapi32", "CheckTokenMembership", "h p p")
@failing(0)
def CheckTokenMembership(call: Call, token: int, sid: int, result: int) -> int:
    """Whether an impersonation token, for null the caller's own, bears an enabled group, as a BOOL at `result`."""
    subject = token_of(call, token, TOKEN_QUERY) if token else call.requester.token
    if token and subject.type is not TokenType.IMPERSONATION:
        return call.fail(Status.NO_IMPERSONATION_TOKEN)
    try:
        call.memory.write_u32(result, int(subject.bears(capture_sid(call.memory, sid))))
    except ValueError as error:
        raise InvalidHandle(Status.INVALID_SID) from error
    return 1


@service("advapi32", "AccessCheck", "p h u32 p p p p p")
@failing(0)
@probing(0)
def AccessCheck(
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
    """What an impersonation token would be granted; whether that is all that was desired is a BOOL at the end."""
    status = NtAccessCheck(
        call, descriptor, token, desired, mapping, privileges, privileges_length, granted, access_status
    )
    if not is_success(status):
        return call.fail(status)
    answer = call.memory.read_u32(access_status)
    call.memory.write_u32(access_status, int(is_success(answer)))
    if not is_success(answer):
        call.fail(answer)
    return 1


@service("advapi32", "GetKernelObjectSecurity", "h u32 p u32 p")
@failing(0)
@probing(0)
def GetKernelObjectSecurity(
    call: Call, handle: int, information: int, descriptor: int, length: int, needed: int
) -> int:
    """The self-relative descriptor of an object; INSUFFICIENT_BUFFER with the length needed."""
    return _answer(call, NtQuerySecurityObject(call, handle, information, descriptor, length, needed))


@service("advapi32", "SetKernelObjectSecurity", "h u32 p")
@failing(0)
@probing(0)
def SetKernelObjectSecurity(call: Call, handle: int, information: int, descriptor: int) -> int:
    """Replaces parts of the descriptor of an object."""
    return _answer(call, NtSetSecurityObject(call, handle, information, descriptor))
