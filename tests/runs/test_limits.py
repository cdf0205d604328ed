"""Do limits, overlays and refusals hold?"""

from pathlib import Path

import pytest

from ntmm.runner.errors import UserError
from tests.runs.running import run, sample


@pytest.mark.parametrize("folder", ["x86", "x64"])
def test_does_the_time_limit_stop_a_program_that_never_traps(folder: str) -> None:
    finished = run(sample(folder, "sieve"), "5000000", "100000", time_limit=1.0)
    assert finished.report.stopped is not None
    assert "time limit" in finished.report.stopped


def test_does_the_output_limit_stop_a_program() -> None:
    finished = run(sample("x86", "hello"), output_limit=3)
    assert len(finished.output) == 3
    assert finished.report.stopped is not None


def test_are_all_writes_kept_in_the_overlay(own_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    overlay = tmp_path_factory.mktemp("overlay")
    finished = run(sample("x64", "files"), overlay=overlay)
    assert finished.report.exit_status == 0, finished.output
    assert list(own_folder.iterdir()) == []


def test_is_a_program_too_large_for_the_machine_refused_with_a_sentence() -> None:
    finished = run(sample("x86", "touch"), "64", "1", ram=16 << 20)
    assert finished.report.exit_status != 0


def test_is_a_program_of_the_other_width_refused() -> None:
    with pytest.raises(UserError, match="64-bit program"):
        run(sample("x64", "hello"), architecture="pae")
