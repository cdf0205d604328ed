"""A process as one row: faults, private bytes, virtual size, working set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ps import Process
from ntmm.tools.kernel_view import working_set_header
from ntmm.tools.rows import Form, Layout, Row, column
from ntmm.tools.views.regions import RegionRow


@dataclass(frozen=True, slots=True)
class ProcessFigures(Row):
    """The figures of a process."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    process: str = column("Process", Form.TEXT, "name of its program")
    pid: int = column("PID", Form.COUNT, "id of the process")
    parent_pid: int = column("Parent PID", Form.COUNT, "id of the process that made it")
    command_line: str | None = column("Command Line", Form.TEXT, "what it was called with")
    time_100ns: int = column("Time", Form.COUNT, "virtual time of the view, in 100 ns units")
    state: str = column("State", Form.TEXT, "running, swapped out, or ended with an exit status")
    page_faults: int = column("Page Faults", Form.COUNT, "page faults since it began")
    private_bytes: int = column("Private Bytes", Form.SIZE, "memory charged to it")
    peak_private_bytes: int = column("Peak Private Bytes", Form.SIZE, "the most that was charged")
    virtual_size: int = column("Virtual Size", Form.SIZE, "addresses in use")
    peak_virtual_size: int = column("Peak Virtual Size", Form.SIZE, "the most that were in use")
    working_set: int = column("Working Set", Form.SIZE, "its pages in RAM")
    ws_private: int = column("WS Private", Form.SIZE, "of that, pages of this process alone")
    ws_shareable: int = column("WS Shareable", Form.SIZE, "of that, pages of sections")
    ws_shared: int = column("WS Shared", Form.SIZE, "of that, pages of sections mapped more than once now")
    min_working_set: int = column("Min Working Set", Form.SIZE, "what trimming leaves it")
    max_working_set: int = column("Max Working Set", Form.SIZE, "from where it replaces its own pages")
    peak_working_set: int = column("Peak Working Set", Form.SIZE, "the most it had")
    handles: int = column("Handles", Form.COUNT, "open handles")


def process_figures(kernel: Kernel, process: Process, regions: Sequence[RegionRow]) -> ProcessFigures:
    """`regions` are the process's own."""
    space, page, header = process.space, kernel.architecture.page_size, working_set_header(process)
    return ProcessFigures(
        process.name,
        process.id,
        process.parent_id,
        process.parameters.command_line if process.parameters is not None else None,
        kernel.clock.uptime_100ns(),
        _state(process),
        space.page_fault_count,
        space.account.pages * page,
        space.account.peak * page,
        space.virtual_size,
        space.peak_virtual_size,
        header.size * page,
        sum(region.private_ws for region in regions),
        sum(region.shareable_ws for region in regions),
        sum(region.shared_ws for region in regions),
        header.minimum * page,
        header.maximum * page,
        header.peak * page,
        len(process.handles),
    )


def _state(process: Process) -> str:
    if process.ended:
        return f"ended with {process.exit_status:#x}"
    return "swapped out" if process.space.is_swapped_out else "running"
