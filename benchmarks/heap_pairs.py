"""(h) Pairs of HeapAlloc and HeapFree of small blocks, against system calls: the front end needs no trap."""

import io
import os
import tempfile
from contextlib import chdir
from pathlib import Path

from benchmarks.result import Result, best_of, seconds
from ntmm.runner.options import RunOptions
from ntmm.runner.run import run_program

PROGRAMS = Path(__file__).parent.parent / "programs" / "bin"
PAIRS = 1_000_000
CALLS = 50_000
ROUNDS = 9


def measure() -> list[Result]:
    """Both rates for both bit widths, of the round whose ratio is the middle one; a run with a count of 0 is taken off.

    The two sides of a round are measured in turn, so that a host that is slower for a while slows both.
    """
    results = []
    for folder in ("x86", "x64"):
        rates = sorted((_rates(folder) for _ in range(ROUNDS)), key=lambda rates: rates[0] / rates[1])
        pairs, calls = rates[ROUNDS // 2]
        name = f"(h) heap pairs to system calls, {folder}"
        results.append(Result(name, pairs, calls, "1/s", pairs / calls, at_least=20))
    return results


def _rates(folder: str) -> tuple[float, float]:
    """Pairs and calls a second."""
    pairs, no_pairs, calls, no_calls = best_of(
        2,
        lambda: _run(folder, "pairs", PAIRS),
        lambda: _run(folder, "pairs", 0),
        lambda: _run(folder, "syscall", CALLS),
        lambda: _run(folder, "syscall", 0),
    )
    return PAIRS / (pairs - no_pairs), CALLS / (calls - no_calls)


def _run(folder: str, name: str, count: int) -> float:
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        options = RunOptions(
            PROGRAMS / folder / f"{name}.exe",
            (str(count),),
            standard_input=open(os.devnull, "rb"),  # noqa: SIM115 - a stream for the run
            standard_output=io.BytesIO(),
            standard_error=io.BytesIO(),
        )
        return seconds(lambda: run_program(options))
