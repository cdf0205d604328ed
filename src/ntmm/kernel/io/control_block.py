"""The control block of an open file (FCB): the host's descriptor and what all opens of the file share."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from ntmm.kernel.io.caching import FileCache, FileData
from ntmm.kernel.io.constants import (
    FILE_ATTRIBUTE_READONLY,
    SETTABLE_ATTRIBUTES,
)
from ntmm.kernel.io.failure import IoFailure, host_failure
from ntmm.kernel.io.information import FileInformation, Marks, TimeChange, attributes_of
from ntmm.kernel.io.locks import ByteRangeLocks
from ntmm.kernel.io.security import FILE_SECURITY, FOLDER_SECURITY
from ntmm.kernel.io.store import FileStore, Place
from ntmm.kernel.io.stored import FileStatus, StoredFile
from ntmm.kernel.io.times import filetime_of_ns, ns_of_filetime
from ntmm.kernel.se import SecurityDescriptor
from ntmm.nt.status import Status

_LARGEST_FILE = (1 << 63) - 1


class Owner(Protocol):
    """The volume as its control blocks see it."""

    cache: FileCache | None

    def now(self) -> int | None:
        """The time to stamp changes with as a FILETIME, or None to leave that to the host."""

    def file_index(self, status: FileStatus) -> int:
        """A number for the file that is the same in every run."""

    def marks(self, store: FileStore, place: Place) -> Marks:
        """What Windows keeps for the file and the host does not."""

    def forget(self, block: "FileControlBlock") -> None:
        """The last open is gone."""

    def flush_image(self, block: "FileControlBlock") -> bool:
        """What was mapped of a file as an image goes, for the file will change; False while it is mapped."""


class Open(Protocol):
    """A file object as its control block sees it."""

    access: int
    share: int
    delete_on_close: bool


class FileControlBlock:
    """One open file or folder; lives from the first open to the last close."""

    def __init__(self, owner: Owner, store: FileStore, place: Place, stored: StoredFile | None = None) -> None:
        """`stored` is given for a file just created; it is open for writing."""
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
        self._stored = stored
        self._is_writable = stored is not None
        self._write_time: int | None = None if stored is None else owner.now()

    @property
    def cache(self) -> FileCache | None:
        """The cache manager of a machine; None for a volume on its own."""
        return None if self.is_directory else self._owner.cache

    @property
    def name(self) -> str:
        """The path below the drive, with backslashes."""
        return "\\" + "\\".join(self.place.path)

    @property
    def full_name(self) -> str:
        """The path with the drive."""
        return self.store.drive.letter + self.name

    @property
    def security(self) -> SecurityDescriptor:
        """The file's descriptor: its own, or what every file has."""
        usual = FOLDER_SECURITY if self.is_directory else FILE_SECURITY
        return self._owner.marks(self.store, self.place).security or usual

    def set_security(self, descriptor: SecurityDescriptor) -> None:
        """Gives the file a descriptor of its own, until the machine is closed."""
        self._owner.marks(self.store, self.place).security = descriptor

    def current(self) -> Place:
        """Where the file is now: an overlay may have got a copy since it was opened. Fails if the host removed it."""
        place = self.store.locate(self.place.path)
        if place.entry is None:
            raise IoFailure(Status.OBJECT_NAME_NOT_FOUND)
        return place

    def ensure_open(self, writable: bool) -> StoredFile:
        """The stored file, opened on first use and again when writing is asked for (copies up in an overlay)."""
        if self._stored is not None and (self._is_writable or not writable):
            return self._stored
        stored = self.store.open_file(self.current(), writable)
        if self._stored is not None:
            self._stored.close()
        self._stored, self._is_writable = stored, writable
        return stored

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset` past the cache, with what is newer in RAM; never waits."""
        data = self.read_file(offset, size)
        return data if self.data is None else self.data.read_over(offset, data)

    def write(self, offset: int, data: bytes) -> int:
        """Writes all of `data` past the cache; fails with DISK_FULL before anything is written."""
        size = self.size
        end = offset + len(data)
        if end > _LARGEST_FILE:
            raise IoFailure(Status.DISK_FULL)
        growth = max(0, end - size)
        self.store.room.take(growth)
        self.changed()
        try:
            written = self._put(offset, data)
        except IoFailure:
            self.store.room.take(self.size - size - growth)  # what it did not grow by
            raise
        if self.data is not None:
            if end > size:
                self.data.size_changed(end)
            self.data.write_over(offset, data)
        return written

    def read_file(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`, as they lie on the disk."""
        stored = self.ensure_open(writable=False)
        try:
            return stored.read(offset, size)
        except OSError as error:
            raise host_failure(error) from error

    def write_pages(self, offset: int, data: bytes) -> None:
        """Writes pages that were dirty in RAM. Who changed them has stamped the file, but for views, which do not."""
        if self._write_time is None:
            self.changed()
        self._put(offset, data)

    def _put(self, offset: int, data: bytes) -> int:
        stored = self.ensure_open(writable=True)
        try:
            return stored.write(offset, data)
        except OSError as error:
            raise host_failure(error) from error

    def changed(self) -> None:
        """The program writes to the file now."""
        self._write_time = self._owner.now()

    def flush(self) -> None:
        """What was written reaches the host's cache, which is this machine's disk."""
        if self.cache is not None:
            self.cache.flush(self)

    @property
    def size(self) -> int:
        """Length in bytes; 0 for a folder."""
        return 0 if self.is_directory else self._status().st_size

    def extend(self, size: int) -> None:
        """Makes the file longer for bytes that are written later: the disk has room for them from now on.

        Fails with DISK_FULL. Whoever calls it holds the file exclusively.
        """
        stored, old = self.ensure_open(writable=True), self.size
        if size > _LARGEST_FILE:
            raise IoFailure(Status.DISK_FULL)
        self.store.room.take(size - old)
        self.changed()
        try:
            stored.allocate(old, size - old)
        except OSError as error:
            self.store.room.take(old - size)
            raise host_failure(error) from error
        if self.data is not None:
            self.data.size_changed(size)

    def set_size(self, size: int) -> None:
        """Cuts or extends with zeros; waits for other threads' writes to the file."""
        self.ensure_open(writable=True)
        if not 0 <= size <= _LARGEST_FILE:
            raise IoFailure(Status.INVALID_PARAMETER)
        with self._exclusive():
            self._set_size(size)

    def cut(self, size: int) -> None:
        """Takes back what `extend` has added: the bytes could not be written after all."""
        self._set_size(size)

    def _exclusive(self) -> AbstractContextManager[None]:
        return nullcontext() if self.cache is None else self.cache.exclusive(self)

    def _set_size(self, size: int) -> None:
        if size < self.size and self.data is not None and not self.data.may_truncate():
            raise IoFailure(Status.USER_MAPPED_FILE)
        growth = size - self.size
        self.store.room.take(growth)
        self.changed()
        try:
            self.ensure_open(writable=True).truncate(size)
        except OSError as error:
            self.store.room.take(-max(0, growth))
            raise host_failure(error) from error
        if self.data is not None:
            self.data.size_changed(size)

    def _status(self) -> FileStatus:
        if self._stored is not None:
            return self._stored.status()
        entry = self.current().entry
        assert entry is not None
        return entry.status

    def information(self) -> FileInformation:
        """Times, attributes, sizes and identity now."""
        status = self._status()
        marks = self._owner.marks(self.store, self.place)
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
        marks = self._owner.marks(self.store, self.place)
        if change.creation is not None:
            marks.creation_time = change.creation
        if change.access is not None:
            marks.access_time = change.access
        if change.write is not None:
            self._write_time = change.write  # kept: pages that are written later must not change it
            self._stamp(change.write)

    def _stamp(self, write_time: int) -> None:
        nanoseconds = ns_of_filetime(write_time)
        try:
            if self._is_writable and self._stored is not None:
                self._stored.set_times(nanoseconds)
            else:
                self.store.set_times(self.current(), nanoseconds, nanoseconds)
        except (OSError, OverflowError) as error:
            raise IoFailure(Status.INVALID_PARAMETER) from error

    def set_attributes(self, attributes: int) -> None:
        """Sets the attributes that can be set; read-only is the host's missing write permission."""
        self._owner.marks(self.store, self.place).attributes = (
            attributes & SETTABLE_ATTRIBUTES & ~FILE_ATTRIBUTE_READONLY
        )
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
        if pending and not self._owner.flush_image(self):
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
        self.close_if_unused()

    def close_if_unused(self) -> None:
        """What the last open leaves to be done; again when the last user of the file's pages has gone after it."""
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
        if self._stored is not None:
            self._stored.close()
            self._stored = None
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
                self.store.room.take(-freed)
        except IoFailure:
            return  # the host or another program of the host was quicker: nothing is left to tell anyone
