"""Does the time line of a run agree with itself and with the report, and is it the same every time?"""

import csv
from pathlib import Path

from tests.runs.running import run, sample

STATES = ("zeroed", "free", "standby", "modified", "modified_no_write", "transition", "active", "bad")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_is_every_page_in_one_state_in_every_row(own_folder: Path) -> None:
    run(sample("x86", "touch"), "4", "2", timeline=own_folder / "t.csv", timeline_interval=10)
    rows = rows_of(own_folder / "t.csv")
    assert len(rows) > 2
    assert len({sum(int(row[state]) for state in STATES) for row in rows}) == 1
    assert all(int(row["commit"]) <= int(row["commit_limit"]) for row in rows)


def test_are_rows_an_interval_apart_and_the_last_one_at_the_end(own_folder: Path) -> None:
    report = run(sample("x86", "touch"), "4", "2", timeline=own_folder / "t.csv", timeline_interval=10).report
    times = [float(row["time_s"]) for row in rows_of(own_folder / "t.csv")]
    assert times[0] == 0
    assert times == sorted(set(times))
    assert times[-1] == report.virtual_time_100ns / 10_000_000


def test_is_the_largest_sample_no_larger_than_the_peak(own_folder: Path) -> None:
    report = run(sample("x86", "touch"), "4", "2", timeline=own_folder / "t.csv", timeline_interval=1).report
    sizes = [int(row["working_set_1_touch.exe"] or 0) for row in rows_of(own_folder / "t.csv")]
    assert 0 < max(sizes) <= report.peak_working_set


def test_do_two_runs_write_the_same_time_line(own_folder: Path) -> None:
    for name in ("a.csv", "b.csv"):
        run(sample("x64", "touch"), "4", "2", timeline=own_folder / name)
    assert (own_folder / "a.csv").read_bytes() == (own_folder / "b.csv").read_bytes()


def test_does_a_time_line_change_nothing_of_the_run(own_folder: Path) -> None:
    run(sample("x86", "touch"), "2", "2", events=own_folder / "without")
    run(sample("x86", "touch"), "2", "2", events=own_folder / "with", timeline=own_folder / "t", timeline_interval=1)
    assert (own_folder / "without").read_bytes() == (own_folder / "with").read_bytes()
