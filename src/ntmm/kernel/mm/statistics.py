"""Figures of a whole machine's memory, as frozen values that services, reports and views read."""

from collections.abc import Iterable
from dataclasses import dataclass

from ntmm.kernel.mm.commit import CommitLedger
from ntmm.kernel.mm.fault import FaultHandler, FaultKind
from ntmm.kernel.mm.pagefile import PagingFile
from ntmm.kernel.mm.pageout import PageOut
from ntmm.kernel.mm.pfn import PageState, PfnDatabase
from ntmm.kernel.mm.pool import Pool
from ntmm.kernel.mm.system_cache import VIEW_BYTES, SystemCache
from ntmm.kernel.mm.working_set import WorkingSet

_SOFT = (
    FaultKind.DEMAND_ZERO,
    FaultKind.TRANSITION,
    FaultKind.SHARED,
    FaultKind.COPY_ON_WRITE,
    FaultKind.STACK_GROWTH,
)


@dataclass(frozen=True, slots=True)
class PagingFileStatus:
    """One paging file; sizes in bytes. `free` is what can still be had without growth."""

    name: str
    number: int
    size: int
    minimum: int
    maximum: int
    usage: int
    peak: int
    free: int


@dataclass(frozen=True, slots=True)
class SystemAreaStatus:
    """A part of system space that grows: pages that it has, and the most that it may have."""

    name: str
    pages: int
    maximum: int


@dataclass(frozen=True, slots=True)
class CacheStatus:
    """The system cache: `size` bytes of address space, everything else in pages or requests.

    A read is a hit if it needed no disk; `cached` pages are valid in the system working set, `peak` was its largest.
    """

    size: int
    views: int
    cached: int
    peak: int
    dirty: int
    read_hits: int
    read_misses: int
    faults: int
    read_ahead_pages: int
    lazy_writes: int
    lazy_write_pages: int


@dataclass(frozen=True, slots=True)
class MemoryStatistics:
    """Since boot, or now; in pages where nothing else is said.

    `hard_faults` began a read, whatever else they did. `soft_faults` are all others that were resolved,
    `demand_zero_faults` and `copy_on_write_faults` among them. `pages_written` went to paging files,
    `mapped_pages_written` to the files they were mapped from.
    `transitions` counts (state before, state after, pages) of every transition of the PFN database.
    """

    page_size: int
    total_pages: int
    zeroed: int
    free: int
    standby: int
    modified: int
    modified_no_write: int
    bad: int
    active: int
    transition: int
    available: int
    commit: int
    commit_limit: int
    peak_commit: int
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
    trimmed_pages: int
    trim_passes: int
    repurposed: int
    transitions: tuple[tuple[str, str, int], ...]
    system_ptes_total: int
    system_ptes_free: int
    areas: tuple[SystemAreaStatus, ...]
    """Paged pool, nonpaged pool, system PTEs, the system cache with its views."""
    paging_files: tuple[PagingFileStatus, ...]
    cache: CacheStatus


def collect(
    pfn: PfnDatabase,
    ledger: CommitLedger,
    faults: FaultHandler,
    pageout: PageOut,
    files: Iterable[PagingFile],
    system_ptes: tuple[int, int],
    pools: tuple[Pool, Pool],
    cache: SystemCache,
) -> MemoryStatistics:
    """The figures of the moment; `system_ptes` are all and free ones, `pools` paged and nonpaged pool."""
    kinds = (sum(counts) for counts in zip(*faults.counts, strict=True))
    soft = [count - hard for count, hard in zip(kinds, faults.hard_counts, strict=True)]
    return MemoryStatistics(
        page_size=pfn.page_size,
        total_pages=pfn.frames - pfn.set_aside,
        zeroed=pfn.zeroed.count + pfn.never_touched,
        free=pfn.free_list.count,
        standby=pfn.standby.count,
        modified=pfn.all_modified,
        modified_no_write=pfn.modified_no_write.count,
        bad=pfn.bad.count,
        active=pfn.active,
        transition=pfn.in_transition,
        available=pfn.available,
        commit=ledger.committed,
        commit_limit=ledger.limit,
        peak_commit=ledger.peak,
        hard_faults=faults.hard_faults,
        soft_faults=sum(soft[kind] for kind in _SOFT),
        demand_zero_faults=soft[FaultKind.DEMAND_ZERO],
        copy_on_write_faults=soft[FaultKind.COPY_ON_WRITE],
        pages_read=faults.in_page.pages,
        read_ios=faults.in_page.reads,
        pages_written=pageout.writer.pages,
        write_ios=pageout.writer.writes,
        mapped_pages_written=pageout.mapped_writer.pages,
        mapped_write_ios=pageout.mapped_writer.writes,
        trimmed_pages=pageout.working_sets.trimmed,
        trim_passes=pageout.working_sets.passes,
        repurposed=pfn.repurposed,
        transitions=_transitions(pfn),
        system_ptes_total=system_ptes[0],
        system_ptes_free=system_ptes[1],
        areas=(
            SystemAreaStatus("paged pool", pools[0].pages, pools[0].maximum_pages),
            SystemAreaStatus("nonpaged pool", pools[1].pages, pools[1].maximum_pages),
            SystemAreaStatus("system PTEs", system_ptes[0] - system_ptes[1], system_ptes[0]),
            SystemAreaStatus("system cache", _view_pages(cache, pfn.page_size), cache.size // pfn.page_size),
        ),
        paging_files=tuple(_status(file, pfn.page_size) for file in files),
        cache=_cache_status(cache, faults.system_working_set),
    )


def _view_pages(cache: SystemCache, page: int) -> int:
    return sum(1 for _ in cache.views()) * VIEW_BYTES // page


def _transitions(pfn: PfnDatabase) -> tuple[tuple[str, str, int], ...]:
    names, states = [state.name.lower() for state in PageState], len(PageState)
    return tuple((names[at // states], names[at % states], count) for at, count in enumerate(pfn.moves) if count)


def _cache_status(cache: SystemCache, working_set: WorkingSet) -> CacheStatus:
    counts = cache.counts
    return CacheStatus(
        size=cache.size,
        views=sum(1 for _ in cache.views()),
        cached=working_set.shared_pages,
        peak=working_set.peak,
        dirty=counts.dirty,
        read_hits=counts.hits,
        read_misses=counts.misses,
        faults=counts.faults,
        read_ahead_pages=counts.read_ahead,
        lazy_writes=counts.lazy_writes,
        lazy_write_pages=counts.lazy_pages,
    )


def _status(file: PagingFile, page: int) -> PagingFileStatus:
    slots = file.slots
    return PagingFileStatus(
        file.name,
        file.number,
        file.size * page,
        file.minimum * page,
        file.maximum * page,
        slots.used * page,
        slots.peak * page,
        slots.free * page,
    )
