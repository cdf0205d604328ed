"""Address windowing and large pages in programs, with the privilege and without it."""

from pathlib import Path

import pytest

from ntmm.cli import main
from ntmm.runner.options import ProgramLine
from tests.runs.running import MACHINES, run, sample

MB = 1 << 20
PLACES = pytest.mark.parametrize(("folder", "architecture"), [*MACHINES, ("x86", "x86")])


@PLACES
def test_does_every_check_of_the_sample_pass(folder: str, architecture: str) -> None:
    program = sample(folder, "windows")
    finished = run(program, architecture=architecture, ram=32 * MB, granted=("SeLockMemoryPrivilege",))
    assert "FAIL" not in finished.output, finished.output
    assert finished.output.endswith("all 47 checks passed\n")
    assert finished.report.exit_status == 0


@pytest.mark.parametrize(("folder", "architecture"), [("x86", "pae"), ("x64", "x64")])
def test_do_ten_programs_own_more_than_32_bits_address(folder: str, architecture: str) -> None:
    """On a machine of 64 GB, all at the same time; the first takes the RAM up to 4 GB, so that the rest lies beyond."""
    program = sample(folder, "awe")
    others = [ProgramLine(program, ("48", str(number))) for number in range(1, 10)]
    finished = run(
        program,
        "4096",
        "0",
        architecture=architecture,
        ram=64 << 30,
        granted=("SeLockMemoryPrivilege",),
        others=others,
        checking=False,
    )
    assert "FAIL" not in finished.output, finished.output
    assert finished.output.count("all 7 checks passed") == 10
    assert finished.output.count("pages beyond 4 GB: yes") == 10
    assert finished.report.exit_status == 0


def test_is_the_privilege_not_there_unless_it_was_granted() -> None:
    finished = run(sample("x86", "windows"), ram=32 * MB)
    assert "FAIL  the privilege is enabled" in finished.output


@pytest.mark.parametrize(("name", "hint"), [("LockMemory", "did you mean SeLockMemoryPrivilege?"), ("", "is not the")])
def test_is_an_unknown_privilege_refused(name: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    program = str(Path(sample("x86", "hello")))
    assert main(["run", "--grant", name, program]) == 2
    error = capsys.readouterr().err
    assert hint in error and error.endswith("(--grant)\n") and error.count("\n") == 1


def test_does_the_debugger_name_such_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    script = "bp GetLargePageMinimum; bp VirtualLock; g; !vad; g; g; !vad; g"
    program = str(Path(sample("x86", "windows")))
    assert main(["kd", "--grant", "SeLockMemoryPrivilege", "--script", script, program]) == 0
    details = [line.split()[-1] for line in capsys.readouterr().out.splitlines() if " Private " in line]
    assert details.count("AWE") == 1 and details.count("LargePages") == 1
