"""A RAM disk: a volume in the RAM that the system does not use, as Intel's PSE-36 driver made one for NT 4.

A cluster is 4096 bytes of that RAM. Clusters are taken from the lowest never used one upwards, so that a large empty
disk costs the host nothing; one that was used before is overwritten with zeros when it is taken again. Names, times and
the lists of clusters are this driver's own, like the tables that a real driver keeps in nonpaged pool.
"""

import errno
import stat
from array import array
from dataclasses import dataclass, field
from typing import Final

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.names import fold
from ntmm.kernel.io.times import ns_of_filetime
from ntmm.kernel.io.tree import Components, Entry
from ntmm.kernel.ke.clock import BOOT_TIME_100NS
from ntmm.nt.status import Status

CLUSTER: Final = 4096
RAM_DISK_DEVICE: Final = -1
"""The device number of its files: no file system of the host has it."""

_DIRECTORY_MODE: Final = stat.S_IFDIR | 0o755
_FILE_MODE: Final = stat.S_IFREG | 0o644


class Clusters:
    """The memory of a RAM disk and which parts of it are free."""

    def __init__(self, memory: memoryview) -> None:
        """`memory` is physical memory that nobody else uses."""
        self._memory = memory
        self.total = len(memory) // CLUSTER
        self._next = 0
        self._freed: list[int] = []

    @property
    def free(self) -> int:
        """Clusters that can still be taken."""
        return self.total - self._next + len(self._freed)

    def take(self, count: int) -> "array[int]":
        """Clusters of zeros, all of them or none; raises OSError ENOSPC."""
        if count > self.free:
            raise OSError(errno.ENOSPC, "the RAM disk is full")
        fresh = min(count, self.total - self._next)
        taken = array("Q", range(self._next, self._next + fresh))
        self._next += fresh
        for _ in range(count - fresh):
            cluster = self._freed.pop()
            self.write(cluster, 0, bytes(CLUSTER))
            taken.append(cluster)
        return taken

    def give_back(self, clusters: "array[int]") -> None:
        """Frees clusters; what is in them stays until they are taken again, as on a disk."""
        self._freed.extend(clusters)

    def read(self, cluster: int, offset: int, size: int) -> memoryview:
        """The bytes at an offset of a cluster."""
        start = cluster * CLUSTER + offset
        return self._memory[start : start + size]

    def write(self, cluster: int, offset: int, data: bytes | memoryview) -> None:
        """Puts bytes at an offset of a cluster, within it."""
        start = cluster * CLUSTER + offset
        self._memory[start : start + len(data)] = data


class ClusterRoom:
    """The room on a RAM disk is its free clusters: nothing need be counted beside them."""

    def __init__(self, clusters: Clusters) -> None:
        self.limit = clusters.total * CLUSTER
        self._clusters = clusters

    @property
    def free(self) -> int:
        """Bytes in free clusters."""
        return self._clusters.free * CLUSTER

    def take(self, amount: int) -> None:
        """Nothing: a cluster that is not there fails the write with DISK_FULL."""


@dataclass(slots=True)
class _Node:
    """A file or folder; it has the attributes of a FileStatus."""

    st_ino: int
    st_mode: int
    st_mtime_ns: int
    st_atime_ns: int
    st_size: int = 0
    st_nlink: int = 1
    st_dev: int = RAM_DISK_DEVICE
    clusters: "array[int]" = field(default_factory=lambda: array("Q"))
    children: dict[str, tuple[str, "_Node"]] = field(default_factory=dict)
    """Of a folder: by folded name, the name as it was given."""


class RamFile:
    """An open file of a RAM disk."""

    def __init__(self, node: _Node, clusters: Clusters) -> None:
        self._node, self._clusters = node, clusters

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`."""
        end = min(offset + size, self._node.st_size)
        return b"".join(self._clusters.read(*part) for part in self._parts(offset, end))

    def _parts(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """Where the bytes from `start` to `end` lie: (cluster, offset in it, size), in order."""
        parts = []
        while start < end:
            number, offset = divmod(start, CLUSTER)
            size = min(CLUSTER - offset, end - start)
            parts.append((self._node.clusters[number], offset, size))
            start += size
        return parts

    def write(self, offset: int, data: bytes) -> int:
        """Writes all of `data`, or raises OSError ENOSPC before anything is written."""
        end = offset + len(data)
        if end > self._node.st_size:
            self.truncate(end)
        position = 0
        for cluster, start, size in self._parts(offset, end):
            self._clusters.write(cluster, start, data[position : position + size])
            position += size
        return len(data)

    def allocate(self, offset: int, size: int) -> None:
        """Extends to `offset + size` with zeros."""
        self.truncate(max(self._node.st_size, offset + size))

    def truncate(self, size: int) -> None:
        """Cuts, or extends with zeros; raises OSError ENOSPC."""
        node, count = self._node, -(-size // CLUSTER)
        if count > len(node.clusters):
            node.clusters.extend(self._clusters.take(count - len(node.clusters)))
        else:
            self._clusters.give_back(node.clusters[count:])
            del node.clusters[count:]
        if size < node.st_size and size % CLUSTER:
            self._clusters.write(node.clusters[-1], size % CLUSTER, bytes(CLUSTER - size % CLUSTER))
        node.st_size = size

    def status(self) -> _Node:
        """The status now."""
        return self._node

    def set_times(self, nanoseconds: int) -> None:
        """Sets the times of access and of writing, nanoseconds since 1970."""
        self._node.st_atime_ns = self._node.st_mtime_ns = nanoseconds

    def close(self) -> None:
        """Nothing is to be given back: the machine's RAM ends with the machine."""


class RamTree:
    """The folders and files of a RAM disk, with the methods of a `HostTree`; all names are one spelling each."""

    def __init__(self, memory: memoryview) -> None:
        """An empty volume in `memory`."""
        self.clusters = Clusters(memory)
        self._nodes = 0
        self._root = self._new_node(_DIRECTORY_MODE)

    def _new_node(self, mode: int) -> _Node:
        self._nodes += 1
        booted = ns_of_filetime(BOOT_TIME_100NS)
        return _Node(self._nodes, mode, booted, booted)

    def close(self) -> None:
        """The contents go with the RAM."""

    def root_entry(self) -> Entry:
        """The root itself, under an empty name."""
        return Entry("", self._root)

    def _node(self, components: Components) -> _Node:
        node = self._root
        for name in components:
            if fold(name) not in node.children:
                raise IoFailure(Status.OBJECT_NAME_NOT_FOUND)
            node = node.children[fold(name)][1]
        return node

    def find(self, parent: Components, name: str) -> Entry | None:
        """The entry that a program's `name` means."""
        found = self._node(parent).children.get(fold(name))
        return None if found is None else Entry(*found)

    def entries(self, parent: Components) -> list[Entry]:
        """All entries of a folder, sorted by folded name."""
        children = self._node(parent).children
        return [Entry(*children[key]) for key in sorted(children)]

    def link_target(self, components: Components) -> Components:
        """There are no symbolic links."""
        raise IoFailure(Status.ACCESS_DENIED)

    def open_file(self, components: Components, writable: bool) -> RamFile:
        """An existing file."""
        node = self._node(components)
        if writable and not node.st_mode & 0o200:
            raise IoFailure(Status.ACCESS_DENIED)
        return RamFile(node, self.clusters)

    def create_file(self, components: Components) -> RamFile:
        """A new empty file."""
        return RamFile(self._insert(components, self._new_node(_FILE_MODE)), self.clusters)

    def make_directory(self, components: Components) -> None:
        """Creates a folder."""
        self._insert(components, self._new_node(_DIRECTORY_MODE))

    def _insert(self, components: Components, node: _Node) -> _Node:
        self._node(components[:-1]).children[fold(components[-1])] = components[-1], node
        return node

    def remove(self, components: Components, is_directory: bool) -> None:
        """Removes a file, whose clusters become free, or an empty folder."""
        _, node = self._node(components[:-1]).children.pop(fold(components[-1]))
        self.clusters.give_back(node.clusters)
        node.clusters = array("Q")

    def rename(self, source: Components, target: Components) -> None:
        """Renames within the volume; an existing target is the caller's business."""
        _, node = self._node(source[:-1]).children.pop(fold(source[-1]))
        self._insert(target, node)

    def set_times(self, components: Components, access_ns: int, write_ns: int) -> None:
        """Sets access and write time in nanoseconds since 1970."""
        node = self._node(components)
        node.st_atime_ns, node.st_mtime_ns = access_ns, write_ns

    def set_writable(self, components: Components, writable: bool) -> None:
        """Sets or clears the write permission: the read-only attribute."""
        node = self._node(components)
        node.st_mode = node.st_mode | 0o200 if writable else node.st_mode & ~0o222
