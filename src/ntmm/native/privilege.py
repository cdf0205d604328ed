"""Privileges that services ask for."""

from ntmm.kernel.se import PRIVILEGES
from ntmm.native.call import Call


def has_privilege(call: Call, name: str) -> bool:
    """True if the caller's token has the privilege enabled (SeSinglePrivilegeCheck)."""
    token = call.requester.token
    return token.may_act and token.is_enabled(PRIVILEGES[name])
