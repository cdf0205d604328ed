"""The words for access rights and for flags."""

import re
from typing import Final

from ntmm.kernel.se.acl import (
    CONTAINER_INHERIT,
    FAILED_ACCESS,
    INHERIT_ONLY,
    INHERITED,
    NO_PROPAGATE_INHERIT,
    OBJECT_INHERIT,
    SUCCESSFUL_ACCESS,
    AceType,
)
from ntmm.kernel.se.descriptor import (
    SE_DACL_AUTO_INHERIT_REQ,
    SE_DACL_AUTO_INHERITED,
    SE_DACL_PROTECTED,
    SE_SACL_AUTO_INHERIT_REQ,
    SE_SACL_AUTO_INHERITED,
    SE_SACL_PROTECTED,
)

ACE_TYPES: Final = {"A": AceType.ALLOWED, "D": AceType.DENIED, "AU": AceType.AUDIT, "AL": AceType.ALARM}
ACE_FLAGS: Final = {
    "OI": OBJECT_INHERIT,
    "CI": CONTAINER_INHERIT,
    "NP": NO_PROPAGATE_INHERIT,
    "IO": INHERIT_ONLY,
    "ID": INHERITED,
    "SA": SUCCESSFUL_ACCESS,
    "FA": FAILED_ACCESS,
}
DACL_FLAGS: Final = {"P": SE_DACL_PROTECTED, "AR": SE_DACL_AUTO_INHERIT_REQ, "AI": SE_DACL_AUTO_INHERITED}
SACL_FLAGS: Final = {"P": SE_SACL_PROTECTED, "AR": SE_SACL_AUTO_INHERIT_REQ, "AI": SE_SACL_AUTO_INHERITED}

_SINGLE: Final = {
    "CC": 0x1,
    "DC": 0x2,
    "LC": 0x4,
    "SW": 0x8,
    "RP": 0x10,
    "WP": 0x20,
    "DT": 0x40,
    "LO": 0x80,
    "CR": 0x100,
    "SD": 0x10000,
    "RC": 0x20000,
    "WD": 0x40000,
    "WO": 0x80000,
    "GA": 0x10000000,
    "GX": 0x20000000,
    "GW": 0x40000000,
    "GR": 0x80000000,
}
"""One bit each, in the order in which they are written."""

_COMBINED: Final = {
    "FA": 0x1F01FF,
    "FR": 0x120089,
    "FW": 0x120116,
    "FX": 0x1200A0,
    "KA": 0xF003F,
    "KR": 0x20019,
    "KW": 0x20006,
}
"""Written only where the mask is exactly that."""

_WORDS: Final = _SINGLE | _COMBINED | {"KX": 0x20019}
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")


def rights_mask(text: str) -> int:
    """The mask of a number (decimal, octal with 0, hexadecimal with 0x) or of a row of words; raises ValueError."""
    text = text.strip()
    if _NUMBER.fullmatch(text):
        is_octal = text[0] == "0" and text.isdigit()
        value = int(text, 8) if is_octal else int(text, 0)
        if value > 0xFFFFFFFF:
            raise ValueError(f"{text} is no access mask")
        return value
    if len(text) % 2:
        raise ValueError(f"{text} are no access rights")
    mask = 0
    for at in range(0, len(text), 2):
        word = text[at : at + 2].upper()
        if word not in _WORDS:
            raise ValueError(f"{word} is no access right")
        mask |= _WORDS[word]
    return mask


def rights_text(mask: int) -> str:
    """Words where they say all of the mask, else a hexadecimal number."""
    for word, value in _COMBINED.items():
        if mask == value:
            return word
    if mask & ~sum(_SINGLE.values()):
        return f"0x{mask:x}"
    return "".join(word for word, bit in _SINGLE.items() if mask & bit)


def flags_text(flags: int, words: dict[str, int]) -> str:
    """The words of the bits that are set."""
    return "".join(word for word, bit in words.items() if flags & bit)


def flags_mask(text: str, words: dict[str, int]) -> int:
    """The bits of a row of words of one or two letters; raises ValueError."""
    mask, rest = 0, text.strip().upper()
    while rest:
        word = next((word for word in sorted(words, key=len, reverse=True) if rest.startswith(word)), None)
        if word is None:
            raise ValueError(f"{rest} is no flag")
        mask |= words[word]
        rest = rest[len(word) :]
    return mask
