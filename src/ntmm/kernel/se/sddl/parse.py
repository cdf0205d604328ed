"""Reading SDDL (ConvertStringSecurityDescriptorToSecurityDescriptor)."""

import re
from typing import Final

from ntmm.kernel.se.acl import LARGEST_ACL, Ace, Acl
from ntmm.kernel.se.descriptor import SE_DACL_PRESENT, SE_SACL_PRESENT, SecurityDescriptor
from ntmm.kernel.se.sddl.aliases import sid_from_text
from ntmm.kernel.se.sddl.rights import ACE_FLAGS, ACE_TYPES, DACL_FLAGS, SACL_FLAGS, flags_mask, rights_mask
from ntmm.kernel.se.sid import Sid
from ntmm.nt.win32 import Win32Error

_PART: Final = re.compile(r"\s*([OGDSogds]):")
_ACE: Final = re.compile(r"\(([^()]*)\)")
_OBJECT_TYPES: Final = frozenset({"OA", "OD", "OU", "OL", "XA", "XD", "XU", "ZA", "ML", "RA", "SP"})
_NULL_DACL: Final = "NO_ACCESS_CONTROL"
_ACE_FIELDS: Final = 6


class SddlError(ValueError):
    """A text that is no security descriptor; `code` is the Win32 error that it gives."""

    def __init__(self, message: str, code: int = Win32Error.INVALID_PARAMETER) -> None:
        super().__init__(message)
        self.code = code


def parse_sddl(text: str) -> SecurityDescriptor:
    """The descriptor of a text; the parts may come in any order, each of them once. Raises SddlError.

    INVALID_SID for what is no SID, INVALID_ACL for a malformed list, CALL_NOT_IMPLEMENTED for kinds of ACEs that are
    not known here, INVALID_PARAMETER for everything else.
    """
    parts = _parts(text)
    dacl, dacl_control = _acl(parts.get("D"), DACL_FLAGS, SE_DACL_PRESENT)
    sacl, sacl_control = _acl(parts.get("S"), SACL_FLAGS, SE_SACL_PRESENT)
    owner, group = (_sid(parts[part]) if part in parts else None for part in "OG")
    return SecurityDescriptor(owner, group, dacl, sacl, dacl_control | sacl_control)


def _parts(text: str) -> dict[str, str]:
    """The text of each part by its letter. Letters with a colon occur nowhere else."""
    found = list(_PART.finditer(text))
    if text.strip() and (not found or found[0].start() != 0):
        raise SddlError(f"{text!r} is no security descriptor")
    ends = [*(part.start() for part in found[1:]), len(text)]
    parts = dict[str, str]()
    for part, end in zip(found, ends, strict=False):
        letter = part[1].upper()
        if letter in parts:
            raise SddlError(f"{letter}: stands twice")
        parts[letter] = text[part.end() : end].strip()
    return parts


def _sid(text: str) -> Sid:
    try:
        return sid_from_text(text.strip())
    except ValueError as error:
        raise SddlError(str(error), Win32Error.INVALID_SID) from error


def _acl(text: str | None, words: dict[str, int], present: int) -> tuple[Acl | None, int]:
    """A list and the control bits that belong to it."""
    if text is None:
        return None, 0
    head, bracket, rest = text.partition("(")
    null = head.upper().endswith(_NULL_DACL)
    try:
        control = flags_mask(head[: -len(_NULL_DACL)] if null else head, words)
    except ValueError as error:
        raise SddlError(str(error)) from error
    if null and not bracket:
        return None, control | present
    aces, outside = list[Ace](), _ACE.sub("", bracket + rest)
    if outside.strip() or null:
        raise SddlError(f"{outside!r} is no access control entry", Win32Error.INVALID_ACL)
    for found in _ACE.finditer(bracket + rest):
        aces.append(_ace(found[1]))
    acl = Acl(tuple(aces))
    if len(bytes(acl)) > LARGEST_ACL:
        raise SddlError("the access control list is too long", Win32Error.INVALID_ACL)
    return acl, control | present


def _ace(text: str) -> Ace:
    """type;flags;rights;object;inherited object;SID"""
    fields = [field.strip() for field in text.split(";")]
    if fields[0].upper() in _OBJECT_TYPES or any(fields[3:5]):
        raise SddlError(f"({text}) is an access control entry of another system", Win32Error.CALL_NOT_IMPLEMENTED)
    if len(fields) != _ACE_FIELDS or fields[0].upper() not in ACE_TYPES:
        raise SddlError(f"({text}) is no access control entry", Win32Error.INVALID_ACL)
    try:
        flags, mask = flags_mask(fields[1], ACE_FLAGS), rights_mask(fields[2])
    except ValueError as error:
        raise SddlError(str(error), Win32Error.INVALID_ACL) from error
    return Ace(ACE_TYPES[fields[0].upper()], mask, _sid(fields[5]), flags)
