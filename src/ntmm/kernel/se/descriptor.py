"""Security descriptors: who owns an object, who may do what with it, what is audited (SECURITY_DESCRIPTOR)."""

import struct
from dataclasses import dataclass, replace
from typing import Final

from ntmm.kernel.se.acl import Acl
from ntmm.kernel.se.sid import Sid

DESCRIPTOR_REVISION: Final = 1
SELF_RELATIVE_HEADER: Final = struct.Struct("<BBH4I")
"""Revision, unused byte, control bits, and where owner, group, SACL and DACL lie from the start; 0: not there."""

SE_OWNER_DEFAULTED: Final = 0x0001
SE_GROUP_DEFAULTED: Final = 0x0002
SE_DACL_PRESENT: Final = 0x0004
SE_DACL_DEFAULTED: Final = 0x0008
SE_SACL_PRESENT: Final = 0x0010
SE_SACL_DEFAULTED: Final = 0x0020
SE_DACL_AUTO_INHERIT_REQ: Final = 0x0100
SE_SACL_AUTO_INHERIT_REQ: Final = 0x0200
SE_DACL_AUTO_INHERITED: Final = 0x0400
SE_SACL_AUTO_INHERITED: Final = 0x0800
SE_DACL_PROTECTED: Final = 0x1000
SE_SACL_PROTECTED: Final = 0x2000
SE_SELF_RELATIVE: Final = 0x8000

OWNER_INFORMATION: Final = 1
GROUP_INFORMATION: Final = 2
DACL_INFORMATION: Final = 4
SACL_INFORMATION: Final = 8

_DACL_BITS: Final = (
    SE_DACL_PRESENT | SE_DACL_DEFAULTED | SE_DACL_AUTO_INHERIT_REQ | SE_DACL_AUTO_INHERITED | SE_DACL_PROTECTED
)
_SACL_BITS: Final = (
    SE_SACL_PRESENT | SE_SACL_DEFAULTED | SE_SACL_AUTO_INHERIT_REQ | SE_SACL_AUTO_INHERITED | SE_SACL_PROTECTED
)


@dataclass(frozen=True, slots=True)
class SecurityDescriptor:
    """The parts by value, whichever form they were read from. `control` holds SE_* bits without SE_SELF_RELATIVE.

    A DACL is there if SE_DACL_PRESENT is set; one that is there and None allows everything to everybody.
    """

    owner: Sid | None = None
    group: Sid | None = None
    dacl: Acl | None = None
    sacl: Acl | None = None
    control: int = 0

    @property
    def has_dacl(self) -> bool:
        """True if the descriptor says anything about who may do what, be it "everything" (a null DACL)."""
        return bool(self.control & SE_DACL_PRESENT)

    def __bytes__(self) -> bytes:
        """The self-relative form: header, SACL, DACL, owner, group."""
        parts = (self.sacl, self.dacl, self.owner, self.group)
        offsets, body = list[int](), b""
        for part in parts:
            offsets.append(SELF_RELATIVE_HEADER.size + len(body) if part is not None else 0)
            body += bytes(part) if part is not None else b""
        sacl, dacl, owner, group = offsets
        control = self.control | SE_SELF_RELATIVE
        return SELF_RELATIVE_HEADER.pack(DESCRIPTOR_REVISION, 0, control, owner, group, sacl, dacl) + body

    @classmethod
    def from_bytes(cls, data: bytes) -> "SecurityDescriptor":
        """Reads the self-relative form; raises ValueError where it is malformed (RtlValidRelativeSecurityDescriptor).

        Parts may lie in any order and may overlap.
        """
        if len(data) < SELF_RELATIVE_HEADER.size:
            raise ValueError("a security descriptor is cut off")
        revision, _, control, owner, group, sacl, dacl = SELF_RELATIVE_HEADER.unpack_from(data)
        if revision != DESCRIPTOR_REVISION or not control & SE_SELF_RELATIVE:
            raise ValueError("no self-relative security descriptor")
        return cls(
            Sid.from_bytes(data[owner:]) if owner else None,
            Sid.from_bytes(data[group:]) if group else None,
            Acl.from_bytes(data[dacl:]) if dacl and control & SE_DACL_PRESENT else None,
            Acl.from_bytes(data[sacl:]) if sacl and control & SE_SACL_PRESENT else None,
            control & ~SE_SELF_RELATIVE,
        )

    def only(self, information: int) -> "SecurityDescriptor":
        """The parts that a SECURITY_INFORMATION asks for."""
        control = self.control
        control &= ~(0 if information & OWNER_INFORMATION else SE_OWNER_DEFAULTED)
        control &= ~(0 if information & GROUP_INFORMATION else SE_GROUP_DEFAULTED)
        control &= ~(0 if information & DACL_INFORMATION else _DACL_BITS)
        control &= ~(0 if information & SACL_INFORMATION else _SACL_BITS)
        return SecurityDescriptor(
            self.owner if information & OWNER_INFORMATION else None,
            self.group if information & GROUP_INFORMATION else None,
            self.dacl if information & DACL_INFORMATION else None,
            self.sacl if information & SACL_INFORMATION else None,
            control,
        )

    def merged(self, information: int, new: "SecurityDescriptor") -> "SecurityDescriptor":
        """The descriptor with the parts of `new` that a SECURITY_INFORMATION names (SeSetSecurityDescriptorInfo)."""
        result = self
        if information & OWNER_INFORMATION:
            result = replace(result, owner=new.owner, control=result.control & ~SE_OWNER_DEFAULTED)
        if information & GROUP_INFORMATION:
            result = replace(result, group=new.group, control=result.control & ~SE_GROUP_DEFAULTED)
        if information & DACL_INFORMATION:
            control = result.control & ~_DACL_BITS | new.control & _DACL_BITS & ~SE_DACL_DEFAULTED | SE_DACL_PRESENT
            result = replace(result, dacl=new.dacl, control=control)
        if information & SACL_INFORMATION:
            control = result.control & ~_SACL_BITS | new.control & _SACL_BITS & ~SE_SACL_DEFAULTED | SE_SACL_PRESENT
            result = replace(result, sacl=new.sacl, control=control)
        return result


def descriptor_with_dacl(
    owner: Sid | None, group: Sid | None, dacl: Acl | None, control: int = SE_DACL_PRESENT
) -> SecurityDescriptor:
    """A descriptor whose DACL is there; None as DACL allows everything to everybody."""
    return SecurityDescriptor(owner, group, dacl, None, control | SE_DACL_PRESENT)
