"""Is everything that a program was told to be flushed in the file when the machine itself is killed?"""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs.running import sample

PAGE = 4096
SRC = Path(__file__).parents[2] / "src"


def kill_after(lines: int, folder: str) -> list[str]:
    """Runs `flush` in a process of its own and kills it once it has told of so many flushes."""
    program = str(sample(folder, "flush"))
    command = [sys.executable, "-m", "ntmm", "run", program, "f.bin", "1000000", "200"]
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    ) as running:
        assert running.stdout is not None
        told = []
        for line in running.stdout:
            told.append(line)
            if len(told) > lines:
                break
        running.kill()
        told += running.stdout.readlines()
    return told


def rounds_of(data: bytes, page: int) -> tuple[int, int]:
    """The rounds that the records at both ends of a page tell; each record must be whole."""
    rounds = []
    for at in (page * PAGE, (page + 1) * PAGE - 16):
        mark, turn, number, total = struct.unpack("<4s3I", data[at : at + 16])
        assert (mark, number, total) == (b"NTMM", page, turn + page)
        rounds.append(turn)
    return rounds[0], rounds[1]


@pytest.mark.parametrize(("lines", "folder"), [(3, "x86"), (41, "x64"), (160, "x86"), (503, "x64")])
def test_is_in_the_file_what_was_flushed_before_the_kill(lines: int, folder: str, own_folder: Path) -> None:
    last: dict[int, int] = {}
    for line in kill_after(lines, folder):
        found = re.match(r"flushed (\d+) (\d+) (\d+)$", line)
        if found is not None:
            turn, first, count = (int(text) for text in found.groups())
            last.update(dict.fromkeys(range(first, first + count), turn))
    data = (own_folder / "f.bin").read_bytes()
    assert (len(data), bool(last)) == (200 * PAGE, True)
    for page, turn in last.items():
        first_round, last_round = rounds_of(data, page)
        assert min(first_round, last_round) >= turn, f"page {page} was flushed in round {turn}"
