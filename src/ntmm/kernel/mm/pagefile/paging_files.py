"""All paging files of a machine (MmPagingFile[16]): creation, choice of slots, growth, contents."""

from contextlib import suppress
from dataclasses import dataclass

from ntmm.kernel.mm.commit import MAXIMUM_PAGING_FILES, SlotBitmap
from ntmm.kernel.mm.pagefile.paging_file import PagingFile, PagingStore


@dataclass(frozen=True, slots=True)
class Place:
    """Adjacent slots of one file."""

    file: PagingFile
    first: int
    count: int


class PagingFiles:
    """`slots` is the PFN database's list of bitmaps, which this class fills: freeing a frame frees its slot there."""

    def __init__(self, slots: list[SlotBitmap], page_size: int) -> None:
        self._slots = slots
        self._page_size = page_size
        self.files: list[PagingFile] = []

    @property
    def total_pages(self) -> int:
        """Usable slots of all files: what the commit limit has beyond RAM."""
        return sum(file.size - 1 - file.broken_slots for file in self.files)

    @property
    def free_slots(self) -> int:
        """Slots that can be had without growth."""
        return sum(file.slots.free for file in self.files)

    def _choice(self) -> list[PagingFile]:
        """The files that are written to next: those whose last write did not fail, or all if there is none."""
        return [file for file in self.files if not file.is_suspect] or self.files

    def has_run(self, wanted: int) -> bool:
        """True if one of the files to be written to has `wanted` adjacent free slots."""
        return any(file.slots.has_run(wanted) for file in self._choice())

    @property
    def is_full(self) -> bool:
        """True if no file to be written to has a free slot."""
        return not any(file.slots.free for file in self._choice())

    @property
    def all_refused(self) -> bool:
        """True if every file with free slots has refused its last write."""
        return all(file.is_suspect for file in self.files if file.slots.free)

    @property
    def has_room(self) -> bool:
        """False once sixteen files exist."""
        return len(self.files) < MAXIMUM_PAGING_FILES

    def add(self, name: str, minimum: int, maximum: int, store: PagingStore) -> PagingFile:
        """A new file of `minimum` pages that may grow to `maximum`; raises OSError where the disk refuses."""
        assert self.has_room
        file = PagingFile(len(self.files), name, minimum, maximum, store, self._page_size)
        self.files.append(file)
        self._slots.append(file.slots)
        return file

    def find(self, name: str) -> PagingFile | None:
        """The file with a name, which Windows compares without case."""
        return next((file for file in self.files if file.name.lower() == name.lower()), None)

    def allocate(self, wanted: int) -> Place | None:
        """Up to `wanted` adjacent slots, in the file with the most free ones; None if all are used.

        Files whose last write failed come last.
        """
        for file in sorted(self.files, key=lambda file: (file.is_suspect, -file.slots.free, file.number)):
            run = file.slots.allocate(wanted)
            if run is not None:
                return Place(file, run.first, run.count)
        return None

    def grow(self, pages: int) -> int:
        """Makes files larger by `pages` together; answers by how many."""
        added = 0
        for file in sorted(self.files, key=lambda file: file.is_suspect):
            if added < pages:
                added += file.grow(pages - added)
        return added

    def clear(self) -> None:
        """Overwrites all of them with zeros, as far as the disks take it."""
        for file in self.files:
            with suppress(OSError):
                file.clear()

    def acquit(self) -> int:
        """Lets all slots of failed writes be tried again, once every file with free slots has refused; how many."""
        return sum(file.acquit() for file in self.files) if self.all_refused else 0

    def close(self) -> None:
        """Lets go of the host's files."""
        for file in self.files:
            file.close()
