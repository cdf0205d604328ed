"""What the cache manager knows of a file (SHARED_CACHE_MAP)."""

from collections.abc import Iterator
from typing import Protocol

from ntmm.kernel.io.control_block import FileControlBlock
from ntmm.kernel.io.failure import FileRefused, IoFailure
from ntmm.kernel.ke.lock import KernelMutex
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.section import ControlArea
from ntmm.kernel.mm.section.file_data import DataPages
from ntmm.nt.status import Status


class Log(Protocol):
    """A log of changes, each of which has a number greater than those before it."""

    def flush_to(self, number: int) -> None:
        """Everything up to a number is on the disk when this returns; raises OSError if the disk refuses."""


class SharedCacheMap:
    """A file that is cached. `open_count` opens have read or written; `users` requests or pins are under way."""

    def __init__(self, block: FileControlBlock, pages: DataPages, scheduler: Scheduler) -> None:
        self.block = block
        self.pages = pages
        self.lock = KernelMutex(scheduler)
        """Held by who writes to the file or changes its size."""
        self.open_count = 0
        self.users = 0
        self.is_doomed = False
        """The file is to be deleted as soon as nobody uses its pages."""
        self.dirty: set[int] = set()
        """Pages that were written here and perhaps not to the disk yet."""
        self.dirty_limit: int | None = None
        """Dirty pages of this file at which its writers wait (CcSetDirtyPageThreshold); None: no limit of its own."""
        self.reads_ahead = True
        self.is_written_behind = True
        """False: the mapped page writer leaves its pages alone."""
        self.log: Log | None = None
        self.flushed_to = 0
        """The log is on the disk up to this number, as far as the cache manager knows."""
        self.log_numbers: dict[int, tuple[int, int]] = {}
        """By dirty page: the numbers of the first and the last change to it."""
        self.kept: set[int] = set()
        """Dirty pages that only a flush may write."""

    @property
    def area(self) -> ControlArea:
        """The control area of the file's data."""
        return self.pages.area


def runs(pages: list[int]) -> Iterator[tuple[int, int]]:
    """(first, end) of each run of adjacent numbers in a sorted list."""
    start = 0
    for at in range(1, len(pages) + 1):
        if at == len(pages) or pages[at] != pages[at - 1] + 1:
            yield pages[start], pages[at - 1] + 1
            start = at


def failure_of(refusal: OSError) -> IoFailure:
    """What a program is told when the disk refuses its pages."""
    return IoFailure(refusal.status if isinstance(refusal, FileRefused) else Status.IO_DEVICE_ERROR)
