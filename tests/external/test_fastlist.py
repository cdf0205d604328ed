"""Does fastlist, the lister of processes in npm's ps-list, tell of the machine's processes?"""

import io
from pathlib import Path

import pytest

from ntmm.runner.options import ProgramLine, RunOptions
from ntmm.runner.run import run_program
from tests.runs.running import sample

pytestmark = [pytest.mark.external, pytest.mark.parametrize(("name", "folder"), [("x86", "x86"), ("x64", "x64")])]


def test_does_it_list_itself_and_the_programs_beside_it(ps_list: Path, name: str, folder: str) -> None:
    output = io.BytesIO()
    program = ps_list / f"fastlist-0.3.0-{name}.exe"
    options = RunOptions(
        program=program,
        others=[ProgramLine(sample(folder, "sleeper"), [])],
        checking=True,
        standard_input=io.BytesIO(),
        standard_output=output,
        standard_error=io.BytesIO(),
    )
    report = run_program(options)
    rows = [line.split("\t") for line in output.getvalue().decode().splitlines() if "\t" in line]
    assert report.exit_status == 0
    assert [row[2] for row in rows] == [program.name, "sleeper.exe"]
    assert [int(row[0]) for row in rows] == [process.process_id for process in report.processes]
