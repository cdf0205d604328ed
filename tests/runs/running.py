"""Running programs inside a test: streams in memory, the folder of the test as C:."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ntmm.runner.options import RunOptions
from ntmm.runner.report import RunReport
from ntmm.runner.run import run_program

PROGRAMS = Path(__file__).parents[2] / "programs" / "bin"

MACHINES = (("x86", "x86"), ("x86", "pae"), ("x64", "x64"))
"""(folder of the program, architecture of the machine)."""


@dataclass(frozen=True)
class Finished:
    """A run that has ended."""

    report: RunReport
    output: str
    error: str


def sample(folder: str, name: str) -> Path:
    """A committed sample program."""
    return PROGRAMS / folder / f"{name}.exe"


def run(program: Path, *arguments: str, architecture: str = "auto", ram: int = 64 << 20, **more: object) -> Finished:
    """Runs a program with the books audited at its end; output is decoded and its line ends made plain."""
    output, error = io.BytesIO(), io.BytesIO()
    words: Sequence[str] = arguments
    options = RunOptions(
        program=program,
        arguments=words,
        ram=ram,
        architecture=architecture,
        checking=bool(more.pop("checking", True)),
        standard_input=io.BytesIO(),
        standard_output=output,
        standard_error=error,
        **more,  # type: ignore[arg-type]
    )
    report = run_program(options)
    return Finished(report, _text(output), _text(error))


def _text(stream: io.BytesIO) -> str:
    return stream.getvalue().decode("cp1252").replace("\r\n", "\n")
