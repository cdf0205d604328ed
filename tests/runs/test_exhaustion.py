"""Does a program that asks for memory until there is none see its calls refused, and go on?"""

import pytest

from ntmm.nt.profile import PagingFileSize
from tests.runs.running import MACHINES, run, sample

CHECKS = 17
MB = 1 << 20
NONE: tuple[PagingFileSize, ...] = ()
FULL = (PagingFileSize(2 * MB, 3 * MB),)


@pytest.mark.parametrize(("ram", "files"), [(8 * MB, NONE), (16 * MB, NONE), (8 * MB, FULL)])
@pytest.mark.parametrize(("folder", "architecture"), MACHINES)
def test_does_a_program_outlive_the_end_of_memory(
    folder: str, architecture: str, ram: int, files: tuple[PagingFileSize, ...]
) -> None:
    finished = run(sample(folder, "exhaust"), architecture=architecture, ram=ram, paging_files=files)
    assert "FAIL" not in finished.output, finished.output
    assert finished.output.splitlines()[-1] == f"all {CHECKS} checks passed"
    assert finished.report.exit_status == 0
