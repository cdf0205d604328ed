"""The machine's memory in the text form of a report: hard and soft faults, paging, commit, trims, page lists."""

from collections.abc import Iterable
from dataclasses import astuple

from rich.table import Table

from ntmm.runner.report_memory import CacheReport, MemoryReport, PagingFileReport, SwapReport, SystemAreaReport
from ntmm.runner.sizes import size_text
from ntmm.runner.table import Cell, table_of


def memory_sections(memory: MemoryReport, page_size: int) -> Iterable[tuple[str, Table]]:
    """(title, table) of each section that has something to say."""
    if memory.hard_faults or memory.soft_faults:
        yield "Hard and soft faults", table_of(_fault_rows(memory))
    if memory.pages_read or memory.pages_written or memory.mapped_pages_written:
        yield "Paging", table_of(_paging_rows(memory, page_size))
    if any(astuple(memory.cache)):
        yield "File cache", table_of(_cache_rows(memory.cache, page_size))
    if any(astuple(memory.swaps)):
        yield "Swapping", table_of(_swap_rows(memory.swaps))
    yield "Commit of the system", table_of(_commit_rows(memory, page_size))
    if memory.areas:
        yield "System space", table_of(_area_rows(memory.areas, page_size))
    if memory.trim_passes or memory.trimmed_pages:
        yield "Trims of working sets", table_of([("passes", memory.trim_passes), ("pages", memory.trimmed_pages)])
    if memory.moves:
        rows = ((f"{move.source} to {move.destination}", move.count) for move in memory.moves)
        yield "Pages moved between states", table_of(rows)
    if memory.paging_files:
        yield "Paging files", table_of(_paging_file_rows(memory.paging_files))


def _fault_rows(memory: MemoryReport) -> Iterable[tuple[Cell, ...]]:
    """Each with what it counts."""
    other = memory.soft_faults - memory.demand_zero_faults - memory.copy_on_write_faults
    for name, count, meaning in (
        ("hard", memory.hard_faults, "waited for a page to be read from a paging file or a mapped file"),
        ("soft", memory.soft_faults, "answered with what was in RAM:"),
        ("  demand zero", memory.demand_zero_faults, "a fresh page of zeros"),
        ("  copy-on-write", memory.copy_on_write_faults, "a private copy of a shared page"),
        ("  other", other, "a page that still lay on a list, a page that others share, a right that was missing"),
    ):
        if count or not name.startswith(" "):
            yield name, count, meaning


def _paging_rows(memory: MemoryReport, page_size: int) -> Iterable[tuple[Cell, ...]]:
    yield "", "pages", "", "I/Os"
    yield "read", memory.pages_read, size_text(memory.pages_read * page_size), memory.read_ios
    yield "written", memory.pages_written, size_text(memory.pages_written * page_size), memory.write_ios
    if memory.mapped_pages_written:
        size = size_text(memory.mapped_pages_written * page_size)
        yield "written to mapped files", memory.mapped_pages_written, size, memory.mapped_write_ios
    if memory.repurposed:
        yield "repurposed", memory.repurposed, "", "standby pages given to another use"


def _cache_rows(cache: CacheReport, page_size: int) -> Iterable[tuple[Cell, ...]]:
    for name, count, meaning in (
        ("reads without the disk", cache.read_hits, "requests"),
        ("reads that waited for it", cache.read_misses, "requests"),
        ("pages mapped", cache.faults, size_text(cache.faults * page_size)),
        ("read ahead", cache.read_ahead_pages, size_text(cache.read_ahead_pages * page_size)),
        ("written lazily", cache.lazy_write_pages, f"in {cache.lazy_writes:,} transfers"),
    ):
        if count:
            yield name, count, meaning


def _swap_rows(swaps: SwapReport) -> Iterable[tuple[Cell, ...]]:
    yield "", "out", "in"
    yield "kernel stacks", swaps.stacks_out, swaps.stacks_in
    yield "processes", swaps.processes_out, swaps.processes_in


def _commit_rows(memory: MemoryReport, page_size: int) -> Iterable[tuple[Cell, ...]]:
    for name, pages in (("at the end", memory.commit), ("peak", memory.peak_commit), ("limit", memory.commit_limit)):
        yield name, pages, "pages", size_text(pages * page_size)


def _area_rows(areas: Iterable[SystemAreaReport], page_size: int) -> Iterable[tuple[Cell, ...]]:
    yield "", "pages", "", "at most"
    for area in areas:
        yield area.name, area.pages, size_text(area.pages * page_size), size_text(area.maximum * page_size)


def _paging_file_rows(files: Iterable[PagingFileReport]) -> Iterable[tuple[Cell, ...]]:
    yield "", "size", "maximum", "in use", "peak"
    for file in files:
        yield file.name, size_text(file.size), size_text(file.maximum), size_text(file.usage), size_text(file.peak)
