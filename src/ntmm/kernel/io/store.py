"""A file store: one host folder, or a host folder under an overlay that takes every change (copy on write).

`upper` is the tree that is written. Without an overlay it is the host's folder and there is no `lower`; with one it is
the overlay's folder, and the host's folder below it is only ever read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.io.drives import DRIVE_C, Drive
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.names import fold, is_legal_name
from ntmm.kernel.io.overlay import Whiteouts, folded
from ntmm.kernel.io.quota import DiskQuota, Room
from ntmm.kernel.io.stored import StoredFile
from ntmm.kernel.io.tree import Components, Entry, Tree
from ntmm.nt.status import Status

_MAXIMUM_LINKS: Final = 40
_COPY_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """A name in the store: where each tree has it, and the entry that is seen (None: it does not exist)."""

    path: Components
    upper: Components | None
    lower: Components | None
    entry: Entry | None

    @property
    def is_directory(self) -> bool:
        return self.entry is not None and self.entry.is_directory

    @property
    def key(self) -> Components:
        """Equal for all spellings of one file."""
        return folded(self.path)


class FileStore:
    """Names resolved as Windows does (no case, one tree), changes always in `upper`."""

    def __init__(
        self,
        upper: Tree,
        lower: Tree | None = None,
        whiteouts: Whiteouts | None = None,
        drive: Drive = DRIVE_C,
        room: Room | None = None,
    ) -> None:
        """`drive` is what its names begin with, `room` the room that is left."""
        self.drive = drive
        self.room: Room = room or DiskQuota()
        assert (lower is None) == (whiteouts is None)
        self._upper = upper
        self._lower = lower
        self._whiteouts = whiteouts

    def close(self) -> None:
        """Writes the overlay's record and gives the host's descriptors back."""
        if self._whiteouts is not None:
            self._whiteouts.save()
        self._upper.close()
        if self._lower is not None:
            self._lower.close()

    def root(self) -> Place:
        """The store's topmost folder."""
        tree = self._lower or self._upper
        return Place((), (), None if self._lower is None else (), tree.root_entry())

    def locate(self, components: Components, follow_last: bool = True) -> Place:
        """Resolves a path; the last name may be missing (`entry` None), an earlier one fails.

        Symbolic links are followed inside the store; one that leads out fails with ACCESS_DENIED.
        """
        pending = list(components)
        trail = [self.root()]
        links = 0
        while pending:
            name = pending.pop(0)
            if name == "..":
                if len(trail) == 1:
                    raise IoFailure(Status.ACCESS_DENIED)
                trail.pop()
                continue
            place = self._child(trail[-1], name)
            if place.entry is None:
                if pending:
                    raise IoFailure(Status.OBJECT_PATH_NOT_FOUND)
                return place
            if place.entry.is_link and (pending or follow_last):
                links += 1
                target = self._link_target(place)
                if links > _MAXIMUM_LINKS:
                    raise IoFailure(Status.ACCESS_DENIED)
                if target[:1] == ("/",):
                    target = target[1:]
                    del trail[1:]
                pending[:0] = target
                continue
            if pending and not place.is_directory:
                raise IoFailure(Status.OBJECT_PATH_NOT_FOUND)
            trail.append(place)
        return trail[-1]

    def _link_target(self, place: Place) -> Components:
        if place.upper is not None:
            return self._upper.link_target(place.upper)
        assert self._lower is not None and place.lower is not None
        return self._lower.link_target(place.lower)

    def _child(self, parent: Place, name: str) -> Place:
        above = None if parent.upper is None else self._upper.find(parent.upper, name)
        below = self._lower_child(parent, name)
        entry = above or below
        path = (*parent.path, name if entry is None else entry.name)
        upper = (*parent.upper, above.name) if above and parent.upper is not None else None
        both_seen = below is not None and (above is None or (above.is_directory and below.is_directory))
        lower = (*parent.lower, below.name) if both_seen and below and parent.lower is not None else None
        return Place(path, upper, lower, entry)

    def _lower_child(self, parent: Place, name: str) -> Entry | None:
        if self._lower is None or self._whiteouts is None or parent.lower is None:
            return None
        if (*parent.key, fold(name)) in self._whiteouts:
            return None
        return self._lower.find(parent.lower, name)

    def children(self, parent: Place) -> list[Place]:
        """The entries of a folder that a program may see, sorted by folded name.

        Left out: names Windows cannot have, links that lead nowhere or out, and everything but files and folders.
        """
        if self._lower is None:
            found = [self._shown(parent, entry) for entry in self._upper.entries(parent.path)]
            return [place for place in found if place is not None]
        names: dict[str, list[str]] = {}
        if parent.upper is not None:
            for entry in self._upper.entries(parent.upper):
                names.setdefault(fold(entry.name), []).append(entry.name)
        if parent.lower is not None:
            hidden = set(names)
            for entry in self._lower.entries(parent.lower):
                key = fold(entry.name)
                if key not in hidden and self._whiteouts is not None and (*parent.key, key) not in self._whiteouts:
                    names.setdefault(key, []).append(entry.name)
        found = [self._visible(parent, name) for key in sorted(names) for name in names[key]]
        return [place for place in found if place is not None]

    def _shown(self, parent: Place, entry: Entry) -> Place | None:
        """`_visible` without an overlay, where only symbolic links need a second look."""
        if entry.is_link or not is_legal_name(entry.name):
            return self._visible(parent, entry.name)
        path = (*parent.path, entry.name)
        return Place(path, path, None, entry) if entry.is_directory or entry.is_file else None

    def _visible(self, parent: Place, name: str) -> Place | None:
        """The entry as a listing shows it: under its own name, with the status of what a link leads to."""
        if not is_legal_name(name):
            return None
        try:
            place = self.locate((*parent.path, name))
        except IoFailure:
            return None
        if place.entry is None or not (place.entry.is_directory or place.entry.is_file):
            return None
        return Place((*parent.path, name), place.upper, place.lower, Entry(name, place.entry.status))

    def open_file(self, place: Place, writable: bool) -> StoredFile:
        """An existing file, open; to be written, a lower file is copied up first."""
        if place.upper is None and writable:
            place = self.copy_up(place)
        if place.upper is not None:
            return self._upper.open_file(place.upper, writable)
        assert self._lower is not None and place.lower is not None
        return self._lower.open_file(place.lower, writable=False)

    def create_file(self, place: Place) -> StoredFile:
        """A new file, open, at a place that does not exist."""
        return self._upper.create_file(self._prepare(place))

    def make_directory(self, place: Place) -> None:
        """Creates a folder at a place that does not exist."""
        self._upper.make_directory(self._prepare(place))

    def _prepare(self, place: Place) -> Components:
        """The upper components at which `place` can be created, with its parent folders made in the overlay."""
        if self._lower is None:
            return place.path
        parent: Components = ()
        for depth in range(1, len(place.path)):
            here = self.locate(place.path[:depth], follow_last=False)
            if here.upper is None:
                self._upper.make_directory((*parent, here.path[-1]))
                parent = (*parent, here.path[-1])
            else:
                parent = here.upper
        return (*parent, place.path[-1])

    def copy_up(self, place: Place) -> Place:
        """Makes sure that the overlay holds `place`: a folder is made, a file is copied with its times and mode."""
        if place.upper is not None or place.entry is None:
            return place
        assert self._lower is not None and place.lower is not None
        target = self._prepare(place)
        status = place.entry.status
        if place.entry.is_directory:
            self._upper.make_directory(target)
        else:
            self._copy_content(place.lower, target)
            self._upper.set_writable(target, bool(status.st_mode & 0o200))
        self._upper.set_times(target, status.st_atime_ns, status.st_mtime_ns)
        return Place(place.path, target, place.lower if place.is_directory else None, place.entry)

    def _copy_content(self, source: Components, target: Components) -> None:
        assert self._lower is not None
        reader = self._lower.open_file(source, writable=False)
        try:
            writer = self._upper.create_file(target)
            try:
                _copy(reader, writer)
            finally:
                writer.close()
        finally:
            reader.close()

    def remove(self, place: Place) -> None:
        """Removes a file or an empty folder; what the host's folder has is hidden, never touched."""
        assert place.entry is not None
        if place.is_directory and self.children(place):
            raise IoFailure(Status.DIRECTORY_NOT_EMPTY)
        if place.upper is not None:
            self._upper.remove(place.upper, place.is_directory)
        self._hide(place.path)

    def _hide(self, path: Components) -> None:
        if self._whiteouts is not None and self._seen_below(path):
            self._whiteouts.add(path)

    def _seen_below(self, path: Components) -> bool:
        """True if the host's folder has a name here that is not hidden yet."""
        assert self._whiteouts is not None and self._lower is not None
        if any(folded(path[:depth]) in self._whiteouts for depth in range(1, len(path) + 1)):
            return False
        actual: Components = ()
        for name in path:
            entry = self._lower.find(actual, name)
            if entry is None:
                return False
            actual = (*actual, entry.name)
        return True

    def rename(self, source: Place, target: Place) -> None:
        """Moves a file or folder within the store; `target` must not exist, except as another spelling of `source`."""
        raised = self._copy_up_all(source)
        assert raised.upper is not None
        self._upper.rename(raised.upper, self._prepare(target))
        self._hide(source.path)

    def _copy_up_all(self, place: Place) -> Place:
        raised = self.copy_up(place)
        if raised.is_directory and self._lower is not None:
            for child in self.children(raised):
                self._copy_up_all(self.locate(child.path))
        return raised

    def set_times(self, place: Place, access_ns: int, write_ns: int) -> None:
        """Sets times in nanoseconds since 1970."""
        raised = self.copy_up(place)
        assert raised.upper is not None
        self._upper.set_times(raised.upper, access_ns, write_ns)

    def set_writable(self, place: Place, writable: bool) -> None:
        """Sets or clears the host's write permission."""
        raised = self.copy_up(place)
        assert raised.upper is not None
        self._upper.set_writable(raised.upper, writable)

    def changes(self) -> Iterator[tuple[str, Components]]:
        """What the overlay changed: ("created" | "modified" | "deleted", path), sorted by path."""
        if self._lower is None or self._whiteouts is None:
            return
        rows = [("deleted", path) for path in self._whiteouts.paths() if self._is_gone(path)]
        rows += self._upper_changes(())
        yield from sorted(rows, key=lambda row: folded(row[1]))

    def _is_gone(self, path: Components) -> bool:
        try:
            return self.locate(path, follow_last=False).entry is None
        except IoFailure:
            return True

    def _upper_changes(self, folder: Components) -> list[tuple[str, Components]]:
        rows: list[tuple[str, Components]] = []
        for entry in self._upper.entries(folder):
            path = (*folder, entry.name)
            existed = self._existed_below(path)
            if not (entry.is_directory and existed):
                rows.append(("modified" if existed else "created", path))
            if entry.is_directory:
                rows += self._upper_changes(path)
        return rows

    def _existed_below(self, path: Components) -> bool:
        assert self._lower is not None
        actual: Components = ()
        for name in path:
            entry = self._lower.find(actual, name)
            if entry is None:
                return False
            actual = (*actual, entry.name)
        return True


def _copy(reader: StoredFile, writer: StoredFile) -> None:
    position = 0
    while chunk := reader.read(position, _COPY_CHUNK):
        position += writer.write(position, chunk)
