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


def measure() -> list[Result]:
    """Both rates for both bit widths; a run with a count of 0 is taken off each."""
    results = []
    for folder in ("x86", "x64"):
        pairs, no_pairs, calls, no_calls = best_of(
            8,
            lambda f=folder: _run(f, "pairs", PAIRS),
            lambda f=folder: _run(f, "pairs", 0),
            lambda f=folder: _run(f, "syscall", CALLS),
            lambda f=folder: _run(f, "syscall", 0),
        )
        pair_rate, call_rate = PAIRS / (pairs - no_pairs), CALLS / (calls - no_calls)
        name = f"(h) heap pairs to system calls, {folder}"
        results.append(Result(name, pair_rate, call_rate, "1/s", pair_rate / call_rate, at_least=20))
    return results


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
