"""Does the sort with a binary search tree in two heaps sort on a small machine, and survive the end of memory?"""

import random
import string
from pathlib import Path

import pytest

from tests.runs.running import Finished, run, sample

FOLDERS = pytest.mark.parametrize("folder", ["x86", "x64"])
SMALL = 16 << 20
LINES = 200_000


def _lines(count: int, shortest: int, longest: int) -> list[str]:
    choice = random.Random(5)
    letters = string.ascii_lowercase + string.digits
    return ["".join(choice.choices(letters, k=choice.randint(shortest, longest))) for _ in range(count)]


def _sort(own_folder: Path, lines: list[str], folder: str, *options: str) -> Finished:
    (own_folder / "lines.txt").write_text("".join(f"{line}\n" for line in lines), "ascii")
    return run(sample(folder, "sort"), *options, "lines.txt", ram=SMALL)


@FOLDERS
def test_are_200000_lines_sorted_on_a_machine_of_16_megabytes(folder: str, own_folder: Path) -> None:
    """The two heaps of the 64-bit program are larger than the machine's memory: it pages."""
    lines = _lines(LINES, 4, 36)
    finished = _sort(own_folder, lines, folder)
    assert finished.report.exit_status == 0, finished.error
    assert "sort: 200000 lines; heaps, all valid: 1 before, 3 with both, 1 after" in finished.error
    assert finished.output.splitlines() == sorted(lines)
    if folder == "x64":
        assert finished.report.peak_commit * finished.report.page_size > SMALL


@FOLDERS
def test_does_the_end_of_memory_end_both_heaps(folder: str, own_folder: Path) -> None:
    """In a heap that cannot grow STATUS_NO_MEMORY is raised; the handler goes on, and both heaps are destroyed."""
    finished = _sort(own_folder, _lines(3000, 500, 700), folder, "-m", "0x100000")
    assert finished.report.exit_status == 2, finished.error
    assert "sort: exception 0xC0000017 after" in finished.error
    assert "heaps, all valid: 1 before, 3 with both, 1 after" in finished.error
    assert finished.output == ""
