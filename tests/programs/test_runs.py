"""The sample programs on a simulated machine: each finds all it verifies as Windows would have it."""

import io
import os
from pathlib import Path

import pytest

from ntmm.runner.options import RunOptions
from ntmm.runner.run import run_program

PROGRAMS = Path(__file__).parents[2] / "programs" / "bin"
BUILT = sorted(f"{path.parent.name}/{path.name}" for path in PROGRAMS.glob("*/*.exe"))

ARGUMENTS = {
    "hello.exe": ("one", "two words"),
    "touch.exe": ("2", "2"),
    "sieve.exe": ("10000", "2"),
    "syscall.exe": ("1000",),
}
"""So that a test takes well under a second."""

DEATHS = {
    "av": 0xC0000005,
    "div": 0xC0000094,
    "guard": 0x80000001,
    "ud2": 0xC000001D,
    "stack": 0xC00000FD,
    "own": 0xE0001234,
}


def play(name: str, arguments: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    monkeypatch.chdir(folder)
    output = io.BytesIO()
    report = run_program(RunOptions(PROGRAMS / name, arguments, standard_output=output, standard_error=io.BytesIO()))
    return report.exit_status & 0xFFFFFFFF, output.getvalue().decode("ascii").replace("\r\n", "\n")


@pytest.mark.parametrize("name", [name for name in BUILT if not name.endswith("/unhandled.exe")])
def test_does_the_program_find_what_it_verifies(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, output = play(name, ARGUMENTS.get(os.path.basename(name), ()), tmp_path, monkeypatch)
    assert [line for line in output.splitlines() if line.startswith("FAIL")] == []
    assert status == 0, output
    assert output
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


@pytest.mark.parametrize("architecture", ["x86", "x64"])
@pytest.mark.parametrize("kind", sorted(DEATHS))
def test_is_an_unhandled_exceptions_status_the_exit_code(
    architecture: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, output = play(f"{architecture}/unhandled.exe", (kind,), tmp_path, monkeypatch)
    assert output == f"about to die: {kind}\n"
    assert status == DEATHS[kind]


@pytest.mark.parametrize("architecture", ["x86", "x64"])
def test_does_a_missing_function_end_the_program_only_when_called(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, output = play(f"{architecture}/missing.exe", ("call",), tmp_path, monkeypatch)
    assert output == "GetTapeStatus is imported\n"
    assert status == 0xC0000002, "STATUS_NOT_IMPLEMENTED"
