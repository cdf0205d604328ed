"""The pools: blocks and free ranges tile the mapped part of each pool's address range."""

from collections.abc import Iterator

from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pool import Pool
from ntmm.kernel.mm.tables import PageTables


def check_pools(manager: MemoryManager) -> Iterator[str]:
    """Both pools, and those of sessions."""
    system = manager.system.tables
    pools = [
        ("PAGED_POOL", system, PageUse.PAGED_POOL, manager.system.paged_pool),
        ("NONPAGED_POOL", system, PageUse.NONPAGED_POOL, manager.system.nonpaged_pool),
    ]
    pools += [
        (f"pool of session {session.session_id}", session.tables, PageUse.PAGED_POOL, session.pool)
        for session in manager.sessions_by_id.values()
    ]
    for name, tables, use, pool in pools:
        for problem in (*_check_ranges(manager, pool), *_check_pages(manager, tables, pool, use)):
            yield f"{name}: {problem}"


def _check_ranges(manager: MemoryManager, pool: Pool) -> Iterator[str]:
    mapped = sum(end - start for start, end in pool.mapped_ranges)
    used = sum(size for _, size, is_free in pool.ranges() if not is_free)
    if used != pool.used:
        yield f"it says that {pool.used:#x} bytes are in use, its blocks have {used:#x}"
    if mapped != pool.pages * manager.architecture.page_size:
        yield f"{pool.pages} pages in ranges of {mapped:#x} bytes"
    for start, end in pool.mapped_ranges:
        at, free_before = start, False
        for address, size, is_free in (entry for entry in pool.ranges() if start <= entry[0] < end):
            if address != at or size <= 0:
                yield f"the range at {address:#x} does not follow the one that ends at {at:#x}"
            if is_free and free_before:
                yield f"two free ranges meet at {address:#x}"
            at, free_before = address + size, is_free
        if at != end:
            yield f"the last range ends at {at:#x} instead of {end:#x}"


def _check_pages(manager: MemoryManager, tables: PageTables, pool: Pool, use: PageUse) -> Iterator[str]:
    memory, pfn = manager.table_memory, manager.pfn
    start, end = pool.grown_range
    for address in range(start, end, manager.architecture.page_size):
        index = tables.find(address)
        pte = memory.entries[index] if index >= 0 else 0
        if not pte & 1 and use == PageUse.PAGED_POOL and memory.format.is_page_file(pte):
            continue  # in a paging file, where only its PTE knows it
        frame = memory.format.frame(pte)
        if not pte & 1 and not (use == PageUse.PAGED_POOL and memory.format.is_transition(pte)):
            yield f"no page at {address:#x}"
        elif pfn.use[frame] != use or pfn.pte_address[frame] != manager.architecture.pte_address(address):
            yield f"the page at {address:#x} does not know its place"
