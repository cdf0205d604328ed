"""The room on a drive; on C: it is limited so that an untrusted program cannot fill the host's disk."""

from typing import Final, Protocol

from ntmm.kernel.io.failure import IoFailure
from ntmm.nt.status import Status

DEFAULT_DISK: Final = 8 << 30
"""Bytes a program may add to the drive unless told otherwise."""


class Room(Protocol):
    """The room on a drive, in bytes."""

    @property
    def limit(self) -> int:
        """All of it."""

    @property
    def free(self) -> int:
        """What can still be added."""

    def take(self, amount: int) -> None:
        """Takes `amount` bytes (negative: gives back); fails with DISK_FULL."""


class DiskQuota:
    """Bytes that may be added to the drive; removing gives back what was removed, up to the limit."""

    def __init__(self, limit: int = DEFAULT_DISK) -> None:
        self.limit = limit
        self.free = limit

    def take(self, amount: int) -> None:
        """Takes `amount` bytes (negative: gives back); fails with DISK_FULL."""
        if amount > self.free:
            raise IoFailure(Status.DISK_FULL)
        self.free = min(self.limit, self.free - amount)
