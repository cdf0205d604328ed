"""Share modes: may one more open join those there are (IoCheckShareAccess)?"""

from collections.abc import Iterable
from typing import Protocol

from ntmm.kernel.io.constants import (
    DELETE,
    FILE_APPEND_DATA,
    FILE_EXECUTE,
    FILE_READ_DATA,
    FILE_SHARE_DELETE,
    FILE_SHARE_READ,
    FILE_SHARE_WRITE,
    FILE_WRITE_DATA,
)


class Sharer(Protocol):
    """An open of a file as far as sharing goes."""

    access: int
    share: int


def needed_share(access: int) -> int:
    """The FILE_SHARE_* bits that others must have given for `access`; attribute rights need none."""
    needed = FILE_SHARE_READ if access & (FILE_READ_DATA | FILE_EXECUTE) else 0
    needed |= FILE_SHARE_WRITE if access & (FILE_WRITE_DATA | FILE_APPEND_DATA) else 0
    return needed | (FILE_SHARE_DELETE if access & DELETE else 0)


def may_share(opens: Iterable[Sharer], access: int, share: int) -> bool:
    """True if an open with `access` and `share` agrees with every open there is."""
    needed = needed_share(access)
    if not needed:
        return True
    for other in opens:
        others = needed_share(other.access)
        if others and (needed & ~other.share or others & ~share):
            return False
    return True
