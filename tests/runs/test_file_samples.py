"""Do programs get from files, pipes and jobs what Windows' documentation promises?"""

from pathlib import Path

import pytest

from tests.runs.running import MACHINES, run, sample

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)


@PLACES
@pytest.mark.parametrize("name", ["requests", "pipes", "jobs", "native", "command", "overlapped", "newer"])
def test_does_the_sample_find_everything_right(name: str, folder: str, architecture: str, own_folder: Path) -> None:
    program = own_folder / f"{name}.exe"
    program.write_bytes(sample(folder, name).read_bytes())
    finished = run(program, architecture=architecture)
    assert "FAIL" not in finished.output, finished.output
    assert "checks passed" in finished.output
    assert finished.report.exit_status == 0, finished.output
    assert finished.report.unexplained_faults == 0


def test_do_completion_routines_run_while_memory_is_short() -> None:
    finished = run(sample("x86", "requests"), ram=4 << 20)
    assert "FAIL" not in finished.output, finished.output
    assert finished.report.exit_status == 0, finished.output
