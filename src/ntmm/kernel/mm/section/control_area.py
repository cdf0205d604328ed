"""Control area, subsection and section object (CONTROL_AREA, SUBSECTION, SECTION)."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.ob import KernelObject
from ntmm.kernel.se.access import SECTION_MAPPING


class Backing(Protocol):
    """Where the bytes of a section come from; `read` answers fewer bytes only at the end of the file."""

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int: ...

    def read(self, offset: int, size: int) -> bytes: ...

    def close(self) -> None: ...


class WritableBacking(Backing, Protocol):
    """A data file: dirty pages go back to it. Every method raises OSError where the disk refuses."""

    def write(self, offset: int, data: bytes) -> None: ...

    def set_size(self, size: int) -> None: ...


class AreaKind(Enum):
    """What stands behind a section's pages."""

    IMAGE = "image"
    FILE = "file"
    PAGING_FILE = "paging file"


@dataclass(slots=True)
class Subsection:
    """A run of pages with one protection, one run of bytes in the file and one array of prototype PTEs.

    `address` is its place in nonpaged pool, which subsection PTEs carry. Offsets and sizes in bytes, pages relative to
    the segment.
    """

    control_area: "ControlArea"
    address: int
    first_page: int
    pages: int
    protection: int
    file_offset: int
    file_size: int
    first_prototype: int = 0

    def bytes_of_page(self, page: int) -> tuple[int, int]:
        """(file offset, number of bytes) that page `page` of the segment takes from the file."""
        start = (page - self.first_page) * self.control_area.page_size
        return self.file_offset + start, max(0, min(self.control_area.page_size, self.file_size - start))

    def read(self, page: int, count: int) -> bytes:
        """The bytes of adjacent pages; those past the file's part are zero. Raises OSError."""
        area = self.control_area
        assert area.backing is not None
        start = (page - self.first_page) * area.page_size
        size = max(0, min(count * area.page_size, self.file_size - start))
        data: bytes = area.backing.read(self.file_offset + start, size)
        return data[:size].ljust(count * area.page_size, b"\0")


@dataclass(slots=True, eq=False)
class ControlArea:
    """What one file's section is made of: its segment's prototype PTEs, its subsections and who uses it.

    `first_prototype` is the kernel address of an image's or paging-file section's one array of prototype PTEs; the
    subsections of data files have arrays of their own, made when they are first mapped. `copy_pages` is the number of
    pages that every view of an image must be able to copy privately, `size` the bytes of a data file's segment.
    """

    index: int
    kind: AreaKind
    name: str
    backing: Any
    page_size: int
    pte_size: int
    total_pages: int
    first_prototype: int = 0
    preferred_base: int = 0
    copy_pages: int = 0
    size: int = 0
    account: CommitAccount | None = None
    """What a section of the paging file has charged."""
    subsections: list[Subsection] = field(default_factory=list)
    last_found: Subsection | None = None
    """The subsection that was looked for last; it is likely to be the next one too."""
    mapped_views: int = 0
    """User views."""
    section_references: int = 0
    cache_references: int = 0
    """1 while the cache manager caches the file."""
    before_write: Callable[[int, int], OSError | None] | None = None
    """Slot: told of pages [first, end) that are about to be flushed, for a log that must be on the disk before them; a
    refusal keeps them in RAM. The mapped page writer, which nobody called, does not write pages that wait for a log."""
    write_failed: bool = False
    """The disk refused dirty pages, which were lost when the section went away."""

    @property
    def is_used(self) -> bool:
        """True while a section object, a view or the cache needs it."""
        return bool(self.section_references or self.mapped_views or self.cache_references)

    def subsection_of(self, page: int) -> Subsection | None:
        """The subsection that holds a page of the segment, if it was made."""
        last = self.last_found
        if last is not None and last.first_page <= page < last.first_page + last.pages:
            return last
        at = bisect_right(self.subsections, page, key=lambda subsection: subsection.first_page) - 1
        if at < 0 or page >= self.subsections[at].first_page + self.subsections[at].pages:
            return None
        self.last_found = self.subsections[at]
        return self.last_found

    def prototype_of(self, page: int) -> int:
        """The kernel address of a page's prototype PTE; its subsection must have been made."""
        if self.first_prototype:
            return self.first_prototype + page * self.pte_size
        subsection = self.subsection_of(page)
        assert subsection is not None, f"page {page:#x} of {self.name} was mapped before its prototype PTEs were made"
        return subsection.first_prototype + (page - subsection.first_page) * self.pte_size

    def pages(self) -> Iterator[int]:
        """Every page that has a prototype PTE."""
        if self.first_prototype:
            yield from range(self.total_pages)
        else:
            for subsection in self.subsections:
                yield from range(subsection.first_page, subsection.first_page + subsection.pages)


class Section(KernelObject):
    """A section object: a reference to a control area that handles can name.

    `size` in bytes is what may be mapped, `page_protection` (PAGE_*) how at most, `attributes` its SEC_* flags.
    """

    type_name = "Section"
    mapping = SECTION_MAPPING
    is_global_privileged = True

    def __init__(
        self, control_area: ControlArea, size: int = 0, page_protection: int = 0, attributes: int = 0, based: int = 0
    ) -> None:
        super().__init__()
        self.control_area = control_area
        self.size = size or control_area.total_pages * control_area.page_size
        self.page_protection = page_protection
        self.attributes = attributes
        self.based_address = based
        self.file: Any = None
        """The file object that it was made with."""
        self.released: Any = None
        """Slot: told of the section when its last handle and pointer are gone."""
        control_area.section_references += 1

    def close(self) -> None:
        self.control_area.section_references -= 1
        if self.released is not None:
            self.released(self)
