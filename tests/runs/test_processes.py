"""Do programs start programs, talk to them, and is all of it accounted for?"""

import io
from collections import Counter
from pathlib import Path

import pytest

from ntmm.kernel.ps import Process
from ntmm.runner.machine import Machine
from ntmm.runner.render import print_report
from tests.runs.running import MACHINES, run, sample

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)


@PLACES
def test_does_a_program_start_itself(folder: str, architecture: str) -> None:
    finished = run(sample(folder, "process"), architecture=architecture)
    assert "FAIL" not in finished.output, finished.output
    assert "written by the child" in finished.output
    report = finished.report
    assert (report.exit_status, report.ending_status) == (0, 0), finished.output
    assert report.unexplained_faults == 0
    assert report.eager_pages == ()
    first, *children = report.processes
    assert {row.parent_id for row in children} == {first.process_id}
    assert Counter(row.exit_status for row in children)[0xC0000005] == 1
    assert sum(row.page_fault_count for row in report.processes) == sum(row.count for row in report.faults)


@PLACES
def test_do_server_and_client_talk_over_ports(folder: str, architecture: str) -> None:
    finished = run(sample(folder, "lpc"), architecture=architecture)
    assert "FAIL" not in finished.output, finished.output
    assert finished.output.count("PASS  client") == 16, finished.output
    assert finished.report.exit_status == 0, finished.output


def test_do_ports_work_without_sections_and_with_little_memory() -> None:
    for words, ram in ((["short"], 64 << 20), ([], 4 << 20)):
        finished = run(sample("x86", "lpc"), *words, ram=ram)
        assert "FAIL" not in finished.output, finished.output
        assert finished.report.exit_status == 0, finished.output


def test_does_a_machine_of_little_memory_suffice() -> None:
    finished = run(sample("x86", "process"), ram=4 << 20)
    assert "FAIL" not in finished.output, finished.output
    assert finished.report.exit_status == 0, finished.output


def test_is_the_memory_of_children_returned_as_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    alive: list[int] = []
    load = Machine.load

    def watch(machine: Machine, *arguments: object) -> Process:
        delete = machine.kernel.ps.delete_process

        def watched(gone: Process) -> None:
            delete(gone)
            alive.append(len(machine.kernel.mm.spaces))

        monkeypatch.setattr(machine.kernel.ps, "delete_process", watched)
        return load(machine, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Machine, "load", watch)
    children = len(run(sample("x86", "process")).report.processes) - 1
    assert len(alive) >= children
    assert max(alive) <= 2


def test_does_the_report_name_parents_only_where_there_are_children() -> None:
    stream = io.StringIO()
    print_report(run(sample("x86", "process")).report, stream)
    row = next(line for line in stream.getvalue().splitlines() if " 1234" in line)
    assert row.split()[:3] == ["process.exe", "32", "8"]


def test_are_two_runs_with_children_the_same() -> None:
    first, second = (run(sample("x64", "process")) for _ in range(2))
    assert first.output == second.output
    assert first.report.processes == second.report.processes
    assert first.report.virtual_time_100ns == second.report.virtual_time_100ns


def test_does_a_program_of_the_drive_start(own_folder: Path) -> None:
    (own_folder / "bin").mkdir()
    (own_folder / "bin" / "process.exe").write_bytes(sample("x86", "process").read_bytes())
    finished = run(own_folder / "bin" / "process.exe")
    assert "FAIL" not in finished.output, finished.output
    assert finished.report.exit_status == 0


def test_is_the_output_of_children_limited_with_that_of_their_parents() -> None:
    report = run(sample("x86", "process"), output_limit=300).report
    assert report.stopped is not None and "300 bytes" in report.stopped
