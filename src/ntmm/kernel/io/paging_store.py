"""A paging file on the host: positioned reads and writes of a file that is sparse until it is used."""

import os
from pathlib import Path


class HostPagingStore:
    """Creates the file, replacing one that exists; every method raises OSError. Offsets and sizes in bytes."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(path, flags, 0o600)
        self.path = path

    def read(self, offset: int, size: int) -> bytes:
        """`size` bytes, fewer only past the end."""
        return os.pread(self._descriptor, size, offset)

    def write(self, offset: int, data: bytes) -> None:
        """Writes all of `data`."""
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, offset)
            view, offset = view[written:], offset + written

    def resize(self, size: int) -> None:
        """Makes the file longer with a hole, or shorter."""
        os.ftruncate(self._descriptor, size)

    def close(self) -> None:
        """Closes the file; it stays on the disk."""
        os.close(self._descriptor)
