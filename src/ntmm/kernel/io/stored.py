"""What a file store keeps, whatever it keeps it in: the status of a name, and the bytes of an open file."""

import os
from typing import Protocol


class FileStatus(Protocol):
    """What is asked of a name's status; an `os.stat_result` has it all."""

    @property
    def st_mode(self) -> int:
        """Kind and permissions, as the host's file systems have them."""

    @property
    def st_size(self) -> int:
        """Length in bytes."""

    @property
    def st_mtime_ns(self) -> int:
        """Time of the last write, nanoseconds since 1970."""

    @property
    def st_atime_ns(self) -> int:
        """Time of the last access, nanoseconds since 1970."""

    @property
    def st_nlink(self) -> int:
        """Names of the file."""

    @property
    def st_dev(self) -> int:
        """With `st_ino`, which file it is."""

    @property
    def st_ino(self) -> int:
        """With `st_dev`, which file it is."""


class StoredFile(Protocol):
    """An open file; offsets and sizes in bytes. Every method may raise OSError."""

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`."""

    def write(self, offset: int, data: bytes) -> int:
        """Writes all of `data` and answers its length."""

    def allocate(self, offset: int, size: int) -> None:
        """Extends to `offset + size` with zeros that have room from now on."""

    def truncate(self, size: int) -> None:
        """Cuts, or extends with zeros."""

    def status(self) -> FileStatus:
        """The status now."""

    def set_times(self, nanoseconds: int) -> None:
        """Sets the times of access and of writing, nanoseconds since 1970."""

    def close(self) -> None:
        """The file is used no more through this object."""


class HostFile:
    """An open file of the host."""

    def __init__(self, descriptor: int) -> None:
        """Takes the descriptor over."""
        self._descriptor = descriptor

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`."""
        return os.pread(self._descriptor, size, offset)

    def write(self, offset: int, data: bytes) -> int:
        """Writes all of `data` and answers its length."""
        return write_fully(self._descriptor, data, offset)

    def allocate(self, offset: int, size: int) -> None:
        """Extends to `offset + size` with zeros that have room from now on."""
        os.posix_fallocate(self._descriptor, offset, size)

    def truncate(self, size: int) -> None:
        """Cuts, or extends with zeros."""
        os.ftruncate(self._descriptor, size)

    def status(self) -> os.stat_result:
        """The status now."""
        return os.fstat(self._descriptor)

    def set_times(self, nanoseconds: int) -> None:
        """Sets the times of access and of writing, nanoseconds since 1970."""
        os.utime(self._descriptor, ns=(nanoseconds, nanoseconds))

    def close(self) -> None:
        """Gives the host's descriptor back."""
        os.close(self._descriptor)


def write_fully(descriptor: int, data: bytes, offset: int) -> int:
    """Writes all of `data` at `offset` of a host file."""
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, offset)
        offset += count
        view = view[count:]
    return len(data)
