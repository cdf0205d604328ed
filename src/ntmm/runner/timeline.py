"""`--timeline`: the sizes of the page lists and working sets over virtual time, one row for each sample."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ntmm.kernel.ps import Process
from ntmm.runner.machine import Machine
from ntmm.runner.session import SessionManager
from ntmm.runner.timeline_file import TimelineFile

FIGURES: Final = (
    "zeroed",
    "free",
    "standby",
    "modified",
    "modified_no_write",
    "transition",
    "active",
    "bad",
    "available",
    "commit",
    "commit_limit",
    "hard_faults",
    "soft_faults",
    "pages_read",
    "pages_written",
)
"""Fields of MemoryStatistics that make a row, in its order; all but the counts of faults are in pages."""

_MILLISECOND_100NS: Final = 10_000


@dataclass(frozen=True, slots=True)
class WorkingSetSize:
    """A program's working set in pages; None before it is loaded and once its memory has been returned."""

    program: str
    process_id: int | None
    pages: int | None


class Timeline:
    """Writes a sample now, at each multiple of the interval and at the end; sampling takes no virtual time."""

    def __init__(self, machine: Machine, session: SessionManager, file: TimelineFile, interval: int) -> None:
        """`interval` in milliseconds of virtual time."""
        self._machine = machine
        self._session = session
        self._file = file
        self._interval_100ns = interval * _MILLISECOND_100NS
        self._last_100ns = -1

    def start(self) -> None:
        """The first sample, and the timer of the second."""
        self.sample()
        self._await_next()

    def sample(self) -> None:
        """One row; none if there is one of this moment already."""
        now = self._machine.kernel.clock.uptime_100ns()
        if now == self._last_100ns:
            return
        self._last_100ns = now
        statistics = self._machine.kernel.mm.statistics()
        self._file.write_row(now, [getattr(statistics, name) for name in FIGURES], self._working_sets())

    def _due(self) -> None:
        self.sample()
        self._await_next()

    def _await_next(self) -> None:
        """At the next multiple: a long step of the clock makes one row, not many alike."""
        now, interval = self._machine.kernel.clock.uptime_100ns(), self._interval_100ns
        self._machine.kernel.scheduler.call_at((now // interval + 1) * interval, self._due)

    def _working_sets(self) -> list[WorkingSetSize]:
        loaded = self._session.processes
        return [
            _working_set(name, loaded[number] if number < len(loaded) else None)
            for number, name in enumerate(self._session.program_names)
        ]


def _working_set(name: str, process: Process | None) -> WorkingSetSize:
    if process is None:
        return WorkingSetSize(name, None, None)
    gone = process.space.deleted
    return WorkingSetSize(name, process.id, None if gone else process.space.working_set.count)


@contextmanager
def start_timeline(machine: Machine, session: SessionManager, path: Path, interval: int) -> Iterator[None]:
    """Records a time line to a file until the context ends; raises OSError where the file cannot be written."""
    names: Sequence[str] = session.program_names
    with TimelineFile(path, FIGURES, names) as file:
        timeline = Timeline(machine, session, file, interval)
        timeline.start()
        yield
        timeline.sample()
