"""System-wide figures: SystemPerformanceInformation and SystemPageFileInformation.

Counts of what this system lacks (a file cache, drivers, lookaside lists) or does not count are zero.
"""

import struct
from typing import Final

from ntmm.native.call import Call

_PERFORMANCE: Final = struct.Struct("<4Q70I")
"""SYSTEM_PERFORMANCE_INFORMATION: 312 bytes on 32 and on 64 bit."""

# Indices of the 32-bit fields.
_AVAILABLE_PAGES: Final = 3
_COPY_ON_WRITE_COUNT: Final = 8
_DEMAND_ZERO_COUNT: Final = 11
_DIRTY_PAGES_WRITE_COUNT: Final = 16
_PAGED_POOL_PAGES: Final = 20
_FREE_SYSTEM_PTES: Final = 26
_RESIDENT_PAGED_POOL_PAGE: Final = 34


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
    fill(_PAGED_POOL_PAGES, mm.system.paged_pool.pages, mm.system.nonpaged_pool.pages)
    fill(_FREE_SYSTEM_PTES, figures.system_ptes_free)
    fill(_RESIDENT_PAGED_POOL_PAGE, mm.system.working_set.count)
    return _PERFORMANCE.pack(0, 0, 0, 0, *fields)


def file_cache_information(call: Call) -> bytes:
    """SYSTEM_FILECACHE_INFORMATION, 36 or 64 bytes: the system working set in bytes, its limits in pages."""
    mm = call.kernel.mm
    figures, working_set = mm.statistics(), mm.system.working_set
    page, limits = figures.page_size, working_set.limits
    cache = (working_set.count * page, working_set.peak * page, figures.cache.faults & 0xFFFFFFFF)
    pages = (limits.minimum, limits.maximum, working_set.count, working_set.peak)
    form = struct.Struct("<QQI4x4QII" if call.memory.pointer_size == 8 else "<9I")
    return form.pack(*cache, *pages, 0, 0)


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
        place = buffer + len(result) + head.size
        result += (head.pack(following, *sizes, len(name), len(name) + 2, place) + name).ljust(room, b"\0")
    return result or bytes(head.size)
