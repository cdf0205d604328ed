"""The descriptor of a new object: what its creator asks for, what its container hands down, or what the creator's
token holds as default (SeAssignSecurity).
"""

from dataclasses import replace
from typing import Final, NamedTuple

from ntmm.kernel.se import well_known
from ntmm.kernel.se.access import GenericMapping
from ntmm.kernel.se.acl import (
    CONTAINER_INHERIT,
    INHERIT_ONLY,
    INHERITED,
    NO_PROPAGATE_INHERIT,
    OBJECT_INHERIT,
    Ace,
    Acl,
    AnyAce,
)
from ntmm.kernel.se.descriptor import (
    SE_DACL_DEFAULTED,
    SE_DACL_PRESENT,
    SE_GROUP_DEFAULTED,
    SE_OWNER_DEFAULTED,
    SE_SACL_PRESENT,
    SecurityDescriptor,
)
from ntmm.kernel.se.privileges import PRIVILEGES
from ntmm.kernel.se.sid import Sid
from ntmm.kernel.se.token import Token
from ntmm.nt.status import Status

_INHERITABLE: Final = OBJECT_INHERIT | CONTAINER_INHERIT | NO_PROPAGATE_INHERIT | INHERIT_ONLY
_RESTORE: Final = PRIVILEGES["SeRestorePrivilege"]
_SECURITY: Final = PRIVILEGES["SeSecurityPrivilege"]


class Assigned(NamedTuple):
    """The descriptor of a new object, or why there is none."""

    status: Status
    descriptor: SecurityDescriptor | None


def may_be_owner(token: Token, sid: Sid) -> bool:
    """True if `token` may make `sid` an object's owner: itself, a group of its own, or with SeRestorePrivilege any."""
    return token.may_own(sid) or token.is_enabled(_RESTORE)


def assign_security(
    explicit: SecurityDescriptor | None,
    parent: SecurityDescriptor | None,
    token: Token,
    mapping: GenericMapping,
    is_container: bool = False,
) -> Assigned:
    """INVALID_OWNER for an owner that the token may not name, PRIVILEGE_NOT_HELD for a SACL without its privilege."""
    asked = explicit or SecurityDescriptor()
    if asked.owner is not None and not may_be_owner(token, asked.owner):
        return Assigned(Status.INVALID_OWNER, None)
    if asked.control & SE_SACL_PRESENT and not token.is_enabled(_SECURITY):
        return Assigned(Status.PRIVILEGE_NOT_HELD, None)
    owner, group = asked.owner or token.owner, asked.group or token.primary_group
    dacl, control = _new_dacl(asked, parent, token, is_container)
    control |= 0 if asked.owner else SE_OWNER_DEFAULTED
    control |= 0 if asked.group else SE_GROUP_DEFAULTED
    control |= asked.control & SE_SACL_PRESENT
    return Assigned(
        Status.SUCCESS,
        SecurityDescriptor(
            owner,
            group,
            _effective(dacl, owner, group, mapping),
            _effective(asked.sacl, owner, group, mapping),
            control,
        ),
    )


def _new_dacl(
    asked: SecurityDescriptor, parent: SecurityDescriptor | None, token: Token, is_container: bool
) -> tuple[Acl | None, int]:
    """The DACL and its control bits: an explicit one, else an inherited one, else the token's default."""
    if asked.has_dacl and not asked.control & SE_DACL_DEFAULTED:
        return asked.dacl, asked.control & ~(SE_SACL_PRESENT | SE_OWNER_DEFAULTED | SE_GROUP_DEFAULTED)
    inherited = _inherited(parent.dacl, is_container) if parent is not None and parent.dacl is not None else ()
    if inherited:
        return Acl(inherited), SE_DACL_PRESENT
    if asked.has_dacl:
        return asked.dacl, SE_DACL_PRESENT | SE_DACL_DEFAULTED
    if token.default_dacl is None:
        return None, 0
    return token.default_dacl, SE_DACL_PRESENT | SE_DACL_DEFAULTED


def _inherited(dacl: Acl, is_container: bool) -> tuple[AnyAce, ...]:
    """What a container hands down: to objects the object ACEs, to containers also what they hand down further."""
    result = list[AnyAce]()
    for ace in dacl:
        if not isinstance(ace, Ace):
            continue
        if not is_container:
            if ace.flags & OBJECT_INHERIT:
                result.append(replace(ace, flags=ace.flags & ~_INHERITABLE & ~INHERITED))
        elif ace.flags & CONTAINER_INHERIT:
            gone = _INHERITABLE if ace.flags & NO_PROPAGATE_INHERIT else INHERIT_ONLY
            result.append(replace(ace, flags=ace.flags & ~gone))
        elif ace.flags & OBJECT_INHERIT and not ace.flags & NO_PROPAGATE_INHERIT:
            result.append(replace(ace, flags=ace.flags | INHERIT_ONLY))
    return tuple(result)


def _effective(acl: Acl | None, owner: Sid, group: Sid, mapping: GenericMapping) -> Acl | None:
    """The list with generic rights mapped and CREATOR OWNER and CREATOR GROUP replaced, where an ACE takes effect."""
    if acl is None:
        return None
    creators = {well_known.CREATOR_OWNER: owner, well_known.CREATOR_GROUP: group}
    return acl.with_aces(
        replace(ace, mask=mapping.map(ace.mask), sid=creators.get(ace.sid, ace.sid))
        if isinstance(ace, Ace) and not ace.flags & INHERIT_ONLY
        else ace
        for ace in acl
    )


def map_generic(descriptor: SecurityDescriptor, mapping: GenericMapping) -> SecurityDescriptor:
    """The descriptor with the generic rights of its ACEs mapped, where they take effect."""
    owner, group = descriptor.owner or well_known.NULL, descriptor.group or well_known.NULL
    return replace(
        descriptor,
        dacl=_effective(descriptor.dacl, owner, group, mapping),
        sacl=_effective(descriptor.sacl, owner, group, mapping),
    )
