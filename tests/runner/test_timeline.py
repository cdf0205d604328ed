"""Does a time line have a row for each interval of virtual time, in both forms, and nothing of the host?"""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ntmm.runner.machine import Machine
from ntmm.runner.session import SessionManager
from ntmm.runner.timeline import FIGURES, start_timeline

MILLISECOND = 10_000


@dataclass
class FakeMachine:
    """A clock with timers, and statistics that count how often they were asked for."""

    now: int = 0
    asked: int = 0
    timers: list[tuple[int, Callable[[], None]]] = field(default_factory=list)

    @property
    def kernel(self) -> Any:
        return SimpleNamespace(
            clock=SimpleNamespace(uptime_100ns=lambda: self.now),
            scheduler=SimpleNamespace(call_at=lambda due, callback: self.timers.append((due, callback))),
            mm=SimpleNamespace(statistics=self.statistics),
        )

    def statistics(self) -> Any:
        self.asked += 1
        return SimpleNamespace(**{name: self.asked * 100 + number for number, name in enumerate(FIGURES)})

    def advance(self, milliseconds: int) -> None:
        """Lets time pass; timers come due one after another, or late when the whole step is one jump."""
        self.now += milliseconds * MILLISECOND
        while self.timers and self.timers[0][0] <= self.now:
            self.timers.pop(0)[1]()


def process(number: int, pages: int, deleted: bool = False) -> Any:
    space = SimpleNamespace(deleted=deleted, working_set=SimpleNamespace(count=pages))
    return SimpleNamespace(id=number, space=space)


def record(path: Path, machine: FakeMachine, session: Any, steps: list[int], interval: int = 100) -> None:
    with start_timeline(cast("Machine", machine), cast("SessionManager", session), path, interval):
        for step in steps:
            machine.advance(step)


def session_of(*names: str, loaded: tuple[Any, ...] = ()) -> Any:
    return SimpleNamespace(program_names=list(names), processes=list(loaded))


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="") as stream:
        return list(csv.reader(stream))


def test_is_there_a_row_for_each_interval_and_one_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    record(path, FakeMachine(), session_of("a.exe"), [50, 50, 100, 30])
    times = [row[0] for row in rows_of(path)[1:]]
    assert times == ["0.0000000", "0.1000000", "0.2000000", "0.2300000"]


def test_does_a_long_step_of_the_clock_make_one_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    record(path, FakeMachine(), session_of("a.exe"), [350, 50])
    assert [row[0] for row in rows_of(path)[1:]] == ["0.0000000", "0.3500000", "0.4000000"]


def test_is_the_interval_the_one_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    record(path, FakeMachine(), session_of("a.exe"), [7, 7, 7], interval=7)
    assert [row[0] for row in rows_of(path)[1:]] == ["0.0000000", "0.0070000", "0.0140000", "0.0210000"]


def test_does_csv_name_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    record(path, FakeMachine(), session_of("a.exe", "b,c.exe"), [])
    head, first = rows_of(path)
    assert head == ["time_s", *FIGURES, "working_set_1_a.exe", "working_set_2_b,c.exe"]
    assert first == ["0.0000000", *(str(100 + number) for number in range(len(FIGURES))), "", ""]


def test_is_a_working_set_empty_before_its_process_and_after_its_memory(tmp_path: Path) -> None:
    path, machine, session = tmp_path / "t.csv", FakeMachine(), session_of("a.exe", "b.exe")
    with start_timeline(cast("Machine", machine), cast("SessionManager", session), path, 100):
        session.processes.append(process(8, 40))
        machine.advance(100)
        session.processes.append(process(12, 50))
        machine.advance(100)
        session.processes[0] = process(8, 0, deleted=True)
        machine.advance(100)
    assert [row[-2:] for row in rows_of(path)[1:]] == [["", ""], ["40", ""], ["40", "50"], ["", "50"]]


@pytest.mark.parametrize("name", ["t.json", "t.jsonl", "t.JSONL"])
def test_are_lines_of_json_written_where_the_name_says_so(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    record(path, FakeMachine(), session_of("a.exe", "b.exe", loaded=(process(8, 40),)), [100])
    first, second = [json.loads(line) for line in path.read_text().splitlines()]
    assert first == {
        "time_s": 0.0,
        **{figure: 100 + number for number, figure in enumerate(FIGURES)},
        "working_sets": [
            {"program": "a.exe", "process": 8, "pages": 40},
            {"program": "b.exe", "process": None, "pages": None},
        ],
    }
    assert second["time_s"] == 0.1


def test_does_the_file_appear_only_when_it_is_whole(tmp_path: Path) -> None:
    path, machine = tmp_path / "t.csv", FakeMachine()
    with start_timeline(cast("Machine", machine), cast("SessionManager", session_of("a.exe")), path, 100):
        assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv.partial"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv"]
