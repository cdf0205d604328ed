"""Access control lists: ACEs in order, in the layout that programs build and read (ACL, ACE_HEADER)."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from ntmm.kernel.se.sid import Sid, sid_length

ACL_REVISION: Final = 2
ACL_REVISION_DS: Final = 4
LARGEST_ACL: Final = 0xFFFF
ACL_HEADER_BYTES: Final = 8
ACE_HEADER_BYTES: Final = 4

OBJECT_INHERIT: Final = 0x01
CONTAINER_INHERIT: Final = 0x02
NO_PROPAGATE_INHERIT: Final = 0x04
INHERIT_ONLY: Final = 0x08
INHERITED: Final = 0x10
SUCCESSFUL_ACCESS: Final = 0x40
FAILED_ACCESS: Final = 0x80


class AceType(IntEnum):
    """The ACEs that consist of an access mask and a SID."""

    ALLOWED = 0
    DENIED = 1
    AUDIT = 2
    ALARM = 3


@dataclass(frozen=True, slots=True)
class Ace:
    """Allows, denies or audits the rights of `mask` for whoever bears `sid`; `flags` tell of inheritance.

    byte 0   1       2..3   4..7   8..
    type | flags | size | mask | SID
    """

    type: AceType
    mask: int
    sid: Sid
    flags: int = 0

    def __bytes__(self) -> bytes:
        sid = bytes(self.sid)
        return struct.pack("<BBHI", self.type, self.flags, 8 + len(sid), self.mask) + sid


@dataclass(frozen=True, slots=True)
class OtherAce:
    """An ACE of a type that means nothing here (object ACEs of directory services): kept, never looked at."""

    type: int
    flags: int
    body: bytes

    def __bytes__(self) -> bytes:
        return struct.pack("<BBH", self.type, self.flags, 4 + len(self.body)) + self.body


AnyAce = Ace | OtherAce


@dataclass(frozen=True, slots=True)
class Acl:
    """The ACEs of an object in the order in which they are looked at."""

    aces: tuple[AnyAce, ...] = ()
    revision: int = ACL_REVISION

    def __bytes__(self) -> bytes:
        body = b"".join(map(bytes, self.aces))
        return struct.pack("<BBHHH", self.revision, 0, ACL_HEADER_BYTES + len(body), len(self.aces), 0) + body

    def __iter__(self) -> Iterator[AnyAce]:
        return iter(self.aces)

    def __len__(self) -> int:
        return len(self.aces)

    def with_aces(self, aces: Iterable[AnyAce]) -> "Acl":
        """A list of the same revision with other ACEs."""
        return replace(self, aces=tuple(aces))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Acl":
        """The ACL at the start of `data`; raises ValueError where it is malformed (RtlValidAcl)."""
        if len(data) < ACL_HEADER_BYTES:
            raise ValueError("an access control list is cut off")
        revision, _, size, count, _ = struct.unpack_from("<BBHHH", data)
        if not ACL_REVISION <= revision <= ACL_REVISION_DS or not ACL_HEADER_BYTES <= size <= len(data):
            raise ValueError("no access control list")
        aces, at = list[AnyAce](), ACL_HEADER_BYTES
        for _ in range(count):
            ace, ace_size = ace_from_bytes(data[at:size])
            aces.append(ace)
            at += ace_size
        return cls(tuple(aces), revision)


def ace_from_bytes(data: bytes) -> tuple[AnyAce, int]:
    """The ACE at the start of `data` and its size in bytes; raises ValueError where it is malformed."""
    if len(data) < ACE_HEADER_BYTES:
        raise ValueError("an access control entry is cut off")
    kind, flags, size = struct.unpack_from("<BBH", data)
    if size < ACE_HEADER_BYTES or size > len(data) or size % 4:
        raise ValueError("an access control entry has a wrong size")
    if kind not in frozenset(AceType):
        return OtherAce(kind, flags, data[4:size]), size
    if size < 8 + sid_length(0):
        raise ValueError("an access control entry is cut off")
    sid = Sid.from_bytes(data[8:size])
    if len(bytes(sid)) != size - 8:  # what follows the SID belongs to the program
        return OtherAce(kind, flags, data[4:size]), size
    return Ace(AceType(kind), struct.unpack_from("<I", data, 4)[0], sid, flags), size
