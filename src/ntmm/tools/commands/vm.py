"""Virtual memory of the machine as a whole: !vm."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.mm.statistics import MemoryStatistics
from ntmm.tools.command import Command, no_arguments
from ntmm.tools.debugger import Debugger
from ntmm.tools.kernel_view import pool_limits, pool_pages, resident_available, sessions, statistics
from ntmm.tools.rows import Form, Row, column


@dataclass(frozen=True, slots=True)
class VmRow(Row):
    """One figure of the machine."""

    name: str = column("", Form.TEXT, "what is counted")
    pages: int = column("pages", Form.COUNT, "how many")
    kilobytes: int = column("Kb", Form.COUNT, "the same in kilobytes")


@dataclass(frozen=True, slots=True)
class PagingFileRow(Row):
    """A paging file; sizes in kilobytes."""

    name: str = column("Page File", Form.TEXT, "its name")
    number: int = column("Number", Form.COUNT, "its number in page-table entries")
    current: int = column("Current", Form.COUNT, "its size now, Kb")
    free: int = column("Free Space", Form.COUNT, "what is not in use, Kb")
    minimum: int = column("Minimum", Form.COUNT, "the size it began with, Kb")
    maximum: int = column("Maximum", Form.COUNT, "the size it may grow to, Kb")


@dataclass(frozen=True, slots=True)
class CommitRow(Row):
    """What one process has charged against the commit limit."""

    cid: int = column("Cid", Form.HEX, "id of the process")
    image: str = column("Image", Form.TEXT, "name of its program")
    pages: int = column("pages", Form.COUNT, "committed pages")
    kilobytes: int = column("Kb", Form.COUNT, "the same in kilobytes")


def _vm(debugger: Debugger, arguments: str) -> Iterator[Row]:
    no_arguments("!vm", arguments)
    kernel, figures = debugger.kernel, statistics(debugger.kernel)
    kilobytes = kernel.architecture.page_size // 1024
    for file in figures.paging_files:
        sizes = (file.size, file.free, file.minimum, file.maximum)
        current, free, minimum, maximum = (size // 1024 for size in sizes)
        yield PagingFileRow(file.name, file.number, current, free, minimum, maximum)
    for name, pages in _figures(kernel, figures):
        yield VmRow(name, pages, pages * kilobytes)
    for process in kernel.ps.processes:
        pages = process.space.account.pages
        yield CommitRow(process.id, process.name, pages, pages * kilobytes)


def _figures(kernel: Kernel, figures: MemoryStatistics) -> Iterator[tuple[str, int]]:
    (paged, nonpaged), (most_paged, most_nonpaged) = pool_pages(kernel), pool_limits(kernel)
    yield "Physical Memory", figures.total_pages
    yield "Available Pages", figures.available
    yield "ResAvail Pages", resident_available(kernel)
    yield "Free System PTEs", figures.system_ptes_free
    yield "Modified Pages", figures.modified
    yield "Modified No-Write", figures.modified_no_write
    yield "NonPagedPool Usage", nonpaged
    yield "NonPagedPool Max", most_nonpaged
    yield "PagedPool Usage", paged
    yield "PagedPool Maximum", most_paged
    yield "Session Commit", sum(session.account.pages for session in sessions(kernel))
    yield "Committed pages", figures.commit
    yield "Peak commitment", figures.peak_commit
    yield "Commit limit", figures.commit_limit


_ABSENT: Final = (
    ("Locked IO, Driver Commit", "there are no drivers"),
    ("Special Pool", "there is none"),
    ("Shared Commit, Shared Process", "commitment is not kept by purpose: Committed pages has all of it"),
)

_ROWS: Final = (PagingFileRow, VmRow, CommitRow)

COMMANDS: Final = (Command("!vm", "", "virtual memory of the whole machine", _vm, _ROWS, absent=_ABSENT),)
