"""One paging file (MMPAGING_FILE): a file of the host, seen as slots of one page each."""

from typing import Final, Protocol

from ntmm.kernel.mm.commit import SlotBitmap


class PagingStore(Protocol):
    """Where the bytes lie; every method raises OSError where the disk refuses. Offsets and sizes in bytes."""

    def read(self, offset: int, size: int) -> bytes: ...

    def write(self, offset: int, data: bytes) -> None: ...

    def resize(self, size: int) -> None: ...

    def close(self) -> None: ...


class ShortRead(OSError):
    """The disk said that all is well and gave too little; `data` is what came."""

    def __init__(self, sentence: str, data: bytes) -> None:
        super().__init__(sentence)
        self.data = data


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
        """The contents of `count` slots; raises OSError."""
        data = self._store.read(slot * self._page_size, count * self._page_size)
        if len(data) != count * self._page_size:
            raise ShortRead(f"{self.name} ends before slot {slot + count:#x}", data)
        return data

    def write(self, slot: int, data: bytes) -> None:
        """Fills adjacent slots; raises OSError."""
        self._store.write(slot * self._page_size, data)

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
