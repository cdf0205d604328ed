"""What becomes of a page fault."""

from enum import Enum, IntEnum, auto
from typing import Final, NamedTuple

from ntmm.kernel.mm.in_page import READ_DONE, InPageBlock
from ntmm.nt.status import Status


class FaultKind(IntEnum):
    """Why a fault happened and how it ended; the rows of a run's fault table."""

    DEMAND_ZERO = 0
    TRANSITION = 1
    SHARED = 2
    IN_PAGE = 3
    COPY_ON_WRITE = 4
    STACK_GROWTH = 5
    SPURIOUS = 6
    GUARD_PAGE = 7
    STACK_OVERFLOW = 8
    ACCESS_VIOLATION = 9
    IN_PAGE_ERROR = 10
    OUT_OF_MEMORY = 11
    PAGING_FILE = 12
    DATA_EXECUTED = 13


FAULT_MEANINGS: Final = {
    FaultKind.DEMAND_ZERO: "first touch of a committed page: a zeroed page was given",
    FaultKind.TRANSITION: "the page was still in RAM on a page list (soft fault)",
    FaultKind.SHARED: "another process or view had the shared page valid (soft fault)",
    FaultKind.IN_PAGE: "the page was read from its file (hard fault)",
    FaultKind.PAGING_FILE: "the page was read from a paging file (hard fault)",
    FaultKind.COPY_ON_WRITE: "first write to a shared page: a private copy was made",
    FaultKind.STACK_GROWTH: "the stack grew through its guard page",
    FaultKind.SPURIOUS: "the page was valid already when the fault was looked at",
    FaultKind.GUARD_PAGE: "a guard page was touched: STATUS_GUARD_PAGE_VIOLATION",
    FaultKind.STACK_OVERFLOW: "the stack has no room left: STATUS_STACK_OVERFLOW",
    FaultKind.ACCESS_VIOLATION: "the access is not allowed: STATUS_ACCESS_VIOLATION",
    FaultKind.IN_PAGE_ERROR: "reading the page failed: STATUS_IN_PAGE_ERROR",
    FaultKind.DATA_EXECUTED: "the first fetch from a page of data in a process without DEP: it became executable",
    FaultKind.OUT_OF_MEMORY: "no page of RAM was left: STATUS_NO_MEMORY",
}


class Resolution(Enum):
    """RESOLVED: run the instruction again. RAISE: an exception for the program. WAIT: look again after a read."""

    RESOLVED = auto()
    RAISE = auto()
    WAIT = auto()


class FaultOutcome(NamedTuple):
    """The end of one fault, or of one look at it: what to do, the NTSTATUS, and the kind it is counted under.

    A wait names the read and the frame that is needed; `own_read` if this fault has begun it. An in-page error has the
    NTSTATUS of the read that failed in `io_status`.
    """

    resolution: Resolution
    status: Status
    kind: FaultKind
    block: InPageBlock | None = None
    frame: int = 0
    own_read: bool = False
    io_status: Status = Status.SUCCESS


def _resolved(status: Status, kind: FaultKind) -> FaultOutcome:
    return FaultOutcome(Resolution.RESOLVED, status, kind)


def _raised(status: Status, kind: FaultKind) -> FaultOutcome:
    return FaultOutcome(Resolution.RAISE, status, kind)


_WAIT: Final = Resolution.WAIT
_PENDING: Final = Status.PENDING


def reading(block: InPageBlock, kind: FaultKind) -> FaultOutcome:
    """A read was begun; its first page is the one that is needed."""
    if block is READ_DONE:
        return _READ[kind]
    if block.is_done:
        return in_page_error(block.status)
    return FaultOutcome(_WAIT, _PENDING, kind, block, block.frames[0], own_read=True)


def in_page_error(io_status: Status) -> FaultOutcome:
    """The read of the page failed with `io_status`."""
    return FaultOutcome(Resolution.RAISE, Status.IN_PAGE_ERROR, FaultKind.IN_PAGE_ERROR, io_status=io_status)


def collided(block: InPageBlock, frame: int) -> FaultOutcome:
    """Another thread's read brings the page already."""
    return FaultOutcome(_WAIT, _PENDING, FaultKind.TRANSITION, block, frame)


DEMAND_ZERO: Final = _resolved(Status.PAGE_FAULT_DEMAND_ZERO, FaultKind.DEMAND_ZERO)
TRANSITION: Final = _resolved(Status.PAGE_FAULT_TRANSITION, FaultKind.TRANSITION)
SHARED: Final = _resolved(Status.PAGE_FAULT_TRANSITION, FaultKind.SHARED)
IN_PAGE: Final = _resolved(Status.PAGE_FAULT_PAGING_FILE, FaultKind.IN_PAGE)
PAGING_FILE: Final = _resolved(Status.PAGE_FAULT_PAGING_FILE, FaultKind.PAGING_FILE)
COPY_ON_WRITE: Final = _resolved(Status.PAGE_FAULT_COPY_ON_WRITE, FaultKind.COPY_ON_WRITE)
STACK_GROWTH: Final = _resolved(Status.PAGE_FAULT_GUARD_PAGE, FaultKind.STACK_GROWTH)
DATA_EXECUTED: Final = _resolved(Status.SUCCESS, FaultKind.DATA_EXECUTED)
SPURIOUS: Final = _resolved(Status.SUCCESS, FaultKind.SPURIOUS)
GUARD_PAGE: Final = _raised(Status.GUARD_PAGE_VIOLATION, FaultKind.GUARD_PAGE)
STACK_OVERFLOW: Final = _raised(Status.STACK_OVERFLOW, FaultKind.STACK_OVERFLOW)
ACCESS_VIOLATION: Final = _raised(Status.ACCESS_VIOLATION, FaultKind.ACCESS_VIOLATION)
OUT_OF_MEMORY: Final = _raised(Status.NO_MEMORY, FaultKind.OUT_OF_MEMORY)

_READ: Final = {
    kind: FaultOutcome(_WAIT, _PENDING, kind, READ_DONE, own_read=True)
    for kind in (FaultKind.IN_PAGE, FaultKind.PAGING_FILE)
}
