"""Does a program with four times the RAM find every byte, for each size of RAM, policy and architecture?

The whole matrix takes many minutes: `make property` sets NTMM_MATRIX for it; otherwise a part of it runs.
"""

import os
import re

import pytest

from ntmm.nt.profile import PagingFileSize
from ntmm.runner.options import ProgramLine
from tests.runs.running import Finished, run, sample

MB = 1 << 20
WHOLE = "NTMM_MATRIX" in os.environ

FOLDERS = ("x86", "x64")
POLICIES = ("fifo", "clock", "ageing")
SIZES = (8, 16, 32)

CELLS = [(folder, megabytes, policy) for megabytes in SIZES for policy in POLICIES for folder in FOLDERS]
PART = [("x86", 8, "clock"), ("x64", 8, "fifo")]

TRIPLES = CELLS
PART_OF_TRIPLES = [("x86", 8, "ageing")]


def paged(folder: str, megabytes: int, policy: str, programs: int, times: int = 4) -> Finished:
    """A run of programs that each use so many times the RAM at once, with a paging file that has room."""
    size = (times * programs * megabytes + 32) * MB
    finished = run(
        sample(folder, "paging"),
        f"{times}x",
        ram=megabytes * MB,
        replacement=policy,
        paging_files=(PagingFileSize(size, size),),
        others=[ProgramLine(sample(folder, "paging"), [f"{times}x"])] * (programs - 1),
    )
    assert finished.report.unexplained_faults == 0
    return finished


@pytest.mark.parametrize(("folder", "megabytes", "policy"), CELLS if WHOLE else PART)
def test_is_four_times_the_ram_what_was_written(folder: str, megabytes: int, policy: str) -> None:
    finished = paged(folder, megabytes, policy, programs=1)
    assert "FAIL" not in finished.output, finished.output
    assert f"{4 * megabytes} MB in {1024 * megabytes} pages; RAM has {megabytes} MB" in finished.output
    assert re.fullmatch("ok [0-9A-F]{8}", finished.output.splitlines()[-1])
    assert finished.report.exit_status == 0
    memory = finished.report.memory
    assert memory is not None and memory.hard_faults > 256 * megabytes  # most of three times RAM, in clusters of 8


@pytest.mark.parametrize(("folder", "megabytes", "policy"), TRIPLES if WHOLE else PART_OF_TRIPLES)
def test_do_three_such_programs_at_once_find_theirs(folder: str, megabytes: int, policy: str) -> None:
    finished = paged(folder, megabytes, policy, programs=3, times=4 if WHOLE else 2)
    assert "FAIL" not in finished.output, finished.output
    assert len(re.findall("^ok [0-9A-F]{8}$", finished.output, re.MULTILINE)) == 3
    assert [row.exit_status for row in finished.report.processes] == [0, 0, 0]
