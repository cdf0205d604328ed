"""The access check: may this token do that to an object with this descriptor (SeAccessCheck)?"""

from typing import Final, NamedTuple

from ntmm.kernel.se.access import (
    ACCESS_SYSTEM_SECURITY,
    MAXIMUM_ALLOWED,
    READ_CONTROL,
    WRITE_DAC,
    WRITE_OWNER,
    GenericMapping,
)
from ntmm.kernel.se.acl import INHERIT_ONLY, Ace, AceType, Acl
from ntmm.kernel.se.descriptor import SecurityDescriptor
from ntmm.kernel.se.privileges import PRIVILEGES
from ntmm.kernel.se.token import Token
from ntmm.nt.status import Status

_SECURITY: Final = PRIVILEGES["SeSecurityPrivilege"]
_TAKE_OWNERSHIP: Final = PRIVILEGES["SeTakeOwnershipPrivilege"]


class AccessAnswer(NamedTuple):
    """What is granted, and SUCCESS; or nothing, and why."""

    granted: int
    status: Status


def access_check(
    descriptor: SecurityDescriptor | None, token: Token, desired: int, mapping: GenericMapping
) -> AccessAnswer:
    """Whether all that is `desired` is granted; MAXIMUM_ALLOWED adds whatever may be had.

    No descriptor, no DACL and a null DACL grant everything; an empty DACL nothing. The owner may always read and
    change the DACL. ACEs are looked at in order: the first that names a right decides it.
    """
    wanted = mapping.map(desired)
    by_privilege = 0
    if wanted & ACCESS_SYSTEM_SECURITY:
        if not token.is_enabled(_SECURITY):
            return AccessAnswer(0, Status.PRIVILEGE_NOT_HELD)
        by_privilege |= ACCESS_SYSTEM_SECURITY
    if wanted & (WRITE_OWNER | MAXIMUM_ALLOWED) and token.is_enabled(_TAKE_OWNERSHIP):
        by_privilege |= WRITE_OWNER
    maximum = bool(wanted & MAXIMUM_ALLOWED)
    wanted &= ~MAXIMUM_ALLOWED
    if descriptor is None or not descriptor.has_dacl or descriptor.dacl is None:
        return AccessAnswer(wanted | by_privilege | (mapping.all if maximum else 0), Status.SUCCESS)
    granted = by_privilege
    if descriptor.owner is not None and token.bears(descriptor.owner):
        granted |= READ_CONTROL | WRITE_DAC
    granted |= _allowed(descriptor.dacl, token, ~granted)
    if wanted & ~granted or (maximum and not granted):
        return AccessAnswer(0, Status.ACCESS_DENIED)
    return AccessAnswer(granted if maximum else wanted, Status.SUCCESS)


def _allowed(dacl: Acl, token: Token, undecided: int) -> int:
    """The rights that a DACL allows of those still undecided."""
    undecided &= 0xFFFFFFFF
    allowed = 0
    for ace in dacl:
        if not isinstance(ace, Ace) or ace.flags & INHERIT_ONLY:
            continue
        if ace.type is AceType.ALLOWED and token.bears(ace.sid):
            allowed |= ace.mask & undecided
        elif ace.type is not AceType.DENIED or not token.bears(ace.sid, deny=True):
            continue
        undecided &= ~ace.mask
    return allowed
