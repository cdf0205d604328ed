"""One paging file (MMPAGING_FILE): a file of the host, seen as slots of one page each."""

from typing import Final, Protocol

from ntmm.kernel.io.failure import FileRefused
from ntmm.kernel.mm.commit import SlotBitmap, SlotRun
from ntmm.nt.status import Status


class PagingStore(Protocol):
    """Where the bytes lie; every method raises OSError where the disk refuses. Offsets and sizes in bytes."""

    def read(self, offset: int, size: int) -> bytes: ...

    def write(self, offset: int, data: bytes) -> None: ...

    def resize(self, size: int) -> None: ...

    def close(self) -> None: ...


_CLEARED_AT_ONCE: Final = 1 << 20


class PagingFile:
    """`minimum`, `maximum` and `size` in pages; `slots` says which pages of the file are in use."""

    def __init__(self, number: int, name: str, minimum: int, maximum: int, store: PagingStore, page_size: int) -> None:
        """Raises OSError if the store cannot be made large enough."""
        self.number = number
        self.name = name
        self.minimum = minimum
        self.maximum = maximum
        self.size = minimum
        self.slots = SlotBitmap(minimum)
        self.broken_slots = 0
        """Slots that could not be written: they are never used again."""
        self._suspects: list[SlotRun] = []
        self._store = store
        self._page_size = page_size
        store.resize(minimum * page_size)

    def clear(self) -> None:
        """Overwrites what was ever written with zeros (ClearPageFileAtShutdown); raises OSError."""
        zeros = bytes(_CLEARED_AT_ONCE)
        end = min(self.slots.end_of_used, self.size) * self._page_size
        for start in range(0, end, _CLEARED_AT_ONCE):
            self._store.write(start, zeros[: end - start])

    def read(self, slot: int, count: int) -> bytes:
        """The contents of `count` slots; raises OSError, with END_OF_FILE where the file ends before."""
        data = self.read_what_comes(slot, count)
        if len(data) != count * self._page_size:
            raise FileRefused(Status.END_OF_FILE)
        return data

    def read_what_comes(self, slot: int, count: int) -> bytes:
        """As `read`, but a disk that says that all is well and gives too little is believed."""
        return self._store.read(slot * self._page_size, count * self._page_size)

    def write(self, slot: int, data: bytes) -> None:
        """Fills adjacent slots; raises OSError."""
        self._store.write(slot * self._page_size, data)
        self._suspects.clear()

    @property
    def is_suspect(self) -> bool:
        """True if the last write to the file failed: others are tried before it."""
        return bool(self._suspects)

    def condemn(self, first: int, count: int) -> None:
        """A write to these slots has failed: they are broken, unless no slot of any file can be written."""
        self.broken_slots += count
        self._suspects.append(SlotRun(first, count))

    def acquit(self) -> int:
        """It is the disk, not the slots: those of writes that failed since the last good one may be tried again.

        Answers how many they are.
        """
        given_back = 0
        for run in self._suspects:
            for slot in range(run.first, run.first + run.count):
                self.slots.release(slot)
            given_back += run.count
        self.broken_slots -= given_back
        self._suspects.clear()
        return given_back

    def grow(self, pages: int) -> int:
        """Makes the file larger by up to `pages`, within its maximum; answers by how many (0 if the disk is full)."""
        added = min(pages, self.maximum - self.size)
        if added <= 0:
            return 0
        try:
            self._store.resize((self.size + added) * self._page_size)
        except OSError:
            return 0
        self.size += added
        self.slots.resize(self.size)
        return added

    def shrink(self, pages: int) -> int:
        """Gives up to `pages` of free space at the end back, down to the minimum; answers how many."""
        target = max(self.minimum, self.slots.lowest_size(), self.size - pages)
        removed = self.size - target
        if removed <= 0:
            return 0
        try:
            self._store.resize(target * self._page_size)
        except OSError:
            return 0
        self.size = target
        self.slots.resize(target)
        return removed

    def close(self) -> None:
        """Lets go of the host's file."""
        self._store.close()
