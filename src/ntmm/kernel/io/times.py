"""FILETIME and the host's nanoseconds."""

from typing import Final

EPOCH_1970_100NS: Final = 116_444_736_000_000_000
"""1970-01-01 as a FILETIME (100 ns units since 1601-01-01)."""


def filetime_of_ns(nanoseconds: int) -> int:
    """A FILETIME for nanoseconds since 1970."""
    return max(0, nanoseconds // 100 + EPOCH_1970_100NS)


def ns_of_filetime(filetime: int) -> int:
    """Nanoseconds since 1970 for a FILETIME."""
    return (filetime - EPOCH_1970_100NS) * 100
