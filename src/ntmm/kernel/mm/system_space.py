"""System space at boot: the root table, the kernel image's pages, both pools, the shared user data page."""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.layout import AddressLayout
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.database import PROTOTYPE_FLAG
from ntmm.kernel.mm.pool import Pool
from ntmm.kernel.mm.tables import PageTables, TableMemory, create_root
from ntmm.nt.memory import MM_READONLY

KERNEL_PAGES: Final = 3
"""Supervisor code, descriptor tables, and the stack of the entry to ring 3."""


@dataclass(frozen=True)
class SystemSpace:
    """What boot made: addresses virtual, frames physical page numbers."""

    tables: PageTables
    paged_pool: Pool
    nonpaged_pool: Pool
    kernel_frames: tuple[int, ...]
    kernel_addresses: tuple[int, ...]
    shared_page_frame: int
    shared_page_prototype: int


def build_system_space(memory: TableMemory, layout: AddressLayout, account: CommitAccount) -> SystemSpace:
    """Makes system space in an empty machine."""
    pfn, page = memory.pfn, memory.architecture.page_size
    frames = tuple(pfn.take_zeroed(PageUse.KERNEL) for _ in range(KERNEL_PAGES))
    root, counts = create_root(memory, None)
    account.charge_required(KERNEL_PAGES + sum(counts.values()))
    tables = PageTables(memory, root, account)
    addresses = tuple(layout.kernel_image + frame * page for frame in frames)
    for address, frame in zip(addresses, frames, strict=True):
        map_system_page(tables, address, frame)
    paged = Pool(tables, layout.paged_pool, layout.paged_pool_end, PageUse.PAGED_POOL, account, downward=False)
    nonpaged = Pool(
        tables, layout.nonpaged_pool, layout.nonpaged_pool_end, PageUse.NONPAGED_POOL, account, downward=True
    )
    shared, prototype = _make_shared_page(tables, layout, account, paged)
    return SystemSpace(tables, paged, nonpaged, frames, addresses, shared, prototype)


def map_system_page(tables: PageTables, address: int, frame: int) -> None:
    """Maps a frame supervisor, read/write, executable."""
    memory = tables.memory
    index = tables.ensure(address, user=False)
    memory.write(index, memory.table_entry(frame, user=False))
    memory.pfn.pte_frame[frame] = index >> memory.entries_shift
    memory.pfn.pte_address[frame] = memory.architecture.pte_address(address)


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
