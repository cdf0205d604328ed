"""Doubly linked page lists threaded through the PFN database (MMPFNLIST)."""

from collections.abc import Iterator
from typing import Final

NO_FRAME: Final = 0xFFFFFFFF


class PageList:
    """First-in first-out list of frames; links lie in the database's flink and blink columns."""

    __slots__ = ("_blink", "_flink", "count", "head", "name", "tail")

    def __init__(self, name: str, flink: memoryview, blink: memoryview) -> None:
        self.name = name
        self._flink = flink
        self._blink = blink
        self.head = NO_FRAME
        self.tail = NO_FRAME
        self.count = 0

    def append(self, frame: int) -> None:
        """Adds a frame at the tail: the last to be reused."""
        self._flink[frame] = NO_FRAME
        self._blink[frame] = self.tail
        if self.tail == NO_FRAME:
            self.head = frame
        else:
            self._flink[self.tail] = frame
        self.tail = frame
        self.count += 1

    def remove(self, frame: int) -> None:
        """Takes a frame out of the middle."""
        after, before = self._flink[frame], self._blink[frame]
        if before == NO_FRAME:
            self.head = after
        else:
            self._flink[before] = after
        if after == NO_FRAME:
            self.tail = before
        else:
            self._blink[after] = before
        self.count -= 1

    def pop(self) -> int:
        """Takes the head, the oldest; NO_FRAME if the list is empty."""
        frame = self.head
        if frame != NO_FRAME:
            self.remove(frame)
        return frame

    def __iter__(self) -> Iterator[int]:
        frame = self.head
        while frame != NO_FRAME:
            yield frame
            frame = self._flink[frame]
