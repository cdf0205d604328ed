"""What a run did, as frozen data: what the renderers print and tests compare as a whole."""

from dataclasses import dataclass
from typing import Literal

from ntmm.kernel.ps.manager import SYSTEM_PROCESS_ID
from ntmm.nt.status import Status
from ntmm.runner.report_memory import MemoryReport

FaultOrigin = Literal["cpu", "kernel"]


@dataclass(frozen=True, slots=True, order=True)
class NamedCount:
    """How many of what."""

    name: str
    count: int


@dataclass(frozen=True, slots=True, order=True)
class FaultCount:
    """Page faults of one kind. Origin "cpu": a #PF of the processor; "kernel": an access through the kernel's door."""

    kind: str
    origin: FaultOrigin
    count: int


@dataclass(frozen=True, slots=True, order=True)
class ServiceCount:
    """Calls of one function that the kernel answers."""

    dll: str
    name: str
    count: int


@dataclass(frozen=True, slots=True, order=True)
class MissingFunction:
    """An import nobody provides; harmless until called."""

    dll: str
    name: str
    called: bool


@dataclass(frozen=True, slots=True, order=True)
class ChangedFile:
    """What the program did to a file, held back by the overlay: "created", "modified" or "deleted"."""

    change: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReport:
    """One process, as it was when it ended; `page_fault_count` are the faults that its addresses took.

    `peak_working_set`, `peak_commit`, `private_pages`, `image_pages`, `address_space_pages` and `page_tables` are in
    pages, as in RunReport.
    """

    program: str
    process_id: int
    parent_id: int = SYSTEM_PROCESS_ID
    """The process that created it; System for those of the command line."""
    exit_status: int
    exit_status_name: str | None
    page_fault_count: int
    peak_working_set: int
    peak_commit: int
    private_pages: int
    image_pages: int
    address_space_pages: tuple[NamedCount, ...]
    page_tables: tuple[NamedCount, ...]
    missing_functions: tuple[MissingFunction, ...]
    missing_dlls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """One run, from start to the end of its last process.

    What belongs to a single process is the first program's; `processes` has a row for each, in the order of the command
    line, then those that programs created. `exit_status` is the program's 32-bit value. `stopped` is a sentence if a
    limit ended the run. `peak_commit` and `peak_working_set` are in pages of `page_size` bytes. `private_pages` and
    `image_pages` are pages that faults gave to the program. `eager_pages` are pages mapped before their first touch, by
    purpose, of all processes; `address_space_pages` the pages that creating one address space takes. `instructions` is
    None where they were not counted. `memory` has the figures of the whole machine's memory. `audit_findings` is 0
    where the memory manager's books were audited and right (a run whose books are wrong has no report), else None.
    """

    program: str
    architecture: str
    ram: int
    page_size: int
    exit_status: int
    stopped: str | None
    faults: tuple[FaultCount, ...]
    cpu_page_fault_count: int
    page_tables: tuple[NamedCount, ...]
    peak_working_set: int
    peak_commit: int
    private_pages: int
    image_pages: int
    eager_pages: tuple[NamedCount, ...]
    address_space_pages: tuple[NamedCount, ...]
    system_calls: tuple[ServiceCount, ...]
    missing_functions: tuple[MissingFunction, ...]
    missing_dlls: tuple[str, ...]
    unsupported: tuple[NamedCount, ...]
    changed_files: tuple[ChangedFile, ...]
    instructions: int | None
    virtual_time_100ns: int
    host_seconds: float
    windows: str = ""
    processors: int = 1
    replacement: str = ""
    unused_ram: int = 0
    """Bytes beyond the limit of the edition, or taken away by boot switches."""
    processes: tuple[ProcessReport, ...] = ()
    memory: MemoryReport | None = None
    audit_findings: int | None = None

    def faults_from(self, origin: FaultOrigin) -> int:
        """Sum of all kinds."""
        return sum(row.count for row in self.faults if row.origin == origin)

    @property
    def unexplained_faults(self) -> int:
        """Page faults the CPU counted beyond those that have a kind; anything but 0 is a bug of ours."""
        return self.cpu_page_fault_count - self.faults_from("cpu")

    @property
    def exit_status_name(self) -> str | None:
        """The NTSTATUS that ended the program, by name, if it was one of a warning or an error."""
        return status_name(self.exit_status)

    @property
    def ending_status(self) -> int:
        """The exit status that the run as a whole ends with: the first of the command line's that is not 0."""
        own = [row for row in self.processes if row.parent_id == SYSTEM_PROCESS_ID]
        statuses = [row.exit_status for row in own] or [self.exit_status]
        return next((status for status in statuses if status), 0)


def status_name(exit_status: int) -> str | None:
    """The NTSTATUS of a warning or an error by its name; None for any other exit status."""
    if exit_status < 0x80000000:
        return None
    try:
        return f"STATUS_{Status(exit_status).name}"
    except ValueError:
        return None
