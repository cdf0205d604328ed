"""advapi32: tokens and privileges, random numbers, the user's name, and the registry, which is empty."""

import hashlib
import struct
from typing import Final

from ntmm.kernel.se import PRIVILEGES, Token
from ntmm.native.call import Call
from ntmm.native.handles import process_of
from ntmm.native.service_table import service
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.process_state import state_of
from ntmm.win32.sysinfoapi import USER_NAME
from ntmm.win32.text import ANSI, WIDE, StringKind, answer_sized_string
from ntmm.win32.token import TokenObject

SE_PRIVILEGE_ENABLED: Final = 2
_LUID_AND_ATTRIBUTES: Final = struct.Struct("<IiI")
_MAXIMUM_PRIVILEGES: Final = 64
_LUID_OF: Final = {name.upper(): luid for name, luid in PRIVILEGES.items()}


@service("advapi32", "OpenProcessToken", "h u32 p")
@failing(0)
def OpenProcessToken(call: Call, process: int, access: int, token_address: int) -> int:
    """A handle to the token of the calling process."""
    if process_of(call, process) is not call.process:
        raise Win32Failure(Win32Error.ACCESS_DENIED)
    call.memory.write_pointer(token_address, call.process.handles.insert(state_of(call).token, access))
    return 1


def _lookup_privilege(call: Call, kind: StringKind, name: int, luid_address: int) -> int:
    luid = _LUID_OF.get(kind.read(call, name).upper())
    if luid is None:
        raise Win32Failure(Win32Error.NO_SUCH_PRIVILEGE)
    call.memory.write_u64(luid_address, luid)
    return 1


@service("advapi32", "LookupPrivilegeValueW", "p p p")
@failing(0)
def LookupPrivilegeValueW(call: Call, system: int, name: int, luid_address: int) -> int:
    """The LUID of a privilege by name."""
    return _lookup_privilege(call, WIDE, name, luid_address)


@service("advapi32", "LookupPrivilegeValueA", "p p p")
@failing(0)
def LookupPrivilegeValueA(call: Call, system: int, name: int, luid_address: int) -> int:
    """LookupPrivilegeValueW with an ANSI name."""
    return _lookup_privilege(call, ANSI, name, luid_address)


def _wanted_privileges(call: Call, token: Token, disable_all: int, new_state: int) -> list[tuple[int, bool]]:
    if disable_all:
        return [(luid, False) for luid, _enabled in token.privileges()]
    count = call.memory.read_u32(new_state)
    if count > _MAXIMUM_PRIVILEGES:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    data = call.memory.read(new_state + 4, count * _LUID_AND_ATTRIBUTES.size)
    rows = _LUID_AND_ATTRIBUTES.iter_unpack(data)
    return [(low | high << 32, bool(attributes & SE_PRIVILEGE_ENABLED)) for low, high, attributes in rows]


@service("advapi32", "AdjustTokenPrivileges", "h u32 p u32 p p")
@failing(0)
def AdjustTokenPrivileges(
    call: Call, handle: int, disable_all: int, new_state: int, size: int, old_state: int, needed_address: int
) -> int:
    """Enables or disables privileges; TRUE with NOT_ALL_ASSIGNED if the token does not hold all of them."""
    token = call.process.handles.lookup(handle, TokenObject).token
    wanted = _wanted_privileges(call, token, disable_all, new_state)
    changed = [
        (luid, token.is_enabled(luid)) for luid, on in wanted if token.holds(luid) and token.is_enabled(luid) != on
    ]
    if old_state:
        needed = 4 + len(changed) * _LUID_AND_ATTRIBUTES.size
        call.memory.write_u32(needed_address, needed)
        if needed > size:
            raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
        rows = [_LUID_AND_ATTRIBUTES.pack(luid, 0, SE_PRIVILEGE_ENABLED * old) for luid, old in changed]
        call.memory.write(old_state, struct.pack("<I", len(changed)) + b"".join(rows))
    assigned = [token.set_enabled(luid, on) for luid, on in wanted]
    call.set_last_error(0 if all(assigned) else Win32Error.NOT_ALL_ASSIGNED)
    return 1


@service("advapi32", "SystemFunction036", "p u32")
def SystemFunction036(call: Call, buffer: int, size: int) -> int:
    """RtlGenRandom: bytes that are the same in every run."""
    _write_random(call, buffer, size)
    return 1


@service("bcryptprimitives", "ProcessPrng", "p p")
def ProcessPrng(call: Call, buffer: int, size: int) -> int:
    """RtlGenRandom, as newer programs ask for it."""
    _write_random(call, buffer, size)
    return 1


@service("bcrypt", "BCryptGenRandom", "p p u32 u32", lacks="algorithms of the caller's choice")
def BCryptGenRandom(call: Call, algorithm: int, buffer: int, size: int, flags: int) -> int:
    """Bytes of the system's own generator, which BCRYPT_USE_SYSTEM_PREFERRED_RNG (2) asks for."""
    if not flags & 2:
        return Status.NOT_IMPLEMENTED
    _write_random(call, buffer, size)
    return Status.SUCCESS


@service("ntdll", "NtmmRandomBytes", "p u32")
def NtmmRandomBytes(call: Call, buffer: int, size: int) -> int:
    """The same for guest code, which imports from ntdll and kernel32 only."""
    _write_random(call, buffer, size)
    return Status.SUCCESS


def _write_random(call: Call, buffer: int, size: int) -> None:
    state = state_of(call)
    for start in range(0, size, 32):
        seed = f"ntmm {call.process.id} {state.random_blocks}".encode()
        state.random_blocks += 1
        call.memory.write(buffer + start, hashlib.sha256(seed).digest()[: size - start])


@service("advapi32", "GetUserNameW", "p p")
@failing(0)
def GetUserNameW(call: Call, buffer: int, size_address: int) -> int:
    """The user's name; the size counts the zero."""
    return _user_name(call, WIDE, buffer, size_address)


@service("advapi32", "GetUserNameA", "p p")
@failing(0)
def GetUserNameA(call: Call, buffer: int, size_address: int) -> int:
    """GetUserNameW in ANSI."""
    return _user_name(call, ANSI, buffer, size_address)


def _user_name(call: Call, kind: StringKind, buffer: int, size_address: int) -> int:
    if not answer_sized_string(call, kind, USER_NAME, buffer, size_address):
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write_u32(size_address, len(USER_NAME) + 1)
    return 1


@service("advapi32", "GetFileSecurityW", "p u32 p u32 p", implemented=False)
def GetFileSecurityW(call: Call, name: int, information: int, descriptor: int, size: int, needed: int) -> int:
    """Not supported: files of the drive have no security descriptors."""
    call.set_last_error(Win32Error.CALL_NOT_IMPLEMENTED)
    return 0


@service("advapi32", "SetFileSecurityW", "p u32 p", implemented=False)
def SetFileSecurityW(call: Call, name: int, information: int, descriptor: int) -> int:
    """Not supported: files of the drive have no security descriptors."""
    call.set_last_error(Win32Error.CALL_NOT_IMPLEMENTED)
    return 0
