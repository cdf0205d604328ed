"""Sizes as people write them."""

import re
from typing import Final

_FACTORS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_PATTERN: Final = re.compile(r"([0-9]{1,19})([KMGT]?)(?:i?B)?", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Bytes of "512K", "64M", "1G", "1T" or a plain number of bytes; raises ValueError with a sentence."""
    match = _PATTERN.fullmatch(text.strip())
    if match is None or (size := int(match[1]) * _FACTORS[match[2].upper()]) == 0:
        raise ValueError(f"{text!r} is not a size: write a number above zero, with K, M, G or T for larger units")
    return size


def size_text(size: int) -> str:
    """The shortest exact form: 67108864 is "64 MB", 122880 is "120 KB", 7 is "7 bytes"."""
    for unit in ("T", "G", "M", "K"):
        if size and size % _FACTORS[unit] == 0:
            return f"{size // _FACTORS[unit]} {unit}B"
    return f"{size} byte{'' if size == 1 else 's'}"
