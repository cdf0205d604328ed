"""What a memory manager is made of, and how the parts are wired to each other."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from ntmm.hw.arch import Architecture
from ntmm.hw.ram import Ram
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.commit import CommitLedger, ResidentLedger
from ntmm.kernel.mm.fault import FaultHandler
from ntmm.kernel.mm.fault.access_fault import ORIGIN_KERNEL
from ntmm.kernel.mm.in_page import InPage
from ntmm.kernel.mm.kernel_stack import KernelStacks, StackSwapping
from ntmm.kernel.mm.layout import AddressLayout, PoolSizes, layout_for, user_range
from ntmm.kernel.mm.mdl import ContiguousMemory, MdlLocking
from ntmm.kernel.mm.pagefile import Disk, PagingFiles, PagingStore
from ntmm.kernel.mm.pageout import PageOut
from ntmm.kernel.mm.pageout.levels import levels_for
from ntmm.kernel.mm.pageout.mapped_writer import MappedPageWriter
from ntmm.kernel.mm.pageout.working_set_manager import WorkingSetOwner
from ntmm.kernel.mm.pfn import ENTRY_FORMS, PageUse, PfnDatabase
from ntmm.kernel.mm.pfn.database import COLOURS
from ntmm.kernel.mm.section import Sections
from ntmm.kernel.mm.session import SessionOwner, SessionSpace
from ntmm.kernel.mm.space import AddressSpace, SpaceMachine
from ntmm.kernel.mm.space.adjust import SYSTEM_SHARE
from ntmm.kernel.mm.system_cache import SystemCache, system_cache_bytes
from ntmm.kernel.mm.system_images import SystemImages
from ntmm.kernel.mm.system_ptes import SystemPtes, system_pte_count
from ntmm.kernel.mm.system_space import build_system_space, initial_pool_start
from ntmm.kernel.mm.tables import TableMemory, format_for, share_system_entry
from ntmm.kernel.mm.working_set import WorkingSet, default_limits, system_limits
from ntmm.kernel.mm.working_set.working_set import GROWTH
from ntmm.nt.memory import ALLOCATION_GRANULARITY
from ntmm.nt.status import Status
from ntmm.nt.system_size import system_size

FIRMWARE_FRAMES: Final = 0x30
"""RAM that the firmware keeps; the first page directory then lies where memory-image readers look for it."""

_FOUR_GB: Final = 4 << 30
_LOW_MEMORY: Final = 4 << 20
"""What machines with more than 4 GB of RAM keep for the tables that CR3 names, one page for each process."""

_POOL_USAGE_MAXIMUM: Final = 80
"""Percent of paged pool."""

_MARGIN_SHIFT: Final = 6
_FLUID_PAGES: Final = 128
"""1/64 of RAM, or this if it is more, is kept out of the commit limit: what runs needs pages of code and files, which
nobody charges. Without a paging file private pages never leave RAM, and these are all that is left to replace."""

_KEPT_PAGES: Final = 32
"""The end of the commit limit that only growing stacks and the system may use."""


_BASED_TOP: Final = 0x800000
"""Based sections lie below the highest address by this much."""


class HasSpace(Protocol):
    """A process as the memory manager sees it."""

    space: AddressSpace


class SystemOwner:
    """The owner of the system working set, as the working set manager sees it."""

    process_id = 4
    is_swapped_out = False

    def __init__(self, working_set: WorkingSet, faults: FaultHandler) -> None:
        self.working_set = working_set
        self._faults = faults

    @property
    def page_fault_count(self) -> int:
        """Faults on pageable system space and in the system cache."""
        return self._faults.system_faults


def _no_disk(name: str) -> PagingStore:
    raise OSError("this machine has no disk")


class Parts:
    """One machine's memory. `boot` fills the slots of `pfn` and `table_memory` that lead to the CPU."""

    def __init__(
        self,
        ram: Ram,
        architecture: Architecture,
        clock: Clock,
        junk_fill: bool = False,
        scheduler: Scheduler | None = None,
        replacement: str = "ageing",
        large_pages: bool = False,
        large_drivers: Iterable[str] = (),
        layout: AddressLayout | None = None,
        system_ptes: int = 0,
        large_cache: bool = False,
        no_execute: bool = True,
        is_server: bool = False,
        memory_thresholds: tuple[int, int] = (0, 0),
        no_low_memory: bool = False,
        pools: PoolSizes | None = None,
        pool_usage_maximum: int = 0,
        session_sizes: tuple[int, int] = (0, 0),
        page_colours: int = COLOURS,
    ) -> None:
        """`memory_thresholds`: MB of available memory at which little and much is announced; 0: the defaults.

        `no_low_memory`: what need not lie below 4 GB does not (/NOLOWMEM). `pools`: the most that they may have.
        `session_sizes`: the most bytes of views and pool that a session may have; 0: what there is room for.
        `pool_usage_maximum`: percent of paged pool from which on unused sections go; 0: the default.
        `page_colours`: how many lists of zeroed and of free pages there are, a power of two.
        """
        self.ram = ram
        scheduler = scheduler or Scheduler(clock)
        self.architecture = architecture
        self.layout = layout or layout_for(architecture.name)
        alignment = architecture.large_page_size if large_pages else architecture.page_size
        self.pfn = PfnDatabase(
            ram, architecture.page_size, ENTRY_FORMS[architecture.name], junk_fill, alignment, page_colours
        )
        for _ in range(FIRMWARE_FRAMES):
            self.pfn.take_zeroed(PageUse.FIRMWARE)
        if architecture.name == "pae" and ram.size > _FOUR_GB:
            low = _FOUR_GB if no_low_memory else _LOW_MEMORY
            self.pfn.set_low_aside(low // architecture.page_size)
        initial_pool = initial_pool_start(self.layout, architecture, ram.size)
        pte_format = format_for(architecture, self.layout.paged_pool, self.layout.nonpaged_pool_end, initial_pool)
        self.table_memory = TableMemory(ram, architecture, self.pfn, pte_format, self.layout.system_range_start)
        if not no_execute:
            self.table_memory.stack_no_execute = self.table_memory.paged_pool_no_execute = 0
        self.ledger = CommitLedger(self.pfn.available)
        self.system_account = self.ledger.open_account("system")
        self.limits = default_limits(system_size(ram.size, is_server))
        self._largest_working_set = self.pfn.available - SYSTEM_SHARE
        self.system = build_system_space(
            self.table_memory, ram, self.layout, self.system_account, system_limits(self.pfn.frames), large_pages, pools
        )
        margin = max(self.pfn.frames >> _MARGIN_SHIFT, _FLUID_PAGES)
        self.ledger.limit = self.ledger.committed + self.pfn.available - margin
        self.ledger.kept = _KEPT_PAGES
        self.system_account.may_use_kept = True
        self.resident = ResidentLedger(self.pfn.available - (self.pfn.frames >> _MARGIN_SHIFT))
        self.paging_files = PagingFiles(self.pfn.slots, architecture.page_size)
        self.disk = disk = Disk(clock)
        self.in_page = InPage(ram, self.table_memory, scheduler, disk)
        self.system_ptes = SystemPtes(
            self.system.tables,
            self.layout.system_ptes,
            self.layout.system_ptes_end,
            system_ptes or system_pte_count(ram.size),
        )
        self.kernel_stacks = KernelStacks(ram, self.table_memory, self.system_ptes, self.system_account, self.resident)
        self.system_images = SystemImages(
            ram, self.table_memory, self.system_ptes, self.system.large_mappings, self.system_account, large_drivers
        )
        self.mdls = MdlLocking(ram, self.system.tables, self.system.nonpaged_pool, self.system_ptes, self.resident)
        self.contiguous = ContiguousMemory(self.table_memory, self.system_ptes, self.system_account, self.resident)
        self.stack_swapping = StackSwapping(
            self.table_memory, self.kernel_stacks, self.system_ptes, self.resident, self.in_page, self.paging_files
        )
        self.faults = FaultHandler(
            ram,
            self.layout,
            self.table_memory,
            self.system.tables,
            self.system.working_set,
            self.in_page,
            self.paging_files,
        )
        self.faults.shared_page_prototype = self.system.shared_page_prototype
        self.system.paged_pool.bring_in = self.faults.bring_in_system_page
        self.sections = Sections(self.system.tables, self.system.paged_pool, self.system.nonpaged_pool)
        self.system_cache = self._make_system_cache(large_cache)
        self.mapped_writer = MappedPageWriter(ram, self.system.tables, self.sections, scheduler, disk)
        self.pageout = PageOut(
            ram,
            self.table_memory,
            self.paging_files,
            self.ledger,
            scheduler,
            clock,
            disk,
            self._working_set_owners,
            replacement,
            self.mapped_writer,
            levels_for(self.pfn.frames, is_server, *memory_thresholds),
        )
        self._watch_paged_pool(pool_usage_maximum or _POOL_USAGE_MAXIMUM)
        self.system.working_set.at_quota = self._system_at_quota
        self._system_owner = SystemOwner(self.system.working_set, self.faults)
        self._scheduler = scheduler
        for event in (self.pageout.notifications.low, self.pageout.notifications.high):
            event.reference()
        self.open_paging_store: Callable[[str], PagingStore] = _no_disk
        """Slot: the host's file for a paging file with an NT path; raises OSError."""
        self.spaces: list[AddressSpace] = []
        self.session_sizes = session_sizes
        self.sessions_by_id: dict[int, SessionSpace] = {}
        based = user_range(self.layout)
        self._lowest_based = (based.highest_vad + 1 - _BASED_TOP) & -ALLOCATION_GRANULARITY
        self.machine = SpaceMachine(
            ram,
            architecture,
            self.layout,
            self.pfn,
            self.table_memory,
            self.system.tables,
            self.ledger,
            self.resident,
            self.faults,
            self.limits,
            self.pageout.at_quota,
            self.sections,
        )
        self.system.tables.table_made = self._share_system_table
        self.changed: Callable[[AddressSpace, str, int, int, int], None] | None = None
        """Slot: told (space, change, start, end, PAGE_* value) of every change of a range while a recorder listens."""
        self.ledger.unpromised = lambda: sum(len(space.working_set.locked_file_pages) for space in self.spaces)
        self.current_teb: Callable[[AddressSpace], int] = lambda space: 0
        """Slot: the TEB of the thread on whose behalf the kernel touches its own memory; 0 in another process's."""

    def _watch_paged_pool(self, percent: int) -> None:
        """Beyond so much of its maximum the dereference segment thread deletes sections that nobody uses."""
        pool = self.system.paged_pool
        pool.usage_bound = pool.maximum_pages * self.architecture.page_size * percent // 100
        pool.much_used = self.pageout.dereference.called.set

    def _make_system_cache(self, large: bool) -> SystemCache:
        layout = self.layout
        regions = [(layout.system_cache, layout.system_cache_end)]
        if large and layout.cache_extension < layout.cache_extension_end:
            regions.append((layout.cache_extension, layout.cache_extension_end))
        room = sum(end - start for start, end in regions)
        size = system_cache_bytes(self.ram.size, room, layout.is_three_gb, large)
        return SystemCache(self.faults, self.sections, regions, size)

    def _system_at_quota(self, working_set: WorkingSet) -> None:
        """The system working set is full. While memory is short, a view that the cache does not use goes as a whole."""
        is_large = working_set.count >= working_set.limits.maximum
        if is_large and self.pfn.available <= self.pageout.levels.plenty and self.system_cache.shrink():
            working_set.quota = max(working_set.limits.maximum, working_set.count + GROWTH)
        else:
            self.pageout.at_quota(working_set)

    def _working_set_owners(self) -> Iterator[WorkingSetOwner]:
        yield from self.spaces
        yield self._system_owner
        yield from (SessionOwner(session) for session in self.sessions_by_id.values())

    def _share_system_table(self, index: int, frame: int) -> None:
        roots = [space.tables.root for space in self.spaces if not space.is_swapped_out]
        share_system_entry(self.table_memory, self.system.tables.root, index, roots)

    def _kernel_fault(self, space: AddressSpace, address: int, error_code: int) -> int:
        """Answers a fault that the kernel's own access to user memory took."""
        return self.faults.access_fault(space, address, error_code, self.current_teb(space), ORIGIN_KERNEL).status

    @contextmanager
    def _changing(self, process: HasSpace) -> Iterator[AddressSpace]:
        """A service works on a process's address space: it is in memory, and no other service changes it meanwhile."""
        space = process.space
        with space.address_creation:
            if space.is_swapped_out:
                self.faults.swap_in(space)
            yield space

    def _tell(self, process: HasSpace, change: str, status: Status, base: int, size: int, protection: int) -> None:
        if self.changed is not None and status is Status.SUCCESS:
            self.changed(process.space, change, base, base + size, protection)
