"""Byte-range locks of one file (FsRtlFastLock, FsRtlFastUnlockSingle). They bind ReadFile and WriteFile, not views.

An owner is whoever a lock does not bind: one open of the file in one process, with the key that it gave. Offsets and
lengths in bytes; locks may lie past the end of the file.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from ntmm.kernel.io.failure import IoFailure
from ntmm.nt.status import Status

_END = 1 << 64


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A run of bytes; one without bytes lies between two of them."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.length

    def touches(self, other: "ByteRange") -> bool:
        """True if they share bytes, or one without bytes lies inside the other."""
        if not self.length and not other.length:
            return False
        return self.offset < other.end and other.offset < self.end


@dataclass(frozen=True, slots=True)
class _Lock:
    range: ByteRange
    open: object
    owner: Hashable
    exclusive: bool


class ByteRangeLocks:
    """All locks of a file, in the order in which they were taken."""

    def __init__(self) -> None:
        self._locks: list[_Lock] = []
        self._waiting: list[Callable[[], object]] = []

    def __len__(self) -> int:
        return len(self._locks)

    def take(self, where: ByteRange, opened: object, owner: Hashable, exclusive: bool) -> bool:
        """Locks a range, or answers False: an exclusive lock shares no byte with any other, not even its owner's.

        Fails with INVALID_LOCK_RANGE for a range that no file can have.
        """
        if where.end > _END:
            raise IoFailure(Status.INVALID_LOCK_RANGE)
        if any((exclusive or lock.exclusive) and lock.range.touches(where) for lock in self._locks):
            return False
        self._locks.append(_Lock(where, opened, owner, exclusive))
        return True

    def release(self, where: ByteRange, opened: object, owner: Hashable) -> None:
        """Gives up one lock of exactly this range, an exclusive one first; RANGE_NOT_LOCKED if there is none."""
        mine = [lock for lock in self._locks if lock.range == where and lock.open is opened and lock.owner == owner]
        if not mine:
            raise IoFailure(Status.RANGE_NOT_LOCKED)
        self._locks.remove(min(mine, key=lambda lock: not lock.exclusive))
        self._wake()

    def release_all(self, opened: object) -> None:
        """One open of the file is closed: its locks go."""
        kept = [lock for lock in self._locks if lock.open is not opened]
        if len(kept) < len(self._locks):
            self._locks = kept
            self._wake()

    def check_read(self, where: ByteRange, opened: object, owner: Hashable) -> None:
        """FILE_LOCK_CONFLICT where another owner has locked bytes for itself alone."""
        self._check(where, lambda lock: lock.exclusive and (lock.open is not opened or lock.owner != owner))

    def check_write(self, where: ByteRange, opened: object, owner: Hashable) -> None:
        """FILE_LOCK_CONFLICT where another has any lock, or the writer itself has a shared one."""
        self._check(where, lambda lock: not lock.exclusive or lock.open is not opened or lock.owner != owner)

    def _check(self, where: ByteRange, binds: Callable[[_Lock], bool]) -> None:
        if where.length and any(binds(lock) and lock.range.touches(where) for lock in self._locks):
            raise IoFailure(Status.FILE_LOCK_CONFLICT)

    def when_released(self, wake: Callable[[], object]) -> None:
        """Calls `wake` once, when the next lock is given up."""
        self._waiting.append(wake)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()
