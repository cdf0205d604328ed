"""The accounts of the machine: users by name, and the names of well-known SIDs (the part of SAM and LSA)."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from ntmm.kernel.se import well_known
from ntmm.kernel.se.sid import Sid

COMPUTER: Final = "NTMM"
DEFAULT_USER_NAME: Final = "User"
LONGEST_USER_NAME: Final = 20
_FORBIDDEN: Final = frozenset('"/\\[]:;|=,+*?<>@')


class NameUse(IntEnum):
    """What a SID stands for (SID_NAME_USE)."""

    USER = 1
    GROUP = 2
    DOMAIN = 3
    ALIAS = 4
    WELL_KNOWN_GROUP = 5


@dataclass(frozen=True, slots=True)
class Account:
    """A name with its SID; `domain` is what stands before the backslash."""

    name: str
    domain: str
    sid: Sid
    use: NameUse = NameUse.USER
    is_administrator: bool = False


DEFAULT_USER: Final = Account(
    DEFAULT_USER_NAME, COMPUTER, well_known.MACHINE.with_rid(well_known.FIRST_USER_RID), is_administrator=True
)
"""Whose programs run unless another user is named."""

_AUTHORITY: Final = "NT AUTHORITY"
_BUILTIN: Final = "BUILTIN"
_GROUP: Final = NameUse.WELL_KNOWN_GROUP
_KNOWN: Final = (
    Account("NULL SID", "", well_known.NULL, _GROUP),
    Account("Everyone", "", well_known.WORLD, _GROUP),
    Account("LOCAL", "", well_known.LOCAL, _GROUP),
    Account("CREATOR OWNER", "", well_known.CREATOR_OWNER, _GROUP),
    Account("CREATOR GROUP", "", well_known.CREATOR_GROUP, _GROUP),
    Account("NETWORK", _AUTHORITY, well_known.NETWORK, _GROUP),
    Account("BATCH", _AUTHORITY, well_known.BATCH, _GROUP),
    Account("INTERACTIVE", _AUTHORITY, well_known.INTERACTIVE, _GROUP),
    Account("SERVICE", _AUTHORITY, well_known.SERVICE, _GROUP),
    Account("ANONYMOUS LOGON", _AUTHORITY, well_known.ANONYMOUS, _GROUP),
    Account("SELF", _AUTHORITY, well_known.SELF, _GROUP),
    Account("Authenticated Users", _AUTHORITY, well_known.AUTHENTICATED_USERS, _GROUP),
    Account("RESTRICTED", _AUTHORITY, well_known.RESTRICTED, _GROUP),
    Account("SYSTEM", _AUTHORITY, well_known.LOCAL_SYSTEM, _GROUP),
    Account("LOCAL SERVICE", _AUTHORITY, well_known.LOCAL_SERVICE, _GROUP),
    Account("NETWORK SERVICE", _AUTHORITY, well_known.NETWORK_SERVICE, _GROUP),
    Account("Administrators", _BUILTIN, well_known.ADMINISTRATORS, NameUse.ALIAS),
    Account("Users", _BUILTIN, well_known.USERS, NameUse.ALIAS),
    Account("Guests", _BUILTIN, well_known.GUESTS, NameUse.ALIAS),
    Account("Power Users", _BUILTIN, well_known.POWER_USERS, NameUse.ALIAS),
    Account(_BUILTIN, _BUILTIN, Sid(5, (32,)), NameUse.DOMAIN),
    Account(COMPUTER, COMPUTER, well_known.MACHINE, NameUse.DOMAIN),
    Account("Administrator", COMPUTER, well_known.ADMINISTRATOR),
    Account("Guest", COMPUTER, well_known.GUEST),
    Account("None", COMPUTER, well_known.NONE, NameUse.GROUP),
    DEFAULT_USER,
)


class Accounts:
    """The accounts of one machine. Users beside the first are ordinary ones, numbered as they are added."""

    def __init__(self) -> None:
        self._accounts = list(_KNOWN)
        self._next_rid = well_known.FIRST_USER_RID + 1

    def user(self, name: str) -> Account:
        """The user of that name, added where there is none yet.

        Raises ValueError with a sentence for a name that no user can have.
        """
        found = self.by_name(name)
        if found is None:
            found = self._add(name)
        elif found.use is not NameUse.USER or found.sid.rid < well_known.FIRST_USER_RID:
            raise ValueError(f"{found.name} is an account of the system: choose another user")
        return found

    def _add(self, name: str) -> Account:
        if not 0 < len(name.strip(" .")) <= len(name) <= LONGEST_USER_NAME or _FORBIDDEN & set(name):
            raise ValueError(f"{name!r} cannot be the name of a user: write 1 to 20 letters and digits")
        account = Account(name, COMPUTER, well_known.MACHINE.with_rid(self._next_rid))
        self._next_rid += 1
        self._accounts.append(account)
        return account

    def by_name(self, name: str) -> Account | None:
        """The account of a name without regard to case, alone or after DOMAIN\\."""
        domain, _, alone = name.rpartition("\\")
        return next(
            (
                account
                for account in self._accounts
                if account.name.lower() == alone.lower() and (not domain or account.domain.lower() == domain.lower())
            ),
            None,
        )

    def by_sid(self, sid: Sid) -> Account | None:
        """The account that a SID stands for."""
        return next((account for account in self._accounts if account.sid == sid), None)
