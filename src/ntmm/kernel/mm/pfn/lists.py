"""Doubly linked page lists threaded through the PFN database (MMPFNLIST), also one for each page colour."""

from collections.abc import Iterator
from typing import Final

from ntmm.kernel.mm.pfn.columns import column

NO_FRAME: Final = 0xFFFFFFFF


class PageList:
    """First-in first-out list of frames; links lie in the database's flink and blink columns.

    Both are 0 in frames that leave a list, for what else these columns hold: see `entries`.
    """

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

    def extend(self, first: int, last: int, count: int) -> None:
        """Adds `count` frames that are linked to each other already, at the tail; the outer links are written here."""
        self._flink[last] = NO_FRAME
        self._blink[first] = self.tail
        if self.tail == NO_FRAME:
            self.head = first
        else:
            self._flink[self.tail] = first
        self.tail = last
        self.count += count

    def link_run(self, first: int, end: int, step: int) -> None:
        """Links adjacent frames to those of them that are `step` before and behind them, for `extend`."""
        stop = max(first, end - step)
        column(self._flink)[first:stop] = range(first + step, stop + step)
        column(self._blink)[first + step : stop + step] = range(first, stop)

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
        self._flink[frame] = self._blink[frame] = 0
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


class ColouredList:
    """One list for each page colour (the low bits of the frame number): pages of different sets of the L2 cache."""

    __slots__ = ("_filled", "_lists", "_mask", "count", "name")

    def __init__(self, name: str, flink: memoryview, blink: memoryview, colours: int) -> None:
        assert colours & colours - 1 == 0
        self.name = name
        self._lists = [PageList(name, flink, blink) for _ in range(colours)]
        self._mask = colours - 1
        self._filled = 0
        """Bit c: the list of colour c is not empty."""
        self.count = 0

    @property
    def colours(self) -> int:
        """How many lists there are."""
        return len(self._lists)

    def append(self, frame: int) -> None:
        """Adds a frame at the tail of its colour's list."""
        colour = frame & self._mask
        self._lists[colour].append(frame)
        self._filled |= 1 << colour
        self.count += 1

    def append_run(self, first: int, end: int) -> None:
        """Adds adjacent frames: each colour's at the tail of its list, in order."""
        self._lists[0].link_run(first, end, step=self.colours)
        for start in range(first, min(end, first + self.colours)):
            count = (end - 1 - start) // self.colours + 1
            self._lists[start & self._mask].extend(start, start + (count - 1) * self.colours, count)
            self._filled |= 1 << (start & self._mask)
        self.count += end - first

    def remove(self, frame: int) -> None:
        """Takes a frame out of its colour's list."""
        colour = frame & self._mask
        self._lists[colour].remove(frame)
        self._taken(colour)

    def pop(self, colour: int) -> int:
        """The oldest frame of a colour, else one of the next colours; NO_FRAME if all lists are empty."""
        if not self._filled:
            return NO_FRAME
        colour &= self._mask
        above = self._filled >> colour
        if above:
            colour += (above & -above).bit_length() - 1
        else:
            colour = (self._filled & -self._filled).bit_length() - 1
        frame = self._lists[colour].pop()
        self._taken(colour)
        return frame

    def _taken(self, colour: int) -> None:
        self.count -= 1
        if not self._lists[colour].count:
            self._filled &= ~(1 << colour)

    def by_colour(self) -> list[PageList]:
        """The lists, by colour."""
        return list(self._lists)

    def __iter__(self) -> Iterator[int]:
        for pages in self._lists:
            yield from pages
