"""The memory manager's façade: everything that the rest of the kernel and the services call.

Sizes and addresses in bytes. A process is named by its `AddressSpace`; the kernel's `Process` carries it as `.space`.
"""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from ntmm.hw.arch import Architecture
from ntmm.hw.ram import Ram
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.commit import CommitLedger, ResidentLedger
from ntmm.kernel.mm.fault import FaultHandler, FaultOutcome
from ntmm.kernel.mm.fault.access_fault import ORIGIN_CPU, ORIGIN_KERNEL
from ntmm.kernel.mm.in_page import InPage
from ntmm.kernel.mm.layout import layout_for
from ntmm.kernel.mm.pagefile import Disk, PagingFiles, PagingStore
from ntmm.kernel.mm.pageout import PageOut
from ntmm.kernel.mm.pageout.working_set_manager import WorkingSetOwner
from ntmm.kernel.mm.pfn import PageUse, PfnDatabase
from ntmm.kernel.mm.section import Backing, ControlArea, Section, create_image_control_area
from ntmm.kernel.mm.space import AddressSpace, SpaceMachine
from ntmm.kernel.mm.space.allocate import Range, allocate
from ntmm.kernel.mm.space.create import create_address_space
from ntmm.kernel.mm.space.delete import delete_address_space
from ntmm.kernel.mm.space.fixed_block import create_fixed_block
from ntmm.kernel.mm.space.free import free
from ntmm.kernel.mm.space.protect import Protected, protect
from ntmm.kernel.mm.space.query import MemoryInformation, query
from ntmm.kernel.mm.space.view import map_image, unmap_view
from ntmm.kernel.mm.status_block import MemoryStatus
from ntmm.kernel.mm.system_space import build_system_space
from ntmm.kernel.mm.tables import TableMemory, format_for, share_system_entry
from ntmm.kernel.mm.working_set import WorkingSet, default_limits, system_limits
from ntmm.nt.memory import MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, MEM_RESET
from ntmm.nt.status import Status
from ntmm.pe.headers import PeHeaders

FIRMWARE_FRAMES: Final = 0x30
"""RAM that the firmware keeps; the first page directory then lies where memory-image readers look for it."""

_PAGES_OF_A_SPACE: Final = 16
"""More than any architecture's new address space takes, its first user page tables included."""

_MARGIN_SHIFT: Final = 6
"""1/64 of RAM is kept out of the commit limit for page tables and working-set lists."""


MINIMUM_PAGING_FILE: Final = 1 << 20
"""1 MB."""


class HasSpace(Protocol):
    """A process as the memory manager sees it."""

    space: AddressSpace


class SystemOwner:
    """The owner of the system working set, as the working set manager sees it."""

    process_id = 4
    page_fault_count = 0
    is_swapped_out = False

    def __init__(self, working_set: WorkingSet) -> None:
        self.working_set = working_set


def _allocation_name(allocation_type: int) -> str:
    """What an allocation did, for the event stream."""
    names = ((MEM_RESERVE, "reserve"), (MEM_COMMIT, "commit"), (MEM_RESET, "reset"))
    return "+".join(name for bit, name in names if allocation_type & bit)


class MemoryManager:
    """One machine's memory. `boot` fills the slots of `pfn` and `table_memory` that lead to the CPU."""

    def __init__(
        self,
        ram: Ram,
        architecture: Architecture,
        clock: Clock,
        junk_fill: bool = False,
        scheduler: Scheduler | None = None,
        replacement: str = "ageing",
    ) -> None:
        self.ram = ram
        scheduler = scheduler or Scheduler(clock)
        self.architecture = architecture
        self.layout = layout_for(architecture.name)
        self.pfn = PfnDatabase(ram, architecture.page_size, architecture.pte_size, junk_fill)
        for _ in range(FIRMWARE_FRAMES):
            self.pfn.take_zeroed(PageUse.FIRMWARE)
        pte_format = format_for(architecture, self.layout.paged_pool, self.layout.nonpaged_pool_end)
        self.table_memory = TableMemory(ram, architecture, self.pfn, pte_format)
        self.ledger = CommitLedger(self.pfn.available)
        self.system_account = self.ledger.open_account("system")
        self.limits = default_limits(self.pfn.frames)
        self.system = build_system_space(
            self.table_memory, ram, self.layout, self.system_account, system_limits(self.pfn.frames)
        )
        self.ledger.limit = self.ledger.committed + self.pfn.available - (self.pfn.frames >> _MARGIN_SHIFT)
        self.resident = ResidentLedger(self.pfn.available - (self.pfn.frames >> _MARGIN_SHIFT))
        self.paging_files = PagingFiles(self.pfn.slots, architecture.page_size)
        disk = Disk(clock)
        self.in_page = InPage(ram, self.table_memory, scheduler, clock, disk)
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
        )
        self.system.working_set.at_quota = self.pageout.at_quota
        self._system_owner = SystemOwner(self.system.working_set)
        self.spaces: list[AddressSpace] = []
        self.control_areas: dict[tuple[str, int], ControlArea] = {}
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
        )
        self.system.tables.table_made = self._share_system_table
        self.changed: Callable[[AddressSpace, str, int, int, int], None] | None = None
        """Slot: told (space, change, start, end, PAGE_* value) of every change of a range while a recorder listens."""
        self.current_teb: Callable[[AddressSpace], int] = lambda space: 0
        """Slot: the TEB of the thread on whose behalf the kernel touches its own memory; 0 in another process's."""

    def _working_set_owners(self) -> Iterator[WorkingSetOwner]:
        yield from self.spaces
        yield self._system_owner

    def _share_system_table(self, index: int, frame: int) -> None:
        roots = [space.tables.root for space in self.spaces]
        share_system_entry(self.table_memory, self.system.tables.root, index, roots)

    # address spaces

    def create_address_space(self, process_id: int, owner: str) -> AddressSpace:
        """A new, empty address space (MmCreateProcessAddressSpace); its minimum working set is promised as resident."""
        self.resident.charge_required(self.limits.minimum)
        space = create_address_space(self.machine, process_id, self._kernel_fault, owner)
        space.resident_charge = self.limits.minimum
        self.spaces.append(space)
        return space

    def has_room_for_space(self) -> bool:
        """Waits for the pages of another space; False if RAM will not have them, or cannot promise its minimum."""
        return self.resident.available >= self.limits.minimum and self.pfn.ensure_pages(_PAGES_OF_A_SPACE)

    def delete_address_space(self, space: AddressSpace) -> None:
        """Returns everything that a space holds (MmDeleteProcessAddressSpace)."""
        delete_address_space(self.machine, space)
        self.spaces.remove(space)

    # faults

    def cpu_fault(self, space: AddressSpace, address: int, error_code: int, teb: int) -> FaultOutcome:
        """Answers a #PF of the CPU (MmAccessFault)."""
        return self.faults.access_fault(space, address, error_code, teb, ORIGIN_CPU)

    def _kernel_fault(self, space: AddressSpace, address: int, error_code: int) -> int:
        """Answers a fault that the kernel's own access to user memory took."""
        return self.faults.access_fault(space, address, error_code, self.current_teb(space), ORIGIN_KERNEL).status

    # virtual memory

    def allocate(
        self,
        process: HasSpace,
        address: int,
        size: int,
        allocation_type: int,
        protection: int,
        zero_bits: int = 0,
    ) -> Range:
        """NtAllocateVirtualMemory: (status, base, size)."""
        result = allocate(self.machine, process.space, address, size, allocation_type, protection, zero_bits)
        self._tell(process, _allocation_name(allocation_type), result.status, result.base, result.size, protection)
        return result

    def free(self, process: HasSpace, address: int, size: int, free_type: int) -> Range:
        """NtFreeVirtualMemory: (status, base, size)."""
        result = free(self.machine, process.space, address, size, free_type)
        change = "release" if free_type == MEM_RELEASE else "decommit"
        self._tell(process, change, result.status, result.base, result.size, 0)
        return result

    def protect(self, process: HasSpace, address: int, size: int, protection: int) -> Protected:
        """NtProtectVirtualMemory: (status, old protection of the first page, base, size)."""
        result = protect(self.machine, process.space, address, size, protection)
        self._tell(process, "protect", result.status, result.base, result.size, protection)
        return result

    def _tell(self, process: HasSpace, change: str, status: Status, base: int, size: int, protection: int) -> None:
        if self.changed is not None and status is Status.SUCCESS:
            self.changed(process.space, change, base, base + size, protection)

    def query(self, process: HasSpace, address: int) -> MemoryInformation | None:
        """NtQueryVirtualMemory: the run of alike pages at an address; None above user space."""
        return query(self.machine, process.space, address)

    def create_fixed_block(self, process: HasSpace, pages: int, purpose: str) -> int | None:
        """A committed block that programs may not change or free, placed as high as possible (PEB, TEBs)."""
        return create_fixed_block(self.machine, process.space, pages, purpose)

    def free_fixed_block(self, process: HasSpace, address: int) -> None:
        """Releases such a block: its thread has ended."""
        vad = process.space.vads.find(address >> self.architecture.page_shift)
        assert vad is not None and vad.no_change
        vad.no_change = False
        status = self.free(process, address, 0, MEM_RELEASE).status
        assert status is Status.SUCCESS

    # sections

    def create_image_section(self, backing: Backing, headers: PeHeaders) -> Section:
        """A section over an image file; the same file has one control area. Raises PoolExhausted."""
        key = (backing.name, backing.size)
        area = self.control_areas.get(key)
        if area is None:
            area = create_image_control_area(
                len(self.control_areas),
                backing,
                headers,
                self.system.tables,
                self.system.paged_pool,
                self.system.nonpaged_pool,
            )
            self.control_areas[key] = area
        return Section(area)

    def map_image(self, process: HasSpace, section: Section) -> tuple[int, Status]:
        """Maps an image: (base, SUCCESS or IMAGE_NOT_AT_BASE), or (0, error)."""
        result = map_image(self.machine, process.space, section.control_area)
        return result.base, result.status

    def unmap_view(self, process: HasSpace, address: int) -> Status:
        """NtUnmapViewOfSection."""
        return unmap_view(self.machine, process.space, address)

    # paging files

    def add_paging_file(self, name: str, minimum: int, maximum: int, store: PagingStore) -> Status:
        """NtCreatePagingFile for a store that the caller has opened; sizes in bytes. Raises OSError from the store."""
        page = self.architecture.page_size
        status = self._check_paging_file(minimum, maximum)
        if status is not Status.SUCCESS:
            return status
        before = self.paging_files.total_pages
        self.paging_files.add(name, minimum // page, maximum // page, store)
        self.ledger.limit += self.paging_files.total_pages - before
        return Status.SUCCESS

    def _check_paging_file(self, minimum: int, maximum: int) -> Status:
        if not self.paging_files.has_room:
            return Status.TOO_MANY_PAGING_FILES
        largest = (1 << (20 if self.architecture.pte_size == 4 else 32)) - 1
        if not MINIMUM_PAGING_FILE <= minimum <= largest * self.architecture.page_size:
            return Status.INVALID_PARAMETER_2
        if not minimum <= maximum <= largest * self.architecture.page_size:
            return Status.INVALID_PARAMETER_3
        return Status.SUCCESS

    # figures

    def memory_status(self, process: HasSpace) -> MemoryStatus:
        """The figures of GlobalMemoryStatusEx for a process."""
        page, layout = self.architecture.page_size, self.layout
        total_virtual = layout.highest_user_address + 1 - layout.lowest_user_address
        return MemoryStatus(
            total_physical=self.pfn.frames * page,
            available_physical=self.pfn.available * page,
            commit_limit=self.ledger.limit * page,
            commit_available=max(0, self.ledger.limit - self.ledger.committed) * page,
            total_virtual=total_virtual,
            available_virtual=total_virtual - process.space.virtual_size,
        )
