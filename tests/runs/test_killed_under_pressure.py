"""Is all that was flushed in the file when the machine is killed at a random moment, also while RAM is short?"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runs.running import sample
from tests.runs.test_killed import PAGE, SRC, rounds_of

PAGES = 1500
"""More than the RAM of 4 MB."""


def flushes(text: str) -> dict[int, int]:
    """The last round that was told to be flushed, by page; a line that the kill cut off counts for nothing."""
    last: dict[int, int] = {}
    for line in text.splitlines(keepends=True):
        found = re.match(r"flushed (\d+) (\d+) (\d+)\r?\n", line)
        if found is not None:
            turn, first, count = (int(word) for word in found.groups())
            last.update(dict.fromkeys(range(first, first + count), turn))
    return last


@pytest.mark.parametrize("seed", range(6))
def test_is_every_flushed_page_in_the_file(seed: int, own_folder: Path) -> None:
    moment = random.Random(seed)
    folder = ("x86", "x64")[seed % 2]
    command = [sys.executable, "-m", "ntmm", "run", "--ram", "4M", str(sample(folder, "flush"))]
    words = ["f.bin", "1000000", str(PAGES)]
    told = own_folder / "told.txt"
    with (
        told.open("wb") as output,
        subprocess.Popen(
            [*command, *words],
            stdout=output,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(SRC)},
        ) as running,
    ):
        patience = time.monotonic() + 60
        while told.stat().st_size < 300 and running.poll() is None and time.monotonic() < patience:
            time.sleep(0.01)
        time.sleep(moment.uniform(0, 0.7))
        assert running.poll() is None
        running.send_signal(signal.SIGKILL)
    last = flushes(told.read_text(encoding="ascii", errors="replace"))
    data = (own_folder / "f.bin").read_bytes()
    assert (len(data), bool(last)) == (PAGES * PAGE, True)
    for page, turn in last.items():
        assert min(rounds_of(data, page)) >= turn, f"page {page} was flushed in round {turn}"
