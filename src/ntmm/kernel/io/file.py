"""File objects: what a handle to a file, a folder or the NUL device stands for (FILE_OBJECT).

Opens of one file share a control block (`control_block`). Reads and writes here name their offset; the current
position belongs to the services that use it, and is kept in `position`.
"""

from dataclasses import dataclass
from typing import Any

from ntmm.kernel.io.completion import CompletionPlace
from ntmm.kernel.io.constants import (
    DELETE,
    FILE_APPEND_DATA,
    FILE_EXECUTE,
    FILE_NO_INTERMEDIATE_BUFFERING,
    FILE_READ_DATA,
    FILE_SYNCHRONOUS_IO_ALERT,
    FILE_SYNCHRONOUS_IO_NONALERT,
    FILE_WRITE_DATA,
    FileType,
)
from ntmm.kernel.io.control_block import FileControlBlock
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.information import FileInformation
from ntmm.kernel.io.security import FILE_SECURITY
from ntmm.kernel.ke.dispatcher import DispatcherObject
from ntmm.kernel.ke.thread import KernelThread
from ntmm.kernel.ob.objects import KernelObject
from ntmm.kernel.se import SecurityDescriptor
from ntmm.kernel.se.access import FILE_MAPPING
from ntmm.nt.status import Status

_SYNCHRONOUS = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT


class File(KernelObject, DispatcherObject):
    """What all files have in common. Every request completes at once, so a wait for a file never blocks."""

    type_name = "File"
    mapping = FILE_MAPPING
    may_gain_access = False
    file_type = FileType.UNKNOWN
    is_directory = False
    is_unbuffered = False
    """Opened with FILE_NO_INTERMEDIATE_BUFFERING: only whole sectors are read and written."""
    only_appends = False
    """Granted FILE_APPEND_DATA without FILE_WRITE_DATA: what is written goes behind the last byte."""
    is_synchronous = True
    """Opened without FILE_FLAG_OVERLAPPED: it has a current position, and no completion port."""

    def __init__(self, name: str, access: int) -> None:
        super().__init__()
        self.security = FILE_SECURITY
        self.name = name
        self.access = access
        self.position = 0
        self.completion: CompletionPlace | None = None
        """The completion port that is told of its requests; it has a pointer reference from here."""

    has_end = True
    """A read of nothing means the end of the file."""
    read_status = Status.SUCCESS
    """BUFFER_OVERFLOW after a read that has cut a pipe's message."""

    def close(self) -> None:
        if self.completion is not None:
            self.completion.port.dereference()
            self.completion = None

    def is_signalled(self, thread: KernelThread) -> bool:
        return True

    def satisfy(self, thread: KernelThread) -> bool:
        return False

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`; b"" at the end of the file."""
        raise IoFailure(Status.INVALID_DEVICE_REQUEST)

    def read_now(self, offset: int, size: int) -> bytes:
        """As `read`, but never waits."""
        return self.read(offset, size)

    def write(self, offset: int, data: bytes) -> int:
        """Writes all of `data` at `offset` and answers its length."""
        raise IoFailure(Status.INVALID_DEVICE_REQUEST)

    def flush(self) -> None:
        """Hands what was written to the host."""

    @property
    def size(self) -> int:
        """Length in bytes."""
        raise IoFailure(Status.INVALID_DEVICE_REQUEST)

    def set_size(self, size: int) -> None:
        """Cuts or extends with zeros."""
        raise IoFailure(Status.INVALID_DEVICE_REQUEST)

    def information(self) -> FileInformation:
        """Times, attributes and size."""
        raise IoFailure(Status.INVALID_DEVICE_REQUEST)

    def require(self, rights: int) -> None:
        """Fails with ACCESS_DENIED unless the open was granted one of `rights`."""
        if not self.access & rights:
            raise IoFailure(Status.ACCESS_DENIED)


class NullFile(File):
    """The NUL device: reads find the end, writes vanish."""

    file_type = FileType.CHARACTER

    def read(self, offset: int, size: int) -> bytes:
        return b""

    def write(self, offset: int, data: bytes) -> int:
        return len(data)


@dataclass(frozen=True, slots=True)
class OpenMode:
    """How a file was opened: granted access, shared access, deletion at close, FILE_* options of NtCreateFile."""

    access: int
    share: int
    delete_on_close: bool = False
    options: int = 0


class FileObject(File):
    """One open of a file or folder on a drive."""

    file_type = FileType.DISK

    def __init__(self, block: FileControlBlock, mode: OpenMode) -> None:
        super().__init__(block.name, mode.access)
        self.block = block
        self.share = mode.share
        self.delete_on_close = mode.delete_on_close
        self.is_directory = block.is_directory
        self.options = mode.options
        self.private_cache_map: Any = None
        """What the cache manager knows of this open."""
        self.scan: Any = None
        """How far NtQueryDirectoryFile has read this folder: a DirectoryScan, of the names that `scan_pattern` fits."""
        self.scan_pattern = "*"
        self.only_appends = mode.access & (FILE_WRITE_DATA | FILE_APPEND_DATA) == FILE_APPEND_DATA
        self.is_synchronous = bool(mode.options & _SYNCHRONOUS)
        self.is_unbuffered = bool(mode.options & FILE_NO_INTERMEDIATE_BUFFERING) and not block.is_directory

    def read(self, offset: int, size: int) -> bytes:
        self._require_data(FILE_READ_DATA | FILE_EXECUTE)
        cache = self.block.cache
        return self.block.read(offset, size) if cache is None else cache.read(self, offset, size)

    def write(self, offset: int, data: bytes) -> int:
        self._require_data(FILE_WRITE_DATA | FILE_APPEND_DATA)
        cache = self.block.cache
        if cache is not None:
            return cache.write(self, None if self.only_appends else offset, data)
        return self.block.write(self.block.size if self.only_appends else offset, data)

    @property
    def full_name(self) -> str:
        """The path with the drive."""
        return self.block.full_name

    def _require_data(self, rights: int) -> None:
        if self.is_directory:
            raise IoFailure(Status.INVALID_DEVICE_REQUEST)
        self.require(rights)

    def flush(self) -> None:
        self._require_data(FILE_WRITE_DATA | FILE_APPEND_DATA)
        self.block.flush()

    @property
    def size(self) -> int:
        return self.block.size

    def set_size(self, size: int) -> None:
        self._require_data(FILE_WRITE_DATA)
        self.block.set_size(size)

    def information(self) -> FileInformation:
        return self.block.information()

    def descriptor(self) -> SecurityDescriptor:
        return self.block.security

    def set_descriptor(self, descriptor: SecurityDescriptor) -> None:
        self.block.set_security(descriptor)

    def set_delete_pending(self, pending: bool) -> None:
        """Marks the file for deletion at its last close, or unmarks it (FileDispositionInformation)."""
        self.require(DELETE)
        self.block.set_delete_pending(pending)

    def read_now(self, offset: int, size: int) -> bytes:
        """As `read` for the system itself: past the cache manager, so that it never waits."""
        return self.block.read(offset, size)

    def close(self) -> None:
        super().close()
        if self.block.cache is not None:
            self.block.cache.closed(self)
        self.block.close_open(self)
