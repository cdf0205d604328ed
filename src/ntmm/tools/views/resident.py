"""The working set of a process, page by page."""

from dataclasses import dataclass

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ps import Process
from ntmm.tools.kernel_view import frame, working_set_entries
from ntmm.tools.walk import TableWalk


@dataclass(slots=True)
class Resident:
    """Bytes in the working set. `shareable` belongs to sections, `shared` to them and to another mapping as well."""

    total: int = 0
    private: int = 0
    shareable: int = 0
    shared: int = 0
    locked: int = 0

    def add(self, other: "Resident") -> None:
        """Adds the figures of another part."""
        self.total += other.total
        self.private += other.private
        self.shareable += other.shareable
        self.shared += other.shared
        self.locked += other.locked


@dataclass(frozen=True, slots=True)
class ResidentPage:
    """A page of the working set: `use` says what its frame serves, by the name of the PFN database."""

    address: int
    use: str
    size: Resident


def resident_pages(kernel: Kernel, process: Process) -> list[ResidentPage]:
    """In address order; none of a process that is swapped out."""
    if process.space.is_swapped_out:
        return []
    walk, size, pages = TableWalk(kernel, process.space.directory), kernel.architecture.page_size, []
    for entry in working_set_entries(kernel, process):
        physical = walk.physical(entry.address)
        if physical is None:
            continue
        page = frame(kernel, physical >> kernel.architecture.page_shift)
        shareable = size if page.is_prototype else 0
        shared = shareable if page.share_count > 1 else 0
        figures = Resident(size, size - shareable, shareable, shared, size if entry.locked else 0)
        pages.append(ResidentPage(entry.address, page.use.name, figures))
    return pages
