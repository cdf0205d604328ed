"""Writing SDDL (ConvertSecurityDescriptorToStringSecurityDescriptor)."""

from typing import Final

from ntmm.kernel.se.acl import Acl, AnyAce, OtherAce
from ntmm.kernel.se.descriptor import (
    DACL_INFORMATION,
    GROUP_INFORMATION,
    OWNER_INFORMATION,
    SACL_INFORMATION,
    SE_DACL_PRESENT,
    SE_SACL_PRESENT,
    SecurityDescriptor,
)
from ntmm.kernel.se.sddl.aliases import sid_text
from ntmm.kernel.se.sddl.rights import ACE_FLAGS, ACE_TYPES, DACL_FLAGS, SACL_FLAGS, flags_text, rights_text

_TYPE_WORDS: Final = {kind: word for word, kind in ACE_TYPES.items()}
_EVERYTHING: Final = OWNER_INFORMATION | GROUP_INFORMATION | DACL_INFORMATION | SACL_INFORMATION


def format_sddl(descriptor: SecurityDescriptor, information: int = _EVERYTHING) -> str:
    """The text of the parts that a SECURITY_INFORMATION asks for, as far as they are there.

    Raises ValueError for a kind of ACE that has no text here.
    """
    known = descriptor.only(information)
    text = f"O:{sid_text(known.owner)}" if known.owner is not None else ""
    text += f"G:{sid_text(known.group)}" if known.group is not None else ""
    if known.control & SE_DACL_PRESENT:
        text += "D:" + _acl_text(known.dacl, known.control, DACL_FLAGS)
    if known.control & SE_SACL_PRESENT:
        text += "S:" + _acl_text(known.sacl, known.control, SACL_FLAGS)
    return text


def _acl_text(acl: Acl | None, control: int, words: dict[str, int]) -> str:
    head = flags_text(control, words)
    if acl is None:
        return head + "NO_ACCESS_CONTROL"
    return head + "".join(map(_ace_text, acl.aces))


def _ace_text(ace: AnyAce) -> str:
    if isinstance(ace, OtherAce):
        raise ValueError("an access control entry has no text")  # noqa: TRY004 - it is the list that is wrong
    head = f"{_TYPE_WORDS[ace.type]};{flags_text(ace.flags, ACE_FLAGS)};{rights_text(ace.mask)}"
    return f"({head};;;{sid_text(ace.sid)})"
