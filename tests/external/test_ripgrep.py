"""Does ripgrep from its wheels find what its own build for the host finds?"""

import subprocess
from pathlib import Path

import pytest

from tests.external.conftest import WINDOWS
from tests.external.registries import program
from tests.runs.running import run

pytestmark = [pytest.mark.external, pytest.mark.parametrize("platform", WINDOWS)]

HOST = "manylinux2014_x86_64"


@pytest.mark.parametrize(
    "words",
    [
        ("-n", r"function \w+\(", "three.module.js"),
        ("-c", "--no-mmap", "return", "three.module.js"),
        ("--json", "-i", "webgl2", "three.module.js"),
        ("nothing-like-this", "three.module.js"),
    ],
    ids=["lines", "count", "json", "none"],
)
def test_does_it_find_the_same_lines(
    ripgrep: dict[str, Path], three: Path, platform: str, words: tuple[str, ...], own_folder: Path
) -> None:
    (own_folder / "three.module.js").write_bytes((three / "build" / "three.module.js").read_bytes())
    command = [str(program(ripgrep[HOST], "rg")), *words]
    expected = subprocess.run(command, capture_output=True, check=False, timeout=60)
    finished = run(program(ripgrep[platform], "rg.exe"), *words)
    assert finished.report.exit_status == expected.returncode, finished.error
    assert without_times(finished.output) == without_times(expected.stdout.decode())
    assert finished.report.unexplained_faults == 0


def without_times(output: str) -> list[str]:
    """The last two objects of --json tell how long everything took."""
    return [line for line in output.splitlines() if '"elapsed' not in line]
