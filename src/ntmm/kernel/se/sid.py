"""Security identifiers (SID): who somebody is, as bytes, as text and as a value."""

import re
import struct
from dataclasses import dataclass
from typing import Final

SID_REVISION: Final = 1
MAXIMUM_SUB_AUTHORITIES: Final = 15
_HEADER_BYTES: Final = 8
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")
_LARGEST_AUTHORITY: Final = (1 << 48) - 1
_LARGEST_DECIMAL_AUTHORITY: Final = 0xFFFFFFFF
"""Larger authorities are written in hexadecimal."""


@dataclass(frozen=True, slots=True, order=True)
class Sid:
    """An authority of 48 bits and up to 15 sub-authorities of 32; the last one is the RID.

    byte 0     1       2..7                   8..
    revision | count | authority, big-endian | sub-authorities, little-endian
    """

    authority: int
    sub_authorities: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        assert 0 <= self.authority <= _LARGEST_AUTHORITY
        assert len(self.sub_authorities) <= MAXIMUM_SUB_AUTHORITIES
        assert all(0 <= part <= 0xFFFFFFFF for part in self.sub_authorities)

    def __str__(self) -> str:
        """S-1-5-32-544."""
        small = self.authority <= _LARGEST_DECIMAL_AUTHORITY
        authority = str(self.authority) if small else f"0x{self.authority:012x}"
        return "-".join(["S", str(SID_REVISION), authority, *map(str, self.sub_authorities)])

    def __bytes__(self) -> bytes:
        head = bytes([SID_REVISION, len(self.sub_authorities)]) + self.authority.to_bytes(6, "big")
        return head + struct.pack(f"<{len(self.sub_authorities)}I", *self.sub_authorities)

    @property
    def rid(self) -> int:
        """The last sub-authority; 0 where there is none."""
        return self.sub_authorities[-1] if self.sub_authorities else 0

    def with_rid(self, rid: int) -> "Sid":
        """An account of the domain that this SID stands for."""
        return Sid(self.authority, (*self.sub_authorities, rid))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Sid":
        """The SID at the start of `data`; raises ValueError where there is none."""
        if len(data) < _HEADER_BYTES or data[0] != SID_REVISION or data[1] > MAXIMUM_SUB_AUTHORITIES:
            raise ValueError("no security identifier")
        if len(data) < sid_length(data[1]):
            raise ValueError("a security identifier is cut off")
        parts = struct.unpack_from(f"<{data[1]}I", data, _HEADER_BYTES)
        return cls(int.from_bytes(data[2:8], "big"), parts)

    @classmethod
    def from_text(cls, text: str) -> "Sid":
        """The SID of its text form S-1-...; raises ValueError for other text."""
        prefix, revision, *numbers = text.split("-") if text.count("-") > 1 else ("", "")
        if prefix not in ("S", "s") or revision != "1" or not numbers or len(numbers) > MAXIMUM_SUB_AUTHORITIES + 1:
            raise ValueError(f"{text!r} is no security identifier")
        authority, *parts = map(_number, numbers)
        if authority > _LARGEST_AUTHORITY or any(part > 0xFFFFFFFF for part in parts):
            raise ValueError(f"{text!r} is no security identifier")
        return cls(authority, tuple(parts))


def _number(text: str) -> int:
    """A decimal number, or a hexadecimal one with 0x; raises ValueError."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no number")
    return int(text, 16 if text[:2] in ("0x", "0X") else 10)


def sid_length(sub_authorities: int) -> int:
    """Bytes of a SID with so many sub-authorities (RtlLengthRequiredSid)."""
    return _HEADER_BYTES + 4 * sub_authorities
