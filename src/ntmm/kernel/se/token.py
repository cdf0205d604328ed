"""Tokens: on whose behalf a process runs, with which groups and privileges (TOKEN, SePrivilegeCheck)."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ntmm.kernel.se import well_known
from ntmm.kernel.se.access import GENERIC_ALL
from ntmm.kernel.se.accounts import DEFAULT_USER, Account
from ntmm.kernel.se.acl import Ace, AceType, Acl
from ntmm.kernel.se.privileges import ADMINISTRATOR_PRIVILEGES, PRIVILEGES, USER_PRIVILEGES
from ntmm.kernel.se.sid import Sid

SE_GROUP_MANDATORY: Final = 0x1
SE_GROUP_ENABLED_BY_DEFAULT: Final = 0x2
SE_GROUP_ENABLED: Final = 0x4
SE_GROUP_OWNER: Final = 0x8
SE_GROUP_USE_FOR_DENY_ONLY: Final = 0x10
SE_GROUP_LOGON_ID: Final = 0xC0000000
_ORDINARY_GROUP: Final = SE_GROUP_MANDATORY | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_ENABLED


class TokenType(IntEnum):
    """A process has a primary token; checks on behalf of somebody take an impersonation token."""

    PRIMARY = 1
    IMPERSONATION = 2


class ImpersonationLevel(IntEnum):
    """How far somebody may be impersonated; below IDENTIFICATION not even access checks are allowed."""

    ANONYMOUS = 0
    IDENTIFICATION = 1
    IMPERSONATION = 2
    DELEGATION = 3


@dataclass(frozen=True, slots=True)
class Group:
    """A group that a token bears; `attributes` are SE_GROUP_* bits."""

    sid: Sid
    attributes: int


class Token:
    """The token of a logged-on account; without arguments that of the machine's user, an administrator.

    What may be done to the host's folder, the host decides. `id` is the LUID that the token gets when it is asked for.
    """

    def __init__(self, account: Account = DEFAULT_USER, session_id: int = 0) -> None:
        held = ADMINISTRATOR_PRIVILEGES if account.is_administrator else USER_PRIVILEGES
        self._enabled = {PRIVILEGES[name]: enabled for name, enabled in held.items()}
        self._enabled_by_default = frozenset(luid for luid, enabled in self._enabled.items() if enabled)
        self.user = self.owner = account.sid
        self.primary_group = well_known.NONE
        self.groups: tuple[Group, ...] = _groups_of(account)
        self.default_dacl: Acl | None = _default_dacl(account)
        self.session_id = session_id
        self.type = TokenType.PRIMARY
        self.impersonation_level = ImpersonationLevel.ANONYMOUS
        self.source = b"User32 \0"
        self.authentication_id = logon_number(account)
        self.id = 0

    @property
    def may_act(self) -> bool:
        """False for an impersonation token that only tells who somebody is: nothing is done with it."""
        return self.type is TokenType.PRIMARY or self.impersonation_level >= ImpersonationLevel.IMPERSONATION

    # privileges

    def grant(self, luid: int) -> None:
        """Adds a privilege, disabled, as an administrator's assignment does."""
        self._enabled.setdefault(luid, False)

    def holds(self, luid: int) -> bool:
        """True if the privilege is there, enabled or not."""
        return luid in self._enabled

    def is_enabled(self, luid: int) -> bool:
        """True if the privilege may be used now."""
        return self._enabled.get(luid, False)

    def set_enabled(self, luid: int, enabled: bool) -> bool:
        """Enables or disables a privilege; False if the token does not hold it."""
        if luid not in self._enabled:
            return False
        self._enabled[luid] = enabled
        return True

    def remove(self, luid: int) -> None:
        """Takes a privilege away for good."""
        self._enabled.pop(luid, None)

    def is_enabled_by_default(self, luid: int) -> bool:
        """True if the privilege was enabled at logon."""
        return luid in self._enabled_by_default

    def privileges(self) -> list[tuple[int, bool]]:
        """All privileges held, with whether they are enabled, sorted by LUID."""
        return sorted(self._enabled.items())

    # identity

    def bears(self, sid: Sid, deny: bool = False) -> bool:
        """True if an ACE for `sid` means this token; with `deny` also by groups that serve to deny only."""
        if sid == self.user:
            return True
        wanted = SE_GROUP_ENABLED | (SE_GROUP_USE_FOR_DENY_ONLY if deny else 0)
        return any(group.sid == sid and group.attributes & wanted for group in self.groups)

    def may_own(self, sid: Sid) -> bool:
        """True if the token may make `sid` the owner of an object without a privilege."""
        return sid == self.user or any(
            group.sid == sid and group.attributes & SE_GROUP_OWNER and group.attributes & SE_GROUP_ENABLED
            for group in self.groups
        )

    def duplicate(self, type_: TokenType, level: ImpersonationLevel) -> "Token":
        """A copy of its own (SepDuplicateToken)."""
        copy = Token.__new__(Token)
        copy.__dict__.update(self.__dict__)
        copy._enabled = dict(self._enabled)
        copy.type, copy.impersonation_level, copy.id = type_, level, 0
        return copy


def logon_number(account: Account) -> int:
    """What distinguishes an account's logon: part of its logon SID, and the low part of its authentication LUID."""
    return 0x10000 + account.sid.rid


def _ordinary(sids: Iterable[Sid]) -> tuple[Group, ...]:
    return tuple(Group(sid, _ORDINARY_GROUP) for sid in sids)


def _groups_of(account: Account) -> tuple[Group, ...]:
    """The groups of an interactive logon, in the order in which Windows lists them."""
    administrators = (Group(well_known.ADMINISTRATORS, _ORDINARY_GROUP | SE_GROUP_OWNER),)
    return (
        *_ordinary((well_known.NONE, well_known.WORLD)),
        *(administrators if account.is_administrator else ()),
        *_ordinary((well_known.USERS, well_known.INTERACTIVE, well_known.AUTHENTICATED_USERS)),
        Group(well_known.logon_sid(logon_number(account)), _ORDINARY_GROUP | SE_GROUP_LOGON_ID),
        *_ordinary((well_known.LOCAL,)),
    )


def _default_dacl(account: Account) -> Acl:
    """What new objects get that name no DACL: everything for the user and the system, nothing for others."""
    return Acl(tuple(Ace(AceType.ALLOWED, GENERIC_ALL, sid) for sid in (account.sid, well_known.LOCAL_SYSTEM)))
