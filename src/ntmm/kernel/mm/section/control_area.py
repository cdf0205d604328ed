"""Control area, subsection and section object (CONTROL_AREA, SUBSECTION, SECTION)."""

from dataclasses import dataclass, field
from typing import Protocol

from ntmm.kernel.ob import KernelObject


class Backing(Protocol):
    """Where the bytes of a section come from; `read` answers fewer bytes only at the end of the file."""

    name: str
    size: int

    def read(self, offset: int, size: int) -> bytes: ...


@dataclass(slots=True)
class Subsection:
    """A run of pages with one protection and one run of bytes in the file.

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

    def bytes_of_page(self, page: int) -> tuple[int, int]:
        """(file offset, number of bytes) that page `page` of the segment takes from the file."""
        start = (page - self.first_page) * self.control_area.page_size
        return self.file_offset + start, max(0, min(self.control_area.page_size, self.file_size - start))

    def read(self, page: int, count: int) -> bytes:
        """The bytes of adjacent pages; those past the file's part are zero. Raises OSError."""
        start, _ = self.bytes_of_page(page)
        size = sum(self.bytes_of_page(number)[1] for number in range(page, page + count))
        return self.control_area.backing.read(start, size)[:size].ljust(count * self.control_area.page_size, b"\0")


@dataclass(slots=True, eq=False)
class ControlArea:
    """What one file's section is made of: its segment's prototype PTEs, its subsections and who uses it.

    `first_prototype` is the kernel address of the segment's first prototype PTE, `copy_pages` the number of pages that
    every view must be able to copy privately.
    """

    index: int
    backing: Backing
    page_size: int
    total_pages: int
    first_prototype: int
    preferred_base: int = 0
    copy_pages: int = 0
    subsections: list[Subsection] = field(default_factory=list)
    mapped_views: int = 0
    section_references: int = 0

    def subsection_of(self, page: int) -> Subsection | None:
        """The subsection that holds a page of the segment."""
        for subsection in self.subsections:
            if subsection.first_page <= page < subsection.first_page + subsection.pages:
                return subsection
        return None


class Section(KernelObject):
    """A section object: a reference to a control area that handles can name."""

    type_name = "Section"

    def __init__(self, control_area: ControlArea) -> None:
        super().__init__()
        self.control_area = control_area
        control_area.section_references += 1

    def close(self) -> None:
        self.control_area.section_references -= 1
