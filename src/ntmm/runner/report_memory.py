"""What the whole machine's memory did in a run: the part of the report that no single process owns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class PageMove:
    """Pages that went from one state of the PFN database to another."""

    source: str
    destination: str
    count: int


@dataclass(frozen=True, slots=True, order=True)
class PagingFileReport:
    """A paging file at the end of the run, in bytes; `usage` of its `size` was taken, at most `peak`."""

    name: str
    size: int
    minimum: int
    maximum: int
    usage: int
    peak: int


@dataclass(frozen=True, slots=True)
class SystemAreaReport:
    """A pool, or the system PTEs: pages in use at the end of the run, and the most that there may be."""

    name: str
    pages: int
    maximum: int


@dataclass(frozen=True, slots=True)
class CacheReport:
    """What the file cache did: requests that needed no disk and those that did; the rest in pages and transfers."""

    read_hits: int
    read_misses: int
    faults: int
    read_ahead_pages: int
    lazy_writes: int
    lazy_write_pages: int


@dataclass(frozen=True, slots=True)
class SwapReport:
    """Kernel stacks and whole processes that left memory and came back."""

    stacks_out: int
    stacks_in: int
    processes_out: int
    processes_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryReport:
    """Figures of the whole machine; commit in pages.

    A hard fault waited for a page to be read from a paging file or a mapped file. A soft fault was answered with what
    was in RAM: a fresh page of zeros (`demand_zero_faults` of them), a private copy of a shared page
    (`copy_on_write_faults`), a page that another process has, or one that still lay on a page list. `pages_written`
    went to paging files, `mapped_pages_written` to the files that they were mapped from.
    """

    hard_faults: int
    soft_faults: int
    demand_zero_faults: int
    copy_on_write_faults: int
    pages_read: int
    read_ios: int
    pages_written: int
    write_ios: int
    mapped_pages_written: int
    mapped_write_ios: int
    commit: int
    peak_commit: int
    commit_limit: int
    trim_passes: int
    trimmed_pages: int
    repurposed: int
    moves: tuple[PageMove, ...]
    areas: tuple[SystemAreaReport, ...]
    paging_files: tuple[PagingFileReport, ...]
    cache: CacheReport
    swaps: SwapReport
