"""What one open of a file is about to read (PRIVATE_CACHE_MAP, CcScheduleReadAhead)."""

from typing import Final

from ntmm.kernel.io.constants import FILE_RANDOM_ACCESS, FILE_SEQUENTIAL_ONLY

GRANULARITY: Final = 1 << 16
"""At least 64 KB are read ahead, and multiples of it."""
LARGEST: Final = 1 << 20
_SEQUENTIAL_READS: Final = 2
"""Reads that follow on each other before anything is read ahead."""


class PrivateCacheMap:
    """The last reads of one open; `options` are its FILE_* options. Offsets in bytes."""

    def __init__(self, options: int) -> None:
        self.is_random = bool(options & FILE_RANDOM_ACCESS)
        self.is_sequential = bool(options & FILE_SEQUENTIAL_ONLY) and not self.is_random
        self._last_end = -1
        self._streak = 0
        self._ahead_until = 0

    def next_read(self, offset: int, end: int) -> tuple[int, int] | None:
        """Notes a read of [offset, end); the range to read ahead, if its pattern is sequential and it is time."""
        self._streak = self._streak + 1 if offset == self._last_end else 1
        if self._streak == 1:
            self._ahead_until = 0
        self._last_end = end
        if self.is_random or (self._streak < _SEQUENTIAL_READS and not self.is_sequential):
            return None
        chunk = min(LARGEST, -(-(end - offset) // GRANULARITY) * GRANULARITY)
        chunk *= 2 if self.is_sequential else 1
        if end + chunk // 2 <= self._ahead_until:
            return None
        start, self._ahead_until = max(end, self._ahead_until), end + chunk
        return start, self._ahead_until
