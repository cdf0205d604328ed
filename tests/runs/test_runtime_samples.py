"""Do threads, the thread pool and the C run-time do on every machine what they do on Windows?"""

from pathlib import Path

import pytest

from tests.runs.running import MACHINES, run, sample

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)


@PLACES
@pytest.mark.parametrize("name", ["threads", "pool", "runtime"])
def test_does_every_check_of_the_program_pass(name: str, folder: str, architecture: str, own_folder: Path) -> None:
    finished = run(sample(folder, name), architecture=architecture)
    assert "FAIL" not in finished.output, finished.output
    assert "PASS" in finished.output, finished.output + finished.error
    assert finished.report.exit_status == 0, finished.output + finished.error
    assert finished.report.unexplained_faults == 0
    assert finished.report.missing_functions == ()
    assert not list(own_folder.iterdir()), "the program left files behind"


@pytest.mark.parametrize("name", ["threads", "pool"])
def test_is_every_run_the_same(name: str) -> None:
    first, second = (run(sample("x86", name)).report for _ in range(2))
    assert (first.virtual_time_100ns, first.faults, first.system_calls) == (
        second.virtual_time_100ns,
        second.faults,
        second.system_calls,
    )
