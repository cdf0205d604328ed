"""Listing a folder by a pattern (NtQueryDirectoryFile, FindFirstFile)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ntmm.kernel.io.information import FileInformation
from ntmm.kernel.io.names import matches
from ntmm.kernel.ob.objects import KernelObject


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A name in a folder with what is known about it."""

    name: str
    information: FileInformation


def with_dots(entries: Iterable[DirectoryEntry], folder: FileInformation, is_root: bool) -> list[DirectoryEntry]:
    """Adds "." and "..", which every folder but the topmost lists first."""
    dots = [] if is_root else [DirectoryEntry(name, folder) for name in (".", "..")]
    return [*dots, *entries]


def matching(entries: Iterable[DirectoryEntry], pattern: str) -> list[DirectoryEntry]:
    """The entries whose name matches a Win32 pattern."""
    return [entry for entry in entries if matches(pattern, entry.name)]


class DirectoryScan:
    """A snapshot of the matching entries of a folder and how far it was read."""

    def __init__(self, entries: list[DirectoryEntry]) -> None:
        self._entries = entries
        self._next = 0

    @property
    def is_fresh(self) -> bool:
        """Nothing was taken yet."""
        return not self._next

    def peek(self) -> DirectoryEntry | None:
        """The next entry, or None after the last."""
        return self._entries[self._next] if self._next < len(self._entries) else None

    def take(self) -> DirectoryEntry | None:
        """The next entry, which is then behind."""
        entry = self.peek()
        self._next += entry is not None
        return entry


class Search(KernelObject):
    """An open FindFirstFile search."""

    type_name = "Search"

    def __init__(self, entries: list[DirectoryEntry], finished: Callable[[], None]) -> None:
        """`finished` is called when the search is closed; it closes the folder."""
        super().__init__()
        self._finished = finished
        self.take = DirectoryScan(entries).take
        """The next entry, or None after the last."""

    def close(self) -> None:
        self._finished()
