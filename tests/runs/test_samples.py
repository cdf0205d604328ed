"""Do the sample programs do on every machine what they do on Windows?"""

import json
from pathlib import Path

import pytest

from tests.runs.running import MACHINES, Finished, run, sample

CHECKING_PROGRAMS = {
    "counters": (),
    "files": (),
    "guard": (),
    "heap": (),
    "heap_misuse": (),
    "heap_rules": (),
    "image": (),
    "layout": (),
    "pairs": ("2000",),
    "protect": (),
    "relocate": (),
    "reserve_commit": (),
    "rewrite": (),
    "sieve": ("10000", "2"),
    "spin": (),
    "stack": (),
    "syscall": ("1000",),
    "touch": ("2", "2"),
    "veh": (),
    "watch": (),
}
"""Programs that verify what they see, with arguments that make them short."""

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)


@PLACES
@pytest.mark.parametrize("name", CHECKING_PROGRAMS)
def test_does_every_check_of_the_program_pass(name: str, folder: str, architecture: str) -> None:
    finished = run(sample(folder, name), *CHECKING_PROGRAMS[name], architecture=architecture)
    assert "FAIL" not in finished.output, finished.output
    assert "PASS" in finished.output, finished.output
    assert finished.report.exit_status == 0, finished.output + finished.error
    assert finished.report.unexplained_faults == 0


@PLACES
def test_does_a_program_get_its_arguments_and_print(folder: str, architecture: str) -> None:
    finished = run(sample(folder, "hello"), "one two", 'a"b', architecture=architecture)
    assert finished.report.exit_status == 0
    assert "one two" in finished.output
    assert 'a"b' in finished.output


@PLACES
@pytest.mark.parametrize(
    ("how", "status"),
    [
        ("av", 0xC0000005),
        ("div", 0xC0000094),
        ("guard", 0x80000001),
        ("ud2", 0xC000001D),
        ("stack", 0xC00000FD),
        ("own", 0xE0001234),
    ],
)
def test_is_an_unhandled_exception_the_exit_status(how: str, status: int, folder: str, architecture: str) -> None:
    assert run(sample(folder, "unhandled"), how, architecture=architecture).report.exit_status == status


@PLACES
def test_is_a_missing_function_harmless_until_it_is_called(folder: str, architecture: str) -> None:
    program = sample(folder, "missing")
    harmless = run(program, architecture=architecture).report
    assert harmless.exit_status == 0
    assert any(not row.called for row in harmless.missing_functions)
    called = run(program, "call", architecture=architecture).report
    assert called.exit_status == 0xC0000002
    assert any(row.called for row in called.missing_functions)


@PLACES
def test_does_every_touched_page_cost_one_demand_zero_fault(folder: str, architecture: str) -> None:
    def faults(megabytes: int) -> int:
        report = run(sample(folder, "touch"), str(megabytes), "1", architecture=architecture).report
        return sum(row.count for row in report.faults if row.kind == "demand_zero" and row.origin == "cpu")

    assert faults(8) - faults(4) == (4 << 20) // 4096


def _events(program: Path, target: Path, architecture: str) -> bytes:
    run(program, events=target, architecture=architecture)
    return target.read_bytes()


@PLACES
@pytest.mark.parametrize("name", ["hello", "spin", "veh"])
def test_do_two_runs_give_identical_event_streams(name: str, folder: str, architecture: str, own_folder: Path) -> None:
    streams = [_events(sample(folder, name), own_folder / f"{turn}.jsonl", architecture) for turn in range(2)]
    assert streams[0] == streams[1]
    kinds = {json.loads(line)["event"] for line in streams[0].splitlines()}
    assert {"Fault", "PteChange", "PageMoved", "VadChange", "ApiCall", "ImageMapped", "ProcessEnded"} <= kinds


@PLACES
def test_is_no_page_mapped_before_its_first_touch(folder: str, architecture: str) -> None:
    finished: Finished = run(sample(folder, "hello"), architecture=architecture)
    given = sum(row.count for row in finished.report.faults if row.kind not in ("stack_growth", "spurious"))
    assert finished.report.eager_pages == ()
    assert finished.report.private_pages + finished.report.image_pages <= given
