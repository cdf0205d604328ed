"""System-wide figures: SystemPerformanceInformation and SystemPageFileInformation.

Counts of what this system lacks (lookaside lists, fast I/O) or does not count are zero.
"""

import struct
from typing import Final

from ntmm.kernel.mm.system_cache import CacheCounts
from ntmm.native.call import Call
from ntmm.native.probe import wrapped

_PERFORMANCE: Final = struct.Struct("<4Q70I")
"""SYSTEM_PERFORMANCE_INFORMATION: 312 bytes on 32 and on 64 bit."""

# Indices of the 32-bit fields.
_AVAILABLE_PAGES: Final = 3
_COPY_ON_WRITE_COUNT: Final = 8
_DEMAND_ZERO_COUNT: Final = 11
_DIRTY_PAGES_WRITE_COUNT: Final = 16
_CACHE_TRANSITION_COUNT: Final = 10
_CACHE_READ_COUNT: Final = 14
_MAPPED_PAGES_WRITE_COUNT: Final = 18
_PAGED_POOL_PAGES: Final = 20
_FREE_SYSTEM_PTES: Final = 26
_RESIDENT_SYSTEM_CACHE_PAGE: Final = 33
_CC_MAP_DATA_WAIT: Final = 45
_CC_MAP_DATA_WAIT_MISS: Final = 47
_CC_PIN_READ_WAIT: Final = 50
_CC_PIN_READ_WAIT_MISS: Final = 52
_CC_COPY_READ_WAIT: Final = 54
_CC_COPY_READ_WAIT_MISS: Final = 56
_CC_MDL_READ_WAIT: Final = 58
_CC_MDL_READ_WAIT_MISS: Final = 60
_CC_READ_AHEAD_IOS: Final = 61


def performance_information(call: Call) -> bytes:
    """Page counts, fault counts and I/O counts since boot."""
    mm = call.kernel.mm
    figures = mm.statistics()
    faults = figures.hard_faults + figures.soft_faults
    transition = figures.soft_faults - figures.demand_zero_faults - figures.copy_on_write_faults
    fields = [0] * 70

    def fill(start: int, *values: int) -> None:
        fields[start : start + len(values)] = [min(value, 0xFFFFFFFF) for value in values]

    fill(_AVAILABLE_PAGES, figures.available, figures.commit, figures.commit_limit, figures.peak_commit, faults)
    fill(_COPY_ON_WRITE_COUNT, figures.copy_on_write_faults, transition)
    fill(_DEMAND_ZERO_COUNT, figures.demand_zero_faults, figures.pages_read, figures.read_ios)
    fill(_DIRTY_PAGES_WRITE_COUNT, figures.pages_written, figures.write_ios)
    fill(_MAPPED_PAGES_WRITE_COUNT, figures.mapped_pages_written, figures.mapped_write_ios)
    fill(_PAGED_POOL_PAGES, mm.system.paged_pool.pages, mm.system.nonpaged_pool.pages)
    fill(_FREE_SYSTEM_PTES, figures.system_ptes_free)
    cached = mm.system.working_set.shared_pages
    fill(_RESIDENT_SYSTEM_CACHE_PAGE, cached, mm.system.working_set.count - cached)
    for index, value in _cache_counts(mm.system_cache.counts).items():
        fill(index, value)
    return _PERFORMANCE.pack(0, 0, 0, 0, *fields)


def _cache_counts(counts: CacheCounts) -> dict[int, int]:
    """The fields that the cache manager counts, by index; every request here is one that may wait."""
    behind = (counts.read_ahead_ios, counts.lazy_writes, counts.lazy_pages, counts.flushes, counts.flushed_pages)
    return {
        _CACHE_TRANSITION_COUNT: counts.transitions,
        _CACHE_READ_COUNT: counts.pages_read,
        _CACHE_READ_COUNT + 1: counts.read_ios,
        _CC_MAP_DATA_WAIT: counts.maps,
        _CC_MAP_DATA_WAIT_MISS: counts.map_misses,
        _CC_PIN_READ_WAIT: counts.pins,
        _CC_PIN_READ_WAIT_MISS: counts.pin_misses,
        _CC_COPY_READ_WAIT: counts.hits + counts.misses,
        _CC_COPY_READ_WAIT_MISS: counts.misses,
        _CC_MDL_READ_WAIT: counts.mdl_reads,
        _CC_MDL_READ_WAIT_MISS: counts.mdl_misses,
        **{_CC_READ_AHEAD_IOS + number: count for number, count in enumerate(behind)},
    }


def page_file_information(call: Call, buffer: int) -> bytes:
    """SYSTEM_PAGEFILE_INFORMATION for each paging file, sizes in pages; one entry of zeros where there is none.

    `buffer` is where the bytes will lie: the names' addresses are in them.
    """
    figures = call.kernel.mm.statistics()
    is_64 = call.memory.pointer_size == 8
    head = struct.Struct("<4IHH4xQ" if is_64 else "<4IHHI")
    result = b""
    for index, file in enumerate(figures.paging_files):
        name = file.name.encode("utf-16-le", "surrogatepass")
        room = -(-(head.size + len(name) + 2) // 8) * 8
        following = room if index + 1 < len(figures.paging_files) else 0
        sizes = [size // figures.page_size for size in (file.size, file.usage, file.peak)]
        place = wrapped(call, buffer + len(result) + head.size)
        result += (head.pack(following, *sizes, len(name), len(name) + 2, place) + name).ljust(room, b"\0")
    return result or bytes(head.size)
