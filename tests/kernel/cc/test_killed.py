"""Is everything that was flushed in the file when the host's process is killed?"""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

RECORD = 5000

PROGRAM = """
import sys
from pathlib import Path
from tests.kernel.cc.machine import CachedMachine

way, folder = sys.argv[1], Path(sys.argv[2])
machine = CachedMachine("pae", folder)
file = machine.open("a")
file.set_size(200 * 5000)
process = machine.new_process()
base = machine.map(process, file)
for number in range(200):
    record = bytes([number + 1]) * 5000
    if way == "file":
        file.write(number * 5000, record)
        file.flush()
    else:
        process.space.memory.write(base + number * 5000, record)
        machine.mm.flush_view(process, base + number * 5000, 5000)
    print(number, flush=True)
    file.write(number * 5000 + 2500, record[2500:])
"""


@pytest.mark.parametrize("way", ["file", "view"])
@pytest.mark.parametrize("seed", range(3))
def test_is_what_was_flushed_in_the_file_after_a_kill(tmp_path: Path, way: str, seed: int) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", PROGRAM, way, str(tmp_path)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        wanted = Random(seed).randrange(1, 150)
        for line in child.stdout:
            if int(line) >= wanted:
                break
        child.kill()
        flushed = wanted + 1 + len(child.stdout.read().split())
    data = (tmp_path / "a").read_bytes()
    for number in range(flushed):
        assert data[number * RECORD : (number + 1) * RECORD] == bytes([number + 1]) * RECORD
