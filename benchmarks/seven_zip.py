"""(g) 7za packs a file: the share of the time that the processor's engine works, with plenty of RAM and with 24 MB.

The program comes from the npm registry; without it there are no figures, which is said. With 24 MB the dictionary is
chosen so that the working set fits.
"""

import io
import os
import random
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.result import Result, seconds
from ntmm.hw.cpu import processor
from ntmm.runner.options import RunOptions
from ntmm.runner.run import run_program

PACKAGE = "7zip-bin@5.2.0"
SHARE = 0.7
MB = 1 << 20
CASES = ((64, "-md=2m"), (24, "-md=512k"))
"""(MB of RAM, option for the dictionary)."""


def measure() -> list[Result]:
    """One row for each machine and amount of RAM."""
    with tempfile.TemporaryDirectory() as folder:
        programs = _fetch(Path(folder))
        if programs is None:
            print(f"no figures of 7za: npm cannot fetch {PACKAGE}", file=sys.stderr)
            return []
        cases = [(name, ram, option) for name in ("ia32", "x64") for ram, option in CASES]
        return [_share(programs / name / "7za.exe", ram, option) for name, ram, option in cases]


def _fetch(folder: Path) -> Path | None:
    try:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, timeout=300)  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return None
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        packed.extractall(folder, filter="data")
    return folder / "package" / "win"


def _share(program: Path, ram: int, option: str) -> Result:
    with tempfile.TemporaryDirectory() as folder, chdir(folder), _engine_time() as spent:
        _make_input(Path(folder) / "input.bin")
        whole = seconds(lambda: _pack(program, ram, option))
    name = f"(g) 7za packs, {program.parent.name}, {ram} MB: engine's share"
    return Result(name, spent[0], whole, "s", spent[0] / whole, at_least=SHARE)


def _make_input(path: Path) -> None:
    source = random.Random(3)  # noqa: S311 - the same bytes every time
    words = [source.randbytes(source.randint(2, 9)).hex().encode() for _ in range(3000)]
    path.write_bytes(b" ".join(source.choices(words, k=200_000)))


def _pack(program: Path, ram: int, option: str) -> None:
    options = RunOptions(
        program,
        ("a", "-mx=5", option, "-mmt=1", "packed.7z", "input.bin"),
        ram=ram * MB,
        standard_input=open(os.devnull, "rb"),  # noqa: SIM115 - a stream for the run
        standard_output=io.BytesIO(),
        standard_error=io.BytesIO(),
    )
    report = run_program(options)
    assert report.exit_status == 0, "7za failed"


@contextmanager
def _engine_time() -> Iterator[list[float]]:
    """Seconds inside the engine while the context lasts, in a list of one."""
    spent, start = [0.0], processor._START

    def timed(*arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return start(*arguments)
        finally:
            spent[0] += time.perf_counter() - began

    processor._START = timed  # type: ignore[assignment]
    try:
        yield spent
    finally:
        processor._START = start
