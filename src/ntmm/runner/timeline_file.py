"""The two forms of a time line: CSV, and lines of JSON."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol

from ntmm.trace import WholeFile

_JSON_ENDINGS: Final = (".json", ".jsonl")
_SECOND_100NS: Final = 10_000_000


class ProgramPages(Protocol):
    """The working set of one program; None where it has no process or its memory has been returned."""

    @property
    def program(self) -> str:
        """Its file's name."""

    @property
    def process_id(self) -> int | None:
        """Its process, once loaded."""

    @property
    def pages(self) -> int | None:
        """How many pages it has."""


class TimelineFile(WholeFile):
    """A table of samples: lines of JSON where the name ends in .json or .jsonl, CSV with a head line elsewhere."""

    def __init__(self, path: Path, figures: Sequence[str], programs: Sequence[str]) -> None:
        """`figures` are the columns between the time and the working sets; raises OSError as WholeFile does."""
        super().__init__(path)
        self._figures = figures
        self._is_json = path.suffix.lower() in _JSON_ENDINGS
        self._csv = csv.writer(self, lineterminator="\n")
        if not self._is_json:
            columns = [f"working_set_{number}_{name}" for number, name in enumerate(programs, 1)]
            self._csv.writerow(["time_s", *figures, *columns])

    def write_row(self, time_100ns: int, values: Sequence[int], working_sets: Iterable[ProgramPages]) -> None:
        """One sample; an absent working set is an empty cell, or null."""
        if self._is_json:
            self.write(self._json_line(time_100ns, values, working_sets))
        else:
            self._csv.writerow([_seconds_text(time_100ns), *values, *(row.pages for row in working_sets)])

    def _json_line(self, time_100ns: int, values: Sequence[int], working_sets: Iterable[ProgramPages]) -> str:
        fields: dict[str, object] = {"time_s": time_100ns / _SECOND_100NS}
        fields.update(zip(self._figures, values, strict=True))
        fields["working_sets"] = [
            {"program": row.program, "process": row.process_id, "pages": row.pages} for row in working_sets
        ]
        return json.dumps(fields, separators=(",", ":")) + "\n"


def _seconds_text(time_100ns: int) -> str:
    """Exact to the last unit of 100 ns, so that equal runs make equal files on every host."""
    return f"{time_100ns // _SECOND_100NS}.{time_100ns % _SECOND_100NS:07d}"
