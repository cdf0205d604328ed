"""The text form of a report, section by section; what has nothing to say is left out."""

from collections.abc import Iterable, Sequence

from rich.table import Table

from ntmm.kernel.ps.manager import SYSTEM_PROCESS_ID
from ntmm.runner.report import NamedCount, ProcessReport, RunReport, status_name
from ntmm.runner.sections_memory import memory_sections
from ntmm.runner.sizes import size_text
from ntmm.runner.table import Cell, table_of
from ntmm.runner.text import printable


def headline(report: RunReport) -> str:
    """Which programs ran on which machine, and how the run ended."""
    more = f" and {len(report.processes) - 1} more" if len(report.processes) > 1 else ""
    machine = f"{report.architecture}, {size_text(report.ram)} of RAM"
    return f"{printable(report.program)}{more} on {machine}: exit status {_status(report.ending_status)}"


def _status(exit_status: int) -> str:
    number = f"{exit_status:#x}" if exit_status >= 0x80000000 else str(exit_status)
    name = status_name(exit_status)
    return f"{number} ({name})" if name else number


def sections_of(report: RunReport) -> Iterable[tuple[str, Table]]:
    """(title, table) of each section in order."""
    if report.stopped:
        yield "Stopped", table_of([(report.stopped,)])
    if report.windows:
        yield "Machine", table_of(_machine_rows(report))
    yield "Page faults", table_of(_fault_rows(report))
    if len(report.processes) > 1:
        yield "Processes, their sizes in pages", table_of(_process_rows(report.processes))
        yield from _eager(report)
    else:
        yield from _single_process(report)
    if report.memory is not None:
        yield from memory_sections(report.memory, report.page_size)
    if report.system_calls:
        calls = sorted(report.system_calls, key=lambda row: (-row.count, row.dll, row.name))
        yield "System calls", table_of((f"{row.dll}!{row.name}", row.count) for row in calls)
    yield from _lacking(report)
    if report.changed_files:
        yield "Changed files, held in the overlay", table_of((row.change, row.path) for row in report.changed_files)
    yield "Time", table_of(_time_rows(report))


def _machine_rows(report: RunReport) -> Iterable[tuple[Cell, ...]]:
    yield "system", report.windows
    yield "replacement in working sets", report.replacement
    if report.unused_ram:
        yield "RAM that is not used", size_text(report.unused_ram)
    if report.processors > 1:
        yield "processors", f"{report.processors} reported, 1 simulated"
    if report.audit_findings is not None:
        yield "audit of its memory", f"{report.audit_findings} findings"


def _single_process(report: RunReport) -> Iterable[tuple[str, Table]]:
    yield "Memory", table_of(_memory_rows(report))
    for title, counts in (
        ("Page tables made", report.page_tables),
        ("Pages of a new address space", report.address_space_pages),
    ):
        if counts:
            yield title, table_of(_count_rows(counts))
    yield from _eager(report)


def _eager(report: RunReport) -> Iterable[tuple[str, Table]]:
    if report.eager_pages:
        yield "Pages mapped before their first touch", table_of(_count_rows(report.eager_pages))


def _process_rows(processes: Sequence[ProcessReport]) -> Iterable[tuple[Cell, ...]]:
    """The column of parents only where programs have started others."""
    shows_parents = any(row.parent_id != SYSTEM_PROCESS_ID for row in processes)
    parent: tuple[Cell, ...] = ("parent",) if shows_parents else ()
    yield "", "id", *parent, "faults", "peak set", "peak commit", "private", "image", "tables", "exit status"
    for row in processes:
        parent = (row.parent_id,) if shows_parents else ()
        figures = (row.page_fault_count, row.peak_working_set, row.peak_commit, row.private_pages, row.image_pages)
        tables = sum(count.count for count in row.page_tables)
        yield row.program, row.process_id, *parent, *figures, tables, _status(row.exit_status)


def _fault_rows(report: RunReport) -> Iterable[tuple[Cell, ...]]:
    counts = {(row.kind, row.origin): row.count for row in report.faults}
    yield "", "by the CPU", "by the kernel"
    for kind in dict.fromkeys(row.kind for row in report.faults):
        yield kind, counts.get((kind, "cpu"), 0), counts.get((kind, "kernel"), 0)
    yield "sum", report.faults_from("cpu"), report.faults_from("kernel")
    verdict = "every one explained" if not report.unexplained_faults else f"{report.unexplained_faults} unexplained"
    yield "#PF counted by the CPU", report.cpu_page_fault_count, verdict


def _memory_rows(report: RunReport) -> Iterable[tuple[Cell, ...]]:
    for name, pages in (
        ("peak working set", report.peak_working_set),
        ("peak commit", report.peak_commit),
        ("private pages", report.private_pages),
        ("image pages", report.image_pages),
        ("mapped before a touch", sum(row.count for row in report.eager_pages)),
    ):
        yield name, pages, "pages", size_text(pages * report.page_size)


def _count_rows(counts: Sequence[NamedCount]) -> Iterable[tuple[Cell, ...]]:
    yield from ((row.name, row.count) for row in counts)
    if len(counts) > 1:
        yield "sum", sum(row.count for row in counts)


def _lacking(report: RunReport) -> Iterable[tuple[str, Table]]:
    functions: dict[str, bool] = {}
    dlls = set(report.missing_dlls)
    for row in report.missing_functions:
        functions[f"{row.dll}!{row.name}"] = row.called
    for process in report.processes[1:]:
        for row in process.missing_functions:
            name = f"{row.dll}!{row.name}"
            functions[name] = row.called or functions.get(name, False)
        dlls.update(process.missing_dlls)
    if functions:
        rows = sorted(functions.items(), key=lambda item: (not item[1], item[0]))
        yield "Missing functions", table_of((name, "called" if called else "") for name, called in rows)
    if dlls:
        yield "Missing DLLs", table_of((name,) for name in sorted(dlls))
    if report.unsupported:
        yield "Not supported, but asked for", table_of(_count_rows(report.unsupported))


def _time_rows(report: RunReport) -> Iterable[tuple[Cell, ...]]:
    if report.instructions is not None:
        yield "instructions", report.instructions
    yield "virtual time", f"{report.virtual_time_100ns / 10_000_000:.6f} s"
    yield "host time", f"{report.host_seconds:.3f} s"
