"""The control block of an open file (FCB): the host's descriptor and what all opens of the file share."""

import os
from typing import Protocol

from ntmm.kernel.io.constants import (
    FILE_ATTRIBUTE_ARCHIVE,
    FILE_ATTRIBUTE_DIRECTORY,
    FILE_ATTRIBUTE_NORMAL,
    FILE_ATTRIBUTE_READONLY,
    SETTABLE_ATTRIBUTES,
)
from ntmm.kernel.io.failure import IoFailure, host_failure
from ntmm.kernel.io.information import FileInformation, Marks, TimeChange
from ntmm.kernel.io.locks import ByteRangeLocks
from ntmm.kernel.io.quota import DiskQuota
from ntmm.kernel.io.store import FileStore, Place, write_fully
from ntmm.kernel.io.times import filetime_of_ns, ns_of_filetime
from ntmm.nt.status import Status

_LARGEST_FILE = (1 << 63) - 1


class Owner(Protocol):
    """The volume as its control blocks see it."""

    quota: DiskQuota

    def now(self) -> int | None:
        """The time to stamp changes with as a FILETIME, or None to leave that to the host."""

    def file_index(self, status: os.stat_result) -> int:
        """A number for the file that is the same in every run."""

    def marks(self, key: tuple[str, ...]) -> Marks:
        """What Windows keeps for the file and the host does not."""

    def forget(self, block: "FileControlBlock") -> None:
        """The last open is gone."""


class FileData(Protocol):
    """The pages of a file that are in RAM, as its control block sees them."""

    def may_truncate(self) -> bool:
        """False while a program has the file mapped (MmCanFileBeTruncated)."""

    def size_changed(self, size: int) -> None:
        """The file has another size, in bytes; pages past a smaller one are dropped."""

    def may_delete(self) -> bool:
        """False while a program has the file mapped (MmFlushImageSection for delete)."""

    def read_over(self, offset: int, data: bytes) -> bytes:
        """What was read from the disk, with newer bytes that are only in RAM."""

    def write_over(self, offset: int, data: bytes) -> None:
        """Bytes went to the disk: pages in RAM get them as well."""

    def give_up(self) -> bool:
        """Writes what is dirty and lets go of the file; False if the disk refuses."""

    def discard(self) -> None:
        """The file is being deleted: nothing of it is written any more, and it is let go of."""


class Open(Protocol):
    """A file object as its control block sees it."""

    access: int
    share: int
    delete_on_close: bool


class FileControlBlock:
    """One open file or folder; lives from the first open to the last close."""

    def __init__(self, owner: Owner, store: FileStore, place: Place, descriptor: int | None = None) -> None:
        """`descriptor` is given for a file just created; it is open for writing."""
        assert place.entry is not None
        self._owner = owner
        self.store = store
        self.place = place
        self.is_directory = place.is_directory
        self.opens: list[Open] = []
        self.delete_pending = False
        self.locks = ByteRangeLocks()
        self.data: FileData | None = None
        """The memory manager's control area of the file's data, which keeps the file open on the host."""
        self._descriptor = descriptor
        self._is_writable = descriptor is not None
        self._write_time: int | None = None if descriptor is None else owner.now()

    @property
    def name(self) -> str:
        """The path below the drive, with backslashes."""
        return "\\" + "\\".join(self.place.path)

    def current(self) -> Place:
        """Where the file is now: an overlay may have got a copy since it was opened. Fails if the host removed it."""
        place = self.store.locate(self.place.path)
        if place.entry is None:
            raise IoFailure(Status.OBJECT_NAME_NOT_FOUND)
        return place

    def ensure_descriptor(self, writable: bool) -> int:
        """The host's descriptor, opened on first use and again when writing is asked for (copies up in an overlay)."""
        if self._descriptor is not None and (self._is_writable or not writable):
            return self._descriptor
        descriptor = self.store.open_file(self.current(), writable)
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor, self._is_writable = descriptor, writable
        return descriptor

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`, as programs see them."""
        data = self.read_file(offset, size)
        return data if self.data is None else self.data.read_over(offset, data)

    def write(self, offset: int, data: bytes) -> int:
        """Writes all of `data`; fails with DISK_FULL before anything is written."""
        size = self.size
        written = self.write_file(offset, data)
        if self.data is not None:
            if offset + len(data) > size:
                self.data.size_changed(offset + len(data))
            self.data.write_over(offset, data)
        return written

    def read_file(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`, as they lie on the disk."""
        descriptor = self.ensure_descriptor(writable=False)
        try:
            return os.pread(descriptor, size, offset)
        except OSError as error:
            raise host_failure(error) from error

    def write_file(self, offset: int, data: bytes) -> int:
        """Writes all of `data` to the disk; fails with DISK_FULL before anything is written."""
        descriptor = self.ensure_descriptor(writable=True)
        if offset + len(data) > _LARGEST_FILE:
            raise IoFailure(Status.DISK_FULL)
        size = self.size
        growth = max(0, offset + len(data) - size)
        self._owner.quota.take(growth)
        self._write_time = self._owner.now()
        try:
            return write_fully(descriptor, data, offset)
        except OSError as error:
            self._owner.quota.take(self.size - size - growth)  # what it did not grow by
            raise host_failure(error) from error

    def flush(self) -> None:
        """Nothing to do: every write has reached the host's cache, which is this machine's disk."""

    @property
    def size(self) -> int:
        """Length in bytes; 0 for a folder."""
        return 0 if self.is_directory else self._status().st_size

    def set_size(self, size: int) -> None:
        """Cuts or extends with zeros."""
        descriptor = self.ensure_descriptor(writable=True)
        if not 0 <= size <= _LARGEST_FILE:
            raise IoFailure(Status.INVALID_PARAMETER)
        if size < self.size and self.data is not None and not self.data.may_truncate():
            raise IoFailure(Status.USER_MAPPED_FILE)
        growth = size - self.size
        self._owner.quota.take(growth)
        self._write_time = self._owner.now()
        try:
            os.ftruncate(descriptor, size)
        except OSError as error:
            self._owner.quota.take(-max(0, growth))
            raise host_failure(error) from error
        if self.data is not None:
            self.data.size_changed(size)

    def _status(self) -> os.stat_result:
        if self._descriptor is not None:
            return os.fstat(self._descriptor)
        entry = self.current().entry
        assert entry is not None
        return entry.status

    def information(self) -> FileInformation:
        """Times, attributes, sizes and identity now."""
        status = self._status()
        marks = self._owner.marks(self.place.key)
        written = filetime_of_ns(status.st_mtime_ns) if self._write_time is None else self._write_time
        size = 0 if self.is_directory else status.st_size
        return FileInformation(
            attributes=attributes_of(status, self.is_directory, marks),
            creation_time=written if marks.creation_time is None else marks.creation_time,
            access_time=written if marks.access_time is None else marks.access_time,
            write_time=written,
            size=size,
            allocation_size=(size + 4095) & ~4095,
            index=self._owner.file_index(status),
            links=0 if self.delete_pending else max(1, 1 if self.is_directory else status.st_nlink),
            is_directory=self.is_directory,
            delete_pending=self.delete_pending,
        )

    def set_times(self, change: TimeChange) -> None:
        """Sets the given times; the write time reaches the host."""
        marks = self._owner.marks(self.place.key)
        if change.creation is not None:
            marks.creation_time = change.creation
        if change.access is not None:
            marks.access_time = change.access
        if change.write is not None:
            self._write_time = None
            self._stamp(change.write)

    def _stamp(self, write_time: int) -> None:
        nanoseconds = ns_of_filetime(write_time)
        try:
            if self._is_writable and self._descriptor is not None:
                os.utime(self._descriptor, ns=(nanoseconds, nanoseconds))
            else:
                self.store.set_times(self.current(), nanoseconds, nanoseconds)
        except (OSError, OverflowError) as error:
            raise IoFailure(Status.INVALID_PARAMETER) from error

    def set_attributes(self, attributes: int) -> None:
        """Sets the attributes that can be set; read-only is the host's missing write permission."""
        self._owner.marks(self.place.key).attributes = attributes & SETTABLE_ATTRIBUTES & ~FILE_ATTRIBUTE_READONLY
        read_only = bool(attributes & FILE_ATTRIBUTE_READONLY)
        if not self.is_directory and read_only != (not self._status().st_mode & 0o200):
            self.store.set_writable(self.current(), not read_only)

    def set_delete_pending(self, pending: bool) -> None:
        """The file goes at its last close; fails with CANNOT_DELETE (read-only) or DIRECTORY_NOT_EMPTY."""
        if pending and self.information().attributes & FILE_ATTRIBUTE_READONLY:
            raise IoFailure(Status.CANNOT_DELETE)
        if pending and self.is_directory and self.store.children(self.current()):
            raise IoFailure(Status.DIRECTORY_NOT_EMPTY)
        if pending and (not self.place.path or (self.data is not None and not self.data.may_delete())):
            raise IoFailure(Status.CANNOT_DELETE)
        self.delete_pending = pending

    def close_open(self, opened: Open) -> None:
        """One open less; the last one stamps, closes and, if asked for, deletes the file."""
        if opened not in self.opens:
            return  # the volume was closed before
        self.opens.remove(opened)
        self.locks.release_all(opened)
        if opened.delete_on_close:
            self.delete_pending = True
        if self.opens:
            return
        freed = self._finish()
        if self.data is None:
            self._close(freed)
        elif self.delete_pending and self.data.may_delete():
            self.data.discard()  # which lets go of the file
        # else its pages stay in RAM, and the file stays open for them

    def let_go(self) -> None:
        """The memory manager has no more use for the file; if nobody has it open it is closed."""
        self.data = None
        if not self.opens:
            self._close(self._finish())

    def _close(self, freed: int) -> None:
        """The end of the block."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if self.delete_pending:
            self._delete(freed)
        self._owner.forget(self)

    def _finish(self) -> int:
        """Stamps the file, or answers how many bytes its deletion frees."""
        try:
            if self.delete_pending:
                return self.size
            if self._write_time is not None:
                self._stamp(self._write_time)
        except IoFailure:
            pass  # another program of the host removed the file
        return 0

    def _delete(self, freed: int) -> None:
        try:
            current = self.store.locate(self.place.path, follow_last=False)
            if current.entry is not None:
                self.store.remove(current)
                self._owner.quota.take(-freed)
        except IoFailure:
            return  # the host or another program of the host was quicker: nothing is left to tell anyone


def attributes_of(status: os.stat_result, is_directory: bool, marks: Marks) -> int:
    """FILE_ATTRIBUTE_* of a file: archive unless set otherwise, read-only from the host, NORMAL if there is none."""
    default = 0 if is_directory else FILE_ATTRIBUTE_ARCHIVE
    attributes = default if marks.attributes is None else marks.attributes
    if is_directory:
        return attributes | FILE_ATTRIBUTE_DIRECTORY
    if not status.st_mode & 0o200:
        attributes |= FILE_ATTRIBUTE_READONLY
    return attributes or FILE_ATTRIBUTE_NORMAL
