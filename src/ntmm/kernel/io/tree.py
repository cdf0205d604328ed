"""One folder of the host, walked name by name.

Every step opens one name relative to an open folder and refuses symbolic links (`O_NOFOLLOW`), so that no path and no
race with another program of the host leads out of the folder. Symbolic links are resolved by the caller, in names.
All components given here are names as the host spells them; `find` translates from a program's spelling.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from ntmm.kernel.io.failure import IoFailure, host_failure
from ntmm.kernel.io.names import fold
from ntmm.kernel.io.stored import FileStatus, HostFile, StoredFile
from ntmm.nt.status import Status

Components = tuple[str, ...]

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a folder and its status (of a symbolic link itself, never of its target)."""

    name: str
    status: FileStatus

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.status.st_mode)


@dataclass(slots=True)
class _Listing:
    """The names of one folder by their folded form, as of the folder's modification time."""

    stamp: tuple[int, int]
    names: dict[str, list[str]] = field(default_factory=dict)


class Tree(Protocol):
    """Folders and files under one root; what does not work fails with IoFailure."""

    def close(self) -> None:
        """Gives back what it holds."""

    def root_entry(self) -> Entry:
        """The root itself, under an empty name."""

    def find(self, parent: Components, name: str) -> Entry | None:
        """The entry that a program's `name` means."""

    def entries(self, parent: Components) -> list[Entry]:
        """All entries of a folder, sorted by folded name."""

    def link_target(self, components: Components) -> Components:
        """The names a symbolic link leads through."""

    def open_file(self, components: Components, writable: bool) -> StoredFile:
        """A regular file, open; anything else fails with ACCESS_DENIED."""

    def create_file(self, components: Components) -> StoredFile:
        """A new empty file, open for reading and writing."""

    def make_directory(self, components: Components) -> None:
        """Creates a folder."""

    def remove(self, components: Components, is_directory: bool) -> None:
        """Removes a file, a symbolic link or an empty folder."""

    def rename(self, source: Components, target: Components) -> None:
        """Renames within the tree."""

    def set_times(self, components: Components, access_ns: int, write_ns: int) -> None:
        """Sets access and write time in nanoseconds since 1970."""

    def set_writable(self, components: Components, writable: bool) -> None:
        """Sets or clears the write permission of the owner: the read-only attribute."""


class HostTree:
    """A folder of the host; nothing outside it can be reached through this object."""

    def __init__(self, root: Path) -> None:
        """Raises OSError if `root` is not a folder."""
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self.real_root = os.path.realpath(root)
        self._listings: dict[Components, _Listing] = {}

    def close(self) -> None:
        """Gives the host's descriptor back."""
        os.close(self._root)

    @contextmanager
    def directory(self, components: Components) -> Iterator[int]:
        """The descriptor of a folder below the root, closed at the end."""
        descriptor = -1
        try:
            descriptor = os.dup(self._root)
            for name in components:
                deeper = os.open(name, _DIRECTORY, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = deeper
            yield descriptor
        except OSError as error:
            raise host_failure(error) from error
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def root_entry(self) -> Entry:
        """The root itself, under an empty name."""
        return Entry("", os.fstat(self._root))

    def find(self, parent: Components, name: str) -> Entry | None:
        """The entry that a program's `name` means: the exact name, else the first that differs in case only."""
        with self.directory(parent) as folder:
            entry = _entry(folder, name)
            if entry is not None:
                return entry
            for spelling in self._listing(parent, folder).names.get(fold(name), ()):
                entry = _entry(folder, spelling)
                if entry is not None:
                    return entry
        return None

    def entries(self, parent: Components) -> list[Entry]:
        """All entries of a folder, sorted by folded name and then by spelling."""
        with self.directory(parent) as folder:
            spellings = self._listing(parent, folder).names
            names = [name for key in sorted(spellings) for name in spellings[key]]
            found = [_entry(folder, name) for name in names]
        return [entry for entry in found if entry is not None]

    def _listing(self, parent: Components, folder: int) -> _Listing:
        known = self._listings.get(parent)
        if known is not None and known.stamp == _stamp(folder):
            return known
        listing = _Listing(_stamp(folder))
        for name in sorted(os.listdir(folder)):
            listing.names.setdefault(fold(name), []).append(name)
        self._listings[parent] = listing
        return listing

    def _note(self, parent: Components, folder: int, added: str | None = None, removed: str | None = None) -> None:
        """Keeps a known listing true after a change of our own, so that filling a folder is not quadratic."""
        listing = self._listings.get(parent)
        if listing is None:
            return
        if removed is not None:
            spellings = listing.names.get(fold(removed), [])
            listing.names[fold(removed)] = [name for name in spellings if name != removed]
        if added is not None:
            spellings = [*listing.names.get(fold(added), []), added]
            listing.names[fold(added)] = sorted(set(spellings))
        listing.stamp = _stamp(folder)

    def link_target(self, components: Components) -> Components:
        """The names a symbolic link leads through; the first is "/" if it starts again at the root.

        Absolute targets outside the root fail with ACCESS_DENIED; ".." is left to the caller to resolve.
        """
        with self.directory(components[:-1]) as folder:
            target = os.readlink(components[-1], dir_fd=folder)
        names = tuple(name for name in target.split("/") if name not in ("", "."))
        if not target.startswith("/"):
            return names
        root = tuple(name for name in self.real_root.split("/") if name)
        if names[: len(root)] != root:
            raise IoFailure(Status.ACCESS_DENIED)
        return ("/", *names[len(root) :])

    def open_file(self, components: Components, writable: bool) -> HostFile:
        """A regular file, open; anything else fails with ACCESS_DENIED."""
        with self.directory(components[:-1]) as folder:
            flags = _FILE | (os.O_RDWR if writable else os.O_RDONLY)
            descriptor = os.open(components[-1], flags, dir_fd=folder)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise IoFailure(Status.ACCESS_DENIED)
        return HostFile(descriptor)

    def create_file(self, components: Components) -> HostFile:
        """A new empty file, open for reading and writing."""
        with self.directory(components[:-1]) as folder:
            flags = _FILE | os.O_RDWR | os.O_CREAT | os.O_EXCL
            descriptor = os.open(components[-1], flags, 0o666, dir_fd=folder)
            self._note(components[:-1], folder, added=components[-1])
        return HostFile(descriptor)

    def make_directory(self, components: Components) -> None:
        """Creates a folder."""
        with self.directory(components[:-1]) as folder:
            os.mkdir(components[-1], 0o777, dir_fd=folder)
            self._note(components[:-1], folder, added=components[-1])

    def remove(self, components: Components, is_directory: bool) -> None:
        """Removes a file, a symbolic link or an empty folder."""
        with self.directory(components[:-1]) as folder:
            if is_directory:
                os.rmdir(components[-1], dir_fd=folder)
                self._listings.pop(components, None)
            else:
                os.unlink(components[-1], dir_fd=folder)
            self._note(components[:-1], folder, removed=components[-1])

    def rename(self, source: Components, target: Components) -> None:
        """Renames within the tree; an existing target is the caller's business."""
        with self.directory(source[:-1]) as old, self.directory(target[:-1]) as new:
            os.rename(source[-1], target[-1], src_dir_fd=old, dst_dir_fd=new)
        self._listings.clear()

    def set_times(self, components: Components, access_ns: int, write_ns: int) -> None:
        """Sets access and write time in nanoseconds since 1970."""
        if not components:
            os.utime(self._root, ns=(access_ns, write_ns))
            return
        with self.directory(components[:-1]) as folder:
            os.utime(components[-1], ns=(access_ns, write_ns), dir_fd=folder, follow_symlinks=False)
            self._listings.pop(components, None)

    def set_writable(self, components: Components, writable: bool) -> None:
        """Sets or clears the host's write permission of the owner: the read-only attribute."""
        with self.directory(components[:-1]) as folder:
            descriptor = os.open(components[-1], _FILE | os.O_RDONLY, dir_fd=folder)
            try:
                mode = stat.S_IMODE(os.fstat(descriptor).st_mode)
                os.fchmod(descriptor, mode | 0o200 if writable else mode & ~0o222)
            finally:
                os.close(descriptor)


def _stamp(folder: int) -> tuple[int, int]:
    status = os.fstat(folder)
    return status.st_mtime_ns, status.st_ino


def _entry(folder: int, name: str) -> Entry | None:
    try:
        return Entry(name, os.stat(name, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        return None
