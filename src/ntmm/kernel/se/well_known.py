"""The SIDs that every machine has, and those of this machine."""

from typing import Final

from ntmm.kernel.se.sid import Sid


def _nt(*parts: int) -> Sid:
    return Sid(5, parts)


def _builtin(rid: int) -> Sid:
    return _nt(32, rid)


NULL: Final = Sid(0, (0,))
WORLD: Final = Sid(1, (0,))
LOCAL: Final = Sid(2, (0,))
CREATOR_OWNER: Final = Sid(3, (0,))
CREATOR_GROUP: Final = Sid(3, (1,))
NETWORK: Final = _nt(2)
BATCH: Final = _nt(3)
INTERACTIVE: Final = _nt(4)
SERVICE: Final = _nt(6)
ANONYMOUS: Final = _nt(7)
SELF: Final = _nt(10)
AUTHENTICATED_USERS: Final = _nt(11)
RESTRICTED: Final = _nt(12)
LOCAL_SYSTEM: Final = _nt(18)
LOCAL_SERVICE: Final = _nt(19)
NETWORK_SERVICE: Final = _nt(20)
ADMINISTRATORS: Final = _builtin(544)
USERS: Final = _builtin(545)
GUESTS: Final = _builtin(546)
POWER_USERS: Final = _builtin(547)

MACHINE: Final = _nt(21, 1_314_150_477, 1_296_911_437, 1_414_680_909)
"""The machine's own domain; the numbers have no meaning, and are the same everywhere so that runs repeat."""

ADMINISTRATOR: Final = MACHINE.with_rid(500)
GUEST: Final = MACHINE.with_rid(501)
NONE: Final = MACHINE.with_rid(513)
"""The primary group of a machine's users."""
FIRST_USER_RID: Final = 1000


def logon_sid(number: int) -> Sid:
    """The SID that all processes of one logon share."""
    return _nt(5, 0, number)
