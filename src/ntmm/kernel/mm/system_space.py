"""System space at boot: the root table, the kernel image's pages, both pools, the shared user data page."""

from dataclasses import dataclass
from typing import Final

from ntmm.hw.arch import Architecture
from ntmm.hw.ram import Ram
from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.large_mappings import LargeMappings
from ntmm.kernel.mm.layout import AddressLayout
from ntmm.kernel.mm.layout.sizes import PFN_ENTRY_BYTES, PoolSizes, initial_nonpaged_pool, pfn_database
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG, PROTOTYPE_FLAG
from ntmm.kernel.mm.pfn_mapping import PfnMapping, pfn_mapping
from ntmm.kernel.mm.pool import Pool
from ntmm.kernel.mm.tables import PageTables, TableMemory, create_root
from ntmm.kernel.mm.working_set import WorkingSet, WorkingSetLimits
from ntmm.nt.memory import MM_READONLY, MM_READWRITE

KERNEL_PAGES: Final = 3
"""Supervisor code, which is read-only where small pages map it, descriptor tables, the stack of the entry to ring 3."""

_DRIVER_PAGES: Final = 2


@dataclass(frozen=True)
class SystemSpace:
    """What boot made: addresses virtual, frames physical page numbers."""

    tables: PageTables
    paged_pool: Pool
    nonpaged_pool: Pool
    working_set: WorkingSet
    kernel_frames: tuple[int, ...]
    kernel_addresses: tuple[int, ...]
    shared_page_frame: int
    shared_page_prototype: int
    large_mappings: LargeMappings
    pfn_mapping: PfnMapping


def build_system_space(
    memory: TableMemory,
    ram: Ram,
    layout: AddressLayout,
    account: CommitAccount,
    limits: WorkingSetLimits,
    large_pages: bool = False,
    pools: PoolSizes | None = None,
) -> SystemSpace:
    """Makes system space in an empty machine; `large_pages`: the kernel and initial nonpaged pool are mapped so.

    `pools` is what they may have at most; without it, all that their ranges have room for.
    """
    pfn, page = memory.pfn, memory.architecture.page_size
    frames = tuple(pfn.take_low(PageUse.KERNEL) for _ in range(KERNEL_PAGES))
    root, counts = create_root(memory, None)
    account.charge_required(KERNEL_PAGES + sum(counts.values()))
    tables = PageTables(memory, root, account)
    addresses = tuple(layout.kernel_image + frame * page for frame in frames)
    database = pfn_mapping(tables, layout.pfn_database, PFN_ENTRY_BYTES[memory.architecture.name], large_pages)
    large = LargeMappings(
        tables, layout.kernel_image, initial_pool_start(layout, memory.architecture, ram.size), layout.large_pages_end
    )
    database.map(large)
    if large_pages:
        large.map_kernel()
    else:
        for number, (address, frame) in enumerate(zip(addresses, frames, strict=True)):
            map_system_page(tables, address, frame, writable=number > 0)
    pools = pools or PoolSizes(0, 0)
    start, end = layout.paged_pool, layout.paged_pool_end
    paged = Pool(tables, start, end, PageUse.PAGED_POOL, account, False, pools.paged)
    start, end = layout.nonpaged_pool, layout.nonpaged_pool_end
    nonpaged = Pool(tables, start, end, PageUse.NONPAGED_POOL, account, True, pools.nonpaged)
    if large_pages:
        _add_initial_pool(nonpaged, large, min(initial_nonpaged_pool(ram.size), pools.nonpaged or ram.size), account)
    working_set = WorkingSet(tables, ram, layout.system_working_set_list, account, limits)
    paged.page_made = lambda frame, address: _in_working_set(memory, working_set, frame, address)
    shared, prototype = _make_shared_page(tables, layout, account, paged)
    return SystemSpace(tables, paged, nonpaged, working_set, frames, addresses, shared, prototype, large, database)


def initial_pool_start(layout: AddressLayout, architecture: Architecture, ram: int) -> int:
    """Where large pages map what comes behind the kernel, and the PFN database if it lies there too; `ram` in bytes."""
    large = architecture.large_page_size
    if not layout.has_database_behind_kernel:
        return layout.kernel_image + large
    return layout.pfn_database + -(-pfn_database(ram, architecture.name) // large) * large


def _add_initial_pool(pool: Pool, large: LargeMappings, size: int, account: CommitAccount) -> None:
    """Nonpaged pool that is there from boot on; where room is scarce, drivers keep two large pages of it."""
    spare = _DRIVER_PAGES * large.tables.memory.architecture.large_page_size
    run = large.map_run(min(size, large.room - spare), PageUse.NONPAGED_POOL)
    assert run is not None, "a large machine has no room for its nonpaged pool"
    account.charge_required(run.pages)
    pool.add_initial(run.address, run.pages)


def _in_working_set(memory: TableMemory, working_set: WorkingSet, frame: int, address: int) -> None:
    """A page of paged pool belongs to the system working set; nothing on disk holds its contents."""
    memory.pfn.flags[frame] |= MODIFIED_FLAG
    vpn = address >> memory.architecture.page_shift
    memory.pfn.working_set_index[frame] = working_set.insert(vpn, MM_READWRITE)


def map_system_page(tables: PageTables, address: int, frame: int, writable: bool = True) -> None:
    """Maps a frame supervisor, executable."""
    memory = tables.memory
    index = tables.ensure(address, user=False)
    entry = memory.table_entry(frame, user=False)
    memory.write(index, entry if writable else entry & ~(memory.architecture.WRITE | memory.architecture.DIRTY))
    memory.own(frame, index, memory.architecture.pte_address(address), 0)


def _make_shared_page(
    tables: PageTables, layout: AddressLayout, account: CommitAccount, paged_pool: Pool
) -> tuple[int, int]:
    """The shared user data page: writable for the kernel, read-only for programs through a prototype PTE."""
    memory = tables.memory
    account.charge_required(1)
    frame = memory.pfn.take_zeroed(PageUse.KERNEL)
    map_system_page(tables, layout.system_shared_user_data, frame)
    memory.pfn.flags[frame] |= PROTOTYPE_FLAG
    memory.pfn.original_pte[frame] = memory.format.demand_zero(MM_READONLY)
    prototype = paged_pool.allocate(memory.architecture.pte_size, "MmPr")
    bits = memory.format.kernel_bits[MM_READONLY]
    memory.write(tables.find_word(prototype), frame << memory.architecture.page_shift | bits)
    return frame, prototype
