"""Fills the machine's part of a report from the memory manager's statistics."""

from collections.abc import Iterable

from ntmm.kernel.mm.statistics import MemoryStatistics, PagingFileStatus
from ntmm.runner.report_memory import (
    CacheReport,
    MemoryReport,
    PageMove,
    PagingFileReport,
    SwapReport,
    SystemAreaReport,
)


def memory_report(statistics: MemoryStatistics, swaps: SwapReport) -> MemoryReport:
    """The report of MemoryStatistics, and of what the swapper did."""
    cache = statistics.cache
    return MemoryReport(
        hard_faults=statistics.hard_faults,
        soft_faults=statistics.soft_faults,
        demand_zero_faults=statistics.demand_zero_faults,
        copy_on_write_faults=statistics.copy_on_write_faults,
        pages_read=statistics.pages_read,
        read_ios=statistics.read_ios,
        pages_written=statistics.pages_written,
        write_ios=statistics.write_ios,
        mapped_pages_written=statistics.mapped_pages_written,
        mapped_write_ios=statistics.mapped_write_ios,
        commit=statistics.commit,
        peak_commit=statistics.peak_commit,
        commit_limit=statistics.commit_limit,
        trim_passes=statistics.trim_passes,
        trimmed_pages=statistics.trimmed_pages,
        repurposed=statistics.repurposed,
        moves=_moves(statistics.transitions),
        areas=tuple(SystemAreaReport(area.name, area.pages, area.maximum) for area in statistics.areas),
        paging_files=_paging_files(statistics.paging_files),
        cache=CacheReport(
            cache.read_hits,
            cache.read_misses,
            cache.faults,
            cache.read_ahead_pages,
            cache.lazy_writes,
            cache.lazy_write_pages,
        ),
        swaps=swaps,
    )


def _moves(transitions: Iterable[tuple[str, str, int]]) -> tuple[PageMove, ...]:
    """Those that happened, the most frequent first."""
    moves = [PageMove(before, after, count) for before, after, count in transitions]
    return tuple(sorted(moves, key=lambda move: (-move.count, move.source, move.destination)))


def _paging_files(files: Iterable[PagingFileStatus]) -> tuple[PagingFileReport, ...]:
    ordered = sorted(files, key=lambda file: file.number)
    return tuple(
        PagingFileReport(file.name, file.size, file.minimum, file.maximum, file.usage, file.peak) for file in ordered
    )
