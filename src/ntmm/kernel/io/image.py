"""What an image section is read from: a file of a drive, a file of the host, or bytes in memory."""

import os
from pathlib import Path
from typing import Protocol

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import FileObject, OpenMode


class ImageBacking(Protocol):
    """The bytes of a PE file; `read` answers fewer bytes only at the end."""

    @property
    def name(self) -> str:
        """The file's name, the same for all sections over it."""

    @property
    def size(self) -> int:
        """Length in bytes."""

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`."""

    def let_go(self) -> None:
        """The memory manager has no more use for it."""


class BytesImage:
    """A synthesized system DLL."""

    def __init__(self, data: bytes, name: str = "") -> None:
        self._data = data
        self.name = name
        self.size = len(data)

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`."""
        return self._data[offset : offset + size]

    def let_go(self) -> None:
        """Other processes will map it again."""


class HostImage:
    """A program file the tool's user named; may lie outside the drive C:, and is only read."""

    def __init__(self, path: Path, name: str = "") -> None:
        """Raises OSError if the file cannot be read."""
        self._file = open(path, "rb")  # noqa: SIM115 - closed by close(), it lives as long as the section
        self.name = name or str(path)
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`."""
        return os.pread(self._file.fileno(), size, offset)

    def let_go(self) -> None:
        """The machine may run it again: it stays open."""

    def close(self) -> None:
        """Gives the host's descriptor back."""
        self._file.close()


class VolumeImage:
    """A file of a drive, open for as long as its section may need it."""

    def __init__(self, file: FileObject) -> None:
        self._file = file
        self.name = file.full_name
        self.size = file.size
        file.reference()

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`; an OSError where the file fails."""
        try:
            return self._file.read_now(offset, size)
        except IoFailure as failure:
            raise OSError(str(failure)) from failure

    def let_go(self) -> None:
        """Lets go of the file: nothing is mapped from it any more."""
        self._file.dereference()


class MappedImage:
    """A file of a drive that a program made an image section of; its handle may be closed meanwhile.

    It stands among the opens of the file without any access, so that share modes take no notice of it.
    """

    def __init__(self, file: FileObject) -> None:
        self._block = file.block
        self._hold = FileObject(file.block, OpenMode(0, 7))
        self._hold.reference()
        file.block.opens.append(self._hold)
        self.name = file.full_name.lower()
        self.size = file.size

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`; an OSError where the file fails."""
        try:
            return self._block.read(offset, size)
        except IoFailure as failure:
            raise OSError(str(failure)) from failure

    def close(self) -> None:
        """Lets go of the file."""
        self._hold.dereference()
