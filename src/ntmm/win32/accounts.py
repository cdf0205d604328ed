"""Names of users, groups and privileges: LookupAccountSid and -Name, LookupPrivilegeValue and -Name, GetUserName."""

from typing import Final, NamedTuple

from ntmm.kernel.se import PRIVILEGES, Account
from ntmm.kernel.se.capture import capture_sid
from ntmm.native.call import Call
from ntmm.native.service_table import service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import Win32Failure, failing
from ntmm.win32.text import ANSI, WIDE, StringKind, answer_sized_string

_LUID_OF: Final = {name.upper(): luid for name, luid in PRIVILEGES.items()}
_PRIVILEGE_OF: Final = {luid: name for name, luid in PRIVILEGES.items()}


def _answer_text(call: Call, kind: StringKind, text: str, buffer: int, size_address: int) -> None:
    """Stores a text whose size is in memory; INSUFFICIENT_BUFFER with the size needed, which counts the zero."""
    if not answer_sized_string(call, kind, text, buffer, size_address):
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)


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


def _privilege_name(call: Call, kind: StringKind, luid_address: int, buffer: int, size_address: int) -> int:
    name = _PRIVILEGE_OF.get(call.memory.read_u64(luid_address))
    if name is None:
        raise Win32Failure(Win32Error.NO_SUCH_PRIVILEGE)
    _answer_text(call, kind, name, buffer, size_address)
    return 1


@service("advapi32", "LookupPrivilegeNameW", "p p p p")
@failing(0)
def LookupPrivilegeNameW(call: Call, system: int, luid: int, buffer: int, size: int) -> int:
    """The name of a privilege by LUID."""
    return _privilege_name(call, WIDE, luid, buffer, size)


@service("advapi32", "LookupPrivilegeNameA", "p p p p")
@failing(0)
def LookupPrivilegeNameA(call: Call, system: int, luid: int, buffer: int, size: int) -> int:
    """LookupPrivilegeNameW in ANSI."""
    return _privilege_name(call, ANSI, luid, buffer, size)


class _Answer(NamedTuple):
    """What goes to `buffer`, whose size is in memory in units of `unit` bytes; of a text the last unit is its zero."""

    data: bytes
    buffer: int
    size_address: int
    unit: int
    is_text: bool

    @classmethod
    def text(cls, kind: StringKind, text: str, buffer: int, size_address: int) -> "_Answer":
        """A text with its zero."""
        return cls(kind.terminated(text), buffer, size_address, kind.unit, is_text=True)


def _answer_all(call: Call, account: Account, use: int, *answers: _Answer) -> int:
    """Stores all answers or none: INSUFFICIENT_BUFFER with the sizes needed.

    Sizes of texts count the zero where something does not fit, and do not where all fits.
    """
    rooms = [call.memory.read_u32(answer.size_address) * answer.unit for answer in answers]
    fits = all(len(answer.data) <= room for answer, room in zip(answers, rooms, strict=True))
    for answer in answers:
        size = len(answer.data) // answer.unit
        call.memory.write_u32(answer.size_address, size - (answer.is_text and fits))
        if fits:
            call.memory.write(answer.buffer, answer.data)
    if not fits:
        raise Win32Failure(Win32Error.INSUFFICIENT_BUFFER)
    call.memory.write_u32(use, account.use)
    return 1


def _account_of_sid(
    call: Call, kind: StringKind, sid: int, name: int, name_size: int, domain: int, domain_size: int, use: int
) -> int:
    try:
        account = call.kernel.accounts.by_sid(capture_sid(call.memory, sid))
    except ValueError as error:
        raise Win32Failure(Win32Error.INVALID_SID) from error
    if account is None:
        raise Win32Failure(Win32Error.NONE_MAPPED)
    names = _Answer.text(kind, account.name, name, name_size), _Answer.text(kind, account.domain, domain, domain_size)
    return _answer_all(call, account, use, *names)


@service("advapi32", "LookupAccountSidW", "p p p p p p p")
@failing(0)
def LookupAccountSidW(
    call: Call, system: int, sid: int, name: int, name_size: int, domain: int, domain_size: int, use: int
) -> int:
    """Name and domain of the account that a SID stands for; NONE_MAPPED (1332) if there is none."""
    return _account_of_sid(call, WIDE, sid, name, name_size, domain, domain_size, use)


@service("advapi32", "LookupAccountSidA", "p p p p p p p")
@failing(0)
def LookupAccountSidA(
    call: Call, system: int, sid: int, name: int, name_size: int, domain: int, domain_size: int, use: int
) -> int:
    """LookupAccountSidW in ANSI."""
    return _account_of_sid(call, ANSI, sid, name, name_size, domain, domain_size, use)


def _account_of_name(
    call: Call, kind: StringKind, name: int, sid: int, sid_size: int, domain: int, domain_size: int, use: int
) -> int:
    account = call.kernel.accounts.by_name(kind.read(call, name))
    if account is None:
        raise Win32Failure(Win32Error.NONE_MAPPED)
    of_sid = _Answer(bytes(account.sid), sid, sid_size, 1, is_text=False)
    return _answer_all(call, account, use, of_sid, _Answer.text(kind, account.domain, domain, domain_size))


@service("advapi32", "LookupAccountNameW", "p p p p p p p")
@failing(0)
def LookupAccountNameW(
    call: Call, system: int, name: int, sid: int, sid_size: int, domain: int, domain_size: int, use: int
) -> int:
    """SID and domain of an account by name, alone or after DOMAIN\\; NONE_MAPPED (1332) if there is none."""
    return _account_of_name(call, WIDE, name, sid, sid_size, domain, domain_size, use)


@service("advapi32", "LookupAccountNameA", "p p p p p p p")
@failing(0)
def LookupAccountNameA(
    call: Call, system: int, name: int, sid: int, sid_size: int, domain: int, domain_size: int, use: int
) -> int:
    """LookupAccountNameW in ANSI."""
    return _account_of_name(call, ANSI, name, sid, sid_size, domain, domain_size, use)


def user_name(call: Call) -> str:
    """The name of the user on whose behalf the caller acts."""
    sid = call.requester.token.user
    account = call.kernel.accounts.by_sid(sid)
    return str(sid) if account is None else account.name


def _user_name(call: Call, kind: StringKind, buffer: int, size_address: int) -> int:
    name = user_name(call)
    _answer_text(call, kind, name, buffer, size_address)
    call.memory.write_u32(size_address, len(name) + 1)
    return 1


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
