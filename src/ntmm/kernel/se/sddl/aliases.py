"""The two-letter names of SIDs."""

from typing import Final

from ntmm.kernel.se import well_known
from ntmm.kernel.se.sid import Sid

_ALIASES: Final = {
    "AN": well_known.ANONYMOUS,
    "AO": Sid(5, (32, 548)),
    "AU": well_known.AUTHENTICATED_USERS,
    "BA": well_known.ADMINISTRATORS,
    "BG": well_known.GUESTS,
    "BO": Sid(5, (32, 551)),
    "BU": well_known.USERS,
    "CG": well_known.CREATOR_GROUP,
    "CO": well_known.CREATOR_OWNER,
    "ED": Sid(5, (9,)),
    "IU": well_known.INTERACTIVE,
    "LA": well_known.ADMINISTRATOR,
    "LG": well_known.GUEST,
    "LS": well_known.LOCAL_SERVICE,
    "NO": Sid(5, (32, 556)),
    "NS": well_known.NETWORK_SERVICE,
    "NU": well_known.NETWORK,
    "PO": Sid(5, (32, 550)),
    "PS": well_known.SELF,
    "PU": well_known.POWER_USERS,
    "RC": well_known.RESTRICTED,
    "RD": Sid(5, (32, 555)),
    "RE": Sid(5, (32, 552)),
    "RU": Sid(5, (32, 554)),
    "SO": Sid(5, (32, 549)),
    "SU": well_known.SERVICE,
    "SY": well_known.LOCAL_SYSTEM,
    "WD": well_known.WORLD,
}
"""Those of XP and Server 2003 without the groups of a domain, which this machine is in none of."""

_NAMES: Final = {sid: name for name, sid in _ALIASES.items()}


def sid_from_text(text: str) -> Sid:
    """The SID of S-1-... or of a two-letter name; raises ValueError for other text."""
    found = _ALIASES.get(text.upper())
    return found if found is not None else Sid.from_text(text)


def sid_text(sid: Sid) -> str:
    """The two-letter name of a SID, or S-1-... where it has none."""
    return _NAMES.get(sid) or str(sid)
