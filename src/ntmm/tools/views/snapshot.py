"""Views taken during a run: of each process when it ends, or of all of them at one time."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.ps import Process
from ntmm.runner.errors import STOPPED_EXIT, UserError
from ntmm.runner.options import RunOptions
from ntmm.runner.report import RunReport
from ntmm.runner.run import PreparedRun, run_program
from ntmm.tools.rows import Row, Widths
from ntmm.tools.views.mapped import MappedRow, mapped_files
from ntmm.tools.views.process import ProcessFigures, process_figures
from ntmm.tools.views.regions import RegionRow, regions
from ntmm.tools.views.totals import TypeRow, totals

_MILLISECOND_100NS: Final = 10_000


@dataclass(frozen=True, slots=True)
class ProcessView:
    """What one process had in memory."""

    figures: ProcessFigures
    mapped: tuple[MappedRow, ...]
    types: tuple[TypeRow, ...]
    regions: tuple[RegionRow, ...]

    def tables(self) -> Iterator[tuple[str, tuple[Row, ...]]]:
        """The rows under the names that JSON gives them."""
        yield "mapped", self.mapped
        yield "types", self.types
        yield "regions", self.regions

    def as_json(self) -> dict[str, Any]:
        """The figures, then the tables."""
        tables = {name: [dataclasses.asdict(row) for row in rows] for name, rows in self.tables()}
        return {**dataclasses.asdict(self.figures), **tables}


@dataclass(frozen=True, slots=True)
class Views:
    """The views of a run, in the order of the processes' ids, and the report of the run; `widths` for text."""

    processes: tuple[ProcessView, ...]
    report: RunReport
    widths: Widths


def take_view(kernel: Kernel, process: Process) -> ProcessView:
    """A process whose address space still exists."""
    own = regions(kernel, process)
    return ProcessView(
        process_figures(kernel, process, own),
        tuple(mapped_files(kernel, process, own)),
        tuple(totals(process, own)),
        tuple(own),
    )


class _Taker:
    """Takes the views of one run."""

    def __init__(self, at_100ns: int | None) -> None:
        self.taken: list[ProcessView] = []
        self.widths = Widths(8, 8)
        self.was_due = False
        self._at = at_100ns

    def prepare(self, prepared: PreparedRun) -> None:
        kernel = prepared.machine.kernel
        self.widths = Widths(kernel.architecture.bits // 4, kernel.architecture.pte_size * 2)
        if self._at is None:
            prepared.session.measuring = lambda process: self._take(kernel, process)
        else:
            kernel.scheduler.call_at(self._at, lambda: self._take_all(kernel))

    def _take(self, kernel: Kernel, process: Process) -> None:
        if not process.space.deleted:
            self.taken.append(take_view(kernel, process))

    def _take_all(self, kernel: Kernel) -> None:
        self.was_due = True
        for process in kernel.ps.started_processes:
            self._take(kernel, process)


def run_and_view(options: RunOptions, at_ms: int | None = None) -> Views:
    """Runs programs to their end; views are taken when each process ends, or of all after `at_ms` of virtual time.

    Raises UserError as `run_program` does, and where the programs ended before that time.
    """
    taker = _Taker(None if at_ms is None else at_ms * _MILLISECOND_100NS)
    report = run_program(options, taker.prepare)
    if at_ms is not None and not taker.was_due:
        ended = report.virtual_time_100ns / _MILLISECOND_100NS
        raise UserError(f"the programs ended after {ended:.1f} ms of virtual time, before --at {at_ms}", STOPPED_EXIT)
    taken = sorted(taker.taken, key=lambda view: view.figures.pid)
    return Views(tuple(taken), report, taker.widths)
