"""Runs all benchmarks, prints a table, and ends with 1 if a target is missed."""

import sys

from rich.console import Console
from rich.table import Table

from benchmarks import (
    cpu_bound,
    heap_pairs,
    large_pages,
    mapped_read,
    page_faults,
    paging,
    seven_zip,
    start_up,
    system_calls,
)
from benchmarks.result import Result


def main() -> int:
    """Measures everything in this one process."""
    console = Console(width=max(110, Console().width))
    results: list[Result] = []
    parts = (
        page_faults,
        paging,
        system_calls,
        start_up,
        cpu_bound,
        mapped_read,
        large_pages,
        heap_pairs,
        seven_zip,
    )
    for benchmark in parts:
        with console.status(f"measuring {benchmark.__name__.rpartition('.')[2]} ..."):
            results += benchmark.measure()
    table = Table("benchmark", "ntmm", "other side", "unit", "ratio", "target", "")
    for row in sorted(results, key=lambda result: result.name):
        verdict = ("met" if row.is_met else "MISSED") if row.target else ""
        table.add_row(
            row.name, f"{row.ours:,.3f}", f"{row.other:,.3f}", row.unit, f"{row.ratio:.2f}", row.target, verdict
        )
    console.print(table)
    return 0 if all(result.is_met for result in results) else 1


sys.exit(main())
