"""(d) Start-up of the command, and booting a huge machine against a small one."""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.result import Result, best_of, seconds
from ntmm.kernel.boot import Kernel
from ntmm.kernel.io.volume import Volume
from ntmm.nt.profile import SystemProfile

PROGRAMS = Path(__file__).parent.parent / "programs" / "bin"


def measure() -> list[Result]:
    """`ntmm run hello.exe` beside an empty Python process, for both kinds of program; 1 TB beside 64 MB."""
    results = []
    for folder in ("x86", "x64"):
        program = PROGRAMS / folder / "hello.exe"
        run = [sys.executable, "-m", "ntmm", "run", "--report", "none", str(program)]
        ours, empty = best_of(5, lambda r=run: _process(r), lambda: _process([sys.executable, "-c", "pass"]))
        results.append(Result(f"(d) start-up of hello.exe, {folder}", ours, empty, "s", ours / empty))
    huge, small = best_of(9, lambda: _boot(1 << 40), lambda: _boot(64 << 20))
    results.append(Result("(d) boot of 1 TB against 64 MB", huge * 1e3, small * 1e3, "ms", huge / small, at_most=1.2))
    return results


def _process(command: list[str]) -> float:
    return seconds(lambda: subprocess.run(command, check=True, capture_output=True))


def _boot(ram: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        volume = Volume(Path(folder))
        kernels: list[Kernel] = []
        taken = seconds(lambda: kernels.append(Kernel(SystemProfile(architecture="x64", ram=ram), volume)))
        kernels[0].close()
        volume.close()
        return taken
