"""Do the samples about paging do on every machine what they do on Windows, with less RAM than they use?"""

import re
from pathlib import Path

import pytest

from ntmm.nt.profile import PagingFileSize
from ntmm.runner.options import ProgramLine
from tests.runs.running import MACHINES, Finished, run, sample

MB = 1 << 20

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)


def assert_passed(finished: Finished) -> None:
    assert "FAIL" not in finished.output, finished.output
    assert "PASS" in finished.output, finished.output + finished.error
    assert finished.report.exit_status == 0, finished.output + finished.error
    assert finished.report.unexplained_faults == 0


@PLACES
@pytest.mark.parametrize("name", ["limits", "workset", "notify", "sleeper"])
def test_does_every_check_of_the_program_pass(name: str, folder: str, architecture: str) -> None:
    assert_passed(run(sample(folder, name), architecture=architecture, ram=32 * MB))


@PLACES
def test_is_memory_larger_than_ram_what_was_written(folder: str, architecture: str) -> None:
    finished = run(sample(folder, "paging"), "2x", architecture=architecture, ram=16 * MB)
    assert_passed(finished)
    assert "32 MB in 8192 pages; RAM has 16 MB" in finished.output
    assert finished.output.splitlines()[-1] == "ok 846AC4C2"


def test_does_the_program_say_what_it_needs_where_the_paging_file_is_too_small() -> None:
    finished = run(sample("x86", "paging"), "4x", ram=8 * MB)
    assert finished.report.exit_status == 1
    assert finished.output.splitlines()[-1] == (
        "FAIL  committing 32 MB: error 1455; it needs a larger paging file (ntmm run --pagefile 64M)"
    )


@PLACES
def test_is_memory_that_fits_read_without_any_paging(folder: str, architecture: str) -> None:
    finished = run(sample(folder, "paging"), "8", architecture=architecture, ram=64 * MB)
    assert_passed(finished)
    assert finished.output.splitlines()[-1].startswith("ok ")


def faults(folder: str, architecture: str, *arguments: str) -> int:
    finished = run(sample(folder, "fault_patterns"), *arguments, architecture=architecture, ram=32 * MB)
    assert finished.report.exit_status == 0, finished.output + finished.error
    found = re.search(r"(\d+) page faults", finished.output)
    assert found is not None, finished.output
    return int(found[1])


@PLACES
@pytest.mark.parametrize("how", [(), ("w",)])
def test_does_every_page_fault_once_where_there_is_room(folder: str, architecture: str, how: tuple[str, ...]) -> None:
    nothing = faults(folder, architecture, "0", "", *how)
    assert faults(folder, architecture, "0", "0123456789", *how) - nothing == 10
    assert faults(folder, architecture, "0", "0001110002220", *how) - nothing == 3


@PLACES
def test_does_the_sample_of_patterns_lock_all_but_its_ten_pages(folder: str, architecture: str) -> None:
    nothing = faults(folder, architecture, "4", "")
    assert faults(folder, architecture, "4", "0123" * 5) - nothing == 4


@PLACES
@pytest.mark.parametrize(
    ("policy", "frames", "string", "expected"),
    [
        ("fifo", "3", "012301401234", 9),
        ("fifo", "4", "012301401234", 10),
        ("clock", "3", "70120304230321201701", 14),
    ],
)
def test_do_textbook_strings_fault_as_often_as_the_textbook_says(
    folder: str, architecture: str, policy: str, frames: str, string: str, expected: int
) -> None:
    options = {"architecture": architecture, "ram": 32 * MB, "replacement": policy}
    finished = run(sample(folder, "fault_patterns"), frames, string, **options)  # type: ignore[arg-type]
    assert finished.output == f"{frames} frames, {len(string)} touches, {expected} page faults\n"


@PLACES
@pytest.mark.parametrize("policy", ["fifo", "clock", "ageing"])
def test_is_four_times_the_ram_what_was_written_under_every_policy(folder: str, architecture: str, policy: str) -> None:
    files = (PagingFileSize(40 * MB, 40 * MB),)
    options = {"architecture": architecture, "ram": 8 * MB, "replacement": policy, "paging_files": files}
    finished = run(sample(folder, "paging"), "4x", **options)  # type: ignore[arg-type]
    assert_passed(finished)
    assert finished.output.startswith("32 MB in 8192 pages; RAM has 8 MB")


@pytest.mark.parametrize("folder", ["x86", "x64"])
def test_do_three_programs_larger_than_ram_page_alike_in_every_run(folder: str, own_folder: Path) -> None:
    program, files = sample(folder, "paging"), (PagingFileSize(64 * MB, 64 * MB),)
    streams = []
    for name in ("first", "second"):
        others = [ProgramLine(program, ("10",)), ProgramLine(program, ("10",))]
        events = own_folder / name
        finished = run(program, "10", ram=8 * MB, paging_files=files, others=others, events=events)
        assert [row.exit_status for row in finished.report.processes] == [0, 0, 0], finished.output
        assert "FAIL" not in finished.output
        streams.append(events.read_bytes())
    assert streams[0] == streams[1]
