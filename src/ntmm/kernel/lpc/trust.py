"""How far a client trusts the servers that it sends requests to (SECURITY_QUALITY_OF_SERVICE)."""

from typing import NamedTuple

from ntmm.kernel.se.token import ImpersonationLevel


class Trust(NamedTuple):
    """The level at which a server may act for a client: as it was when it connected, or (`is_dynamic`) as it is when it
    sends a request.
    """

    level: ImpersonationLevel = ImpersonationLevel.IMPERSONATION
    is_dynamic: bool = True
