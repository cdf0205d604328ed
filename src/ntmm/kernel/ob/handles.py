"""The handle table of a process (ObpCreateHandle, ObReferenceObjectByHandle, NtClose)."""

import heapq
from typing import NamedTuple, TypeVar

from ntmm.kernel.ob.objects import KernelObject
from ntmm.nt.status import Status

_HANDLE_STEP = 4
"""Handle values are multiples of four: the low two bits are the program's to tag."""


class HandleEntry(NamedTuple):
    """What a handle stands for, what it may be used for (an access mask), and whether child processes get it."""

    object: KernelObject
    access: int
    inherit: bool = False
    protect: bool = False


class InvalidHandle(Exception):
    """A handle that names nothing, or an object of another type; `status` is what the service answers."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


Kind = TypeVar("Kind", bound=KernelObject)


class HandleTable:
    """Handles of one process: positive multiples of four, the lowest free one handed out first."""

    def __init__(self) -> None:
        self._entries: dict[int, HandleEntry] = {}
        self._free: list[int] = []
        self._next = _HANDLE_STEP

    def __len__(self) -> int:
        return len(self._entries)

    def insert(self, target: KernelObject, access: int = 0, inherit: bool = False, protect: bool = False) -> int:
        """A new handle to `target` with the granted access mask."""
        if self._free:
            handle = heapq.heappop(self._free)
        else:
            handle = self._next
            self._next += _HANDLE_STEP
        target.handle_count += 1
        self._entries[handle] = HandleEntry(target, access, inherit, protect)
        return handle

    def set_flags(self, handle: int, inherit: bool, protect: bool) -> None:
        """Changes whether child processes get a handle and whether it may be closed. Raises InvalidHandle."""
        entry = self.entry(handle)
        self._entries[handle & ~3] = entry._replace(inherit=inherit, protect=protect)

    def inherited(self) -> "HandleTable":
        """The table of a child process: the inheritable handles, under the same values (ObDupHandleTable)."""
        child = HandleTable()
        for handle, entry in self.items():
            if entry.inherit:
                entry.object.handle_count += 1
                child._entries[handle] = entry
        last = max(child._entries, default=0)
        child._next = last + _HANDLE_STEP
        child._free = [handle for handle in range(_HANDLE_STEP, last, _HANDLE_STEP) if handle not in child._entries]
        return child

    def entry(self, handle: int) -> HandleEntry:
        """The object and access mask of a handle; its two low bits are ignored. Raises InvalidHandle."""
        entry = self._entries.get(handle & ~3)
        if entry is None:
            raise InvalidHandle(Status.INVALID_HANDLE)
        return entry

    def lookup(self, handle: int, kind: type[Kind] | None = None, access: int = 0) -> Kind:
        """The object of a handle, checked to be of `kind` and to grant all of `access`.

        Raises InvalidHandle: INVALID_HANDLE, OBJECT_TYPE_MISMATCH or ACCESS_DENIED.
        """
        target, granted, *_ = self.entry(handle)
        if kind is not None and not isinstance(target, kind):
            raise InvalidHandle(Status.OBJECT_TYPE_MISMATCH)
        if access & ~granted:
            raise InvalidHandle(Status.ACCESS_DENIED)
        return target  # type: ignore[return-value]  # without `kind` the caller takes any object

    def close(self, handle: int) -> None:
        """Closes one handle; the object itself goes with its last reference.

        Raises InvalidHandle: INVALID_HANDLE, or HANDLE_NOT_CLOSABLE for one that is protected.
        """
        if self.entry(handle).protect:
            raise InvalidHandle(Status.HANDLE_NOT_CLOSABLE)
        self._close(handle)

    def _close(self, handle: int) -> None:
        target = self.entry(handle).object
        del self._entries[handle & ~3]
        heapq.heappush(self._free, handle & ~3)
        target.handle_count -= 1
        target.close_if_unused()

    def close_all(self) -> None:
        """Closes every handle in ascending order, protected ones too, as the end of a process does."""
        for handle in sorted(self._entries):
            self._close(handle)

    def items(self) -> list[tuple[int, HandleEntry]]:
        """All handles in ascending order with their entries."""
        return sorted(self._entries.items())
