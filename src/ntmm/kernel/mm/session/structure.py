"""MM_SESSION_SPACE: the page that describes a session, at the same address in each of its processes.

    x86   0 GlobalVirtualAddress | 4 ReferenceCount | 8 flags | C SessionId | 10 ProcessList | 20 SessionPageDirectory-
          Index | 24 NonPagablePages | 28 CommittedPages | 2C PagedPoolStart | 30 PagedPoolEnd
    x64   0 | 8 | C | 10 | 18 | 30 | 38 | 40 | 48 | 50

As the symbols of Server 2003 SP1 have it. The list of processes is empty: there is no EPROCESS in RAM that it could
link.
"""

import struct
from dataclasses import astuple, dataclass
from typing import Final

INITIALIZED: Final = 1
"""Bit of the flags."""

_FORMATS: Final = {4: "<IiII16xIIIII", 8: "<QiII4x24xI4xQQQQ"}


@dataclass(frozen=True, slots=True)
class SessionFields:
    """The fields that are kept; addresses in bytes, sizes in pages. `references` counts processes.

    `table` is the page with the entries that name the session's page tables.
    """

    address: int
    references: int
    flags: int
    session_id: int
    table: int
    nonpageable: int
    committed: int
    pool_start: int
    pool_end: int


def pack_fields(fields: SessionFields, pointer_size: int) -> bytes:
    """The beginning of the structure."""
    return struct.pack(_FORMATS[pointer_size], *astuple(fields))


def unpack_fields(data: bytes, pointer_size: int) -> SessionFields:
    """The fields of a structure that begins with `data`."""
    return SessionFields(*struct.unpack_from(_FORMATS[pointer_size], data))
