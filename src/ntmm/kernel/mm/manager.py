"""The memory manager's façade: everything that the rest of the kernel and the services call.

Sizes and addresses in bytes. A process is named by its `AddressSpace`; the kernel's `Process` carries it as `.space`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Protocol

from ntmm.hw.arch import Architecture
from ntmm.hw.ram import Ram
from ntmm.kernel.io.control_block import FileControlBlock
from ntmm.kernel.io.data_file import DataFile, FileRefused
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.ke.lock import KernelMutex
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.commit import CommitLedger, ResidentLedger
from ntmm.kernel.mm.fault import FaultHandler, FaultOutcome
from ntmm.kernel.mm.fault.access_fault import ORIGIN_CPU, ORIGIN_KERNEL
from ntmm.kernel.mm.in_page import InPage
from ntmm.kernel.mm.kernel_stack import KernelStacks, StackSwapping
from ntmm.kernel.mm.layout import layout_for
from ntmm.kernel.mm.pagefile import Disk, PagingFile, PagingFiles, PagingStore
from ntmm.kernel.mm.pageout import PageOut
from ntmm.kernel.mm.pageout.mapped_writer import MappedPageWriter
from ntmm.kernel.mm.pageout.working_set_manager import WorkingSetOwner
from ntmm.kernel.mm.pfn import PageUse, PfnDatabase
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.kernel.mm.section import AreaKind, Backing, ControlArea, Section, Sections
from ntmm.kernel.mm.section.create import NEEDED_ACCESS, check_creation, may_write
from ntmm.kernel.mm.section.file_data import DataPages
from ntmm.kernel.mm.space import AddressSpace, SpaceMachine
from ntmm.kernel.mm.space.account import ProcessMemory, WorkingSetPage, process_memory, working_set_pages
from ntmm.kernel.mm.space.adjust import SYSTEM_SHARE, LimitsRequest, adjust_limits
from ntmm.kernel.mm.space.allocate import Range, allocate
from ntmm.kernel.mm.space.create import create_address_space
from ntmm.kernel.mm.space.delete import delete_address_space
from ntmm.kernel.mm.space.fixed_block import create_fixed_block
from ntmm.kernel.mm.space.flush import copy_views, dirty_range, take_dirty_bits
from ntmm.kernel.mm.space.free import free
from ntmm.kernel.mm.space.lock import lock, unlock
from ntmm.kernel.mm.space.map import View, ViewRequest, map_section
from ntmm.kernel.mm.space.protect import Protected, protect
from ntmm.kernel.mm.space.query import MemoryInformation, query
from ntmm.kernel.mm.space.swap import in_swap, out_swap
from ntmm.kernel.mm.space.view import map_image, unmap_view
from ntmm.kernel.mm.statistics import MemoryStatistics, collect
from ntmm.kernel.mm.status_block import MemoryStatus
from ntmm.kernel.mm.system_cache import SystemCache, system_cache_bytes
from ntmm.kernel.mm.system_ptes import SystemPtes, system_pte_count
from ntmm.kernel.mm.system_space import build_system_space
from ntmm.kernel.mm.tables import TableMemory, format_for, share_system_entry
from ntmm.kernel.mm.vad import VadKind
from ntmm.kernel.mm.working_set import WorkingSet, WorkingSetLimits, default_limits, system_limits
from ntmm.kernel.mm.working_set.working_set import GROWTH
from ntmm.kernel.ob import Event
from ntmm.nt.memory import (
    ALLOCATION_GRANULARITY,
    MAP_PROCESS,
    MEM_COMMIT,
    MEM_RELEASE,
    MEM_RESERVE,
    MEM_RESET,
    MM_EXECUTE_READWRITE,
    MM_EXECUTE_WRITECOPY,
    MM_READWRITE,
    MM_WRITECOPY,
    PAGE_EXECUTE,
    PAGE_READWRITE,
    SEC_BASED,
    SEC_FILE,
    SEC_IMAGE,
    SEC_RESERVE,
    VIEW_UNMAP,
    make_protection_mask,
)
from ntmm.nt.status import Status, is_success
from ntmm.pe.headers import PeHeaders

FIRMWARE_FRAMES: Final = 0x30
"""RAM that the firmware keeps; the first page directory then lies where memory-image readers look for it."""

_PAGES_OF_A_SPACE: Final = 16
"""More than any architecture's new address space takes, its first user page tables included."""

_MARGIN_SHIFT: Final = 6
"""1/64 of RAM is kept out of the commit limit for page tables and working-set lists."""


_MOST_PROTOTYPES: Final = 1 << 24
"""Pages of a section of the paging file: 64 GB."""

_PLAIN: Final = {MM_WRITECOPY: MM_READWRITE, MM_EXECUTE_WRITECOPY: MM_EXECUTE_READWRITE}
"""Memory that only the paging file backs is plainly writable behind a section that copies."""

_BASED_TOP: Final = 0x800000
"""Based sections lie below the highest address by this much."""

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

    def count_fault(self) -> None:
        """A page of the system cache became valid."""
        self.page_fault_count += 1


def _device_path(name: str) -> str:
    """The NT path of a file that is named with its drive."""
    return "\\Device\\HarddiskVolume1" + name[2:] if name[1:2] == ":" else name


def _no_disk(name: str) -> PagingStore:
    raise OSError("this machine has no disk")


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
        self._largest_working_set = self.pfn.available - SYSTEM_SHARE
        self.system = build_system_space(
            self.table_memory, ram, self.layout, self.system_account, system_limits(self.pfn.frames)
        )
        self.ledger.limit = self.ledger.committed + self.pfn.available - (self.pfn.frames >> _MARGIN_SHIFT)
        self.resident = ResidentLedger(self.pfn.available - (self.pfn.frames >> _MARGIN_SHIFT))
        self.paging_files = PagingFiles(self.pfn.slots, architecture.page_size)
        self.disk = disk = Disk(clock)
        self.in_page = InPage(ram, self.table_memory, scheduler, disk)
        self.system_ptes = SystemPtes(
            self.system.tables, self.layout.system_ptes, self.layout.system_ptes_end, system_pte_count(ram.size)
        )
        self.kernel_stacks = KernelStacks(ram, self.table_memory, self.system_ptes, self.system_account, self.resident)
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
        self.system_cache = self._make_system_cache()
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
        )
        self.system.working_set.at_quota = self._system_at_quota
        self._system_owner = SystemOwner(self.system.working_set)
        self.system_cache.faulted = self._system_owner.count_fault
        self._scheduler = scheduler
        for event in (self.low_memory, self.high_memory):
            event.reference()
        self.open_paging_store: Callable[[str], PagingStore] = _no_disk
        """Slot: the host's file for a paging file with an NT path; raises OSError."""
        self.spaces: list[AddressSpace] = []
        self._lowest_based = (self.layout.highest_vad_address + 1 - _BASED_TOP) & -ALLOCATION_GRANULARITY
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
        self.current_teb: Callable[[AddressSpace], int] = lambda space: 0
        """Slot: the TEB of the thread on whose behalf the kernel touches its own memory; 0 in another process's."""

    def _make_system_cache(self) -> SystemCache:
        start, end = self.layout.system_cache, self.layout.system_cache_end
        return SystemCache(self.faults, self.sections, start, system_cache_bytes(self.ram.size, end - start))

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

    def _share_system_table(self, index: int, frame: int) -> None:
        roots = [space.tables.root for space in self.spaces if not space.is_swapped_out]
        share_system_entry(self.table_memory, self.system.tables.root, index, roots)

    # address spaces

    def create_address_space(self, process_id: int, owner: str) -> AddressSpace:
        """A new, empty address space (MmCreateProcessAddressSpace); its minimum working set is promised as resident."""
        self.resident.charge_required(self.limits.minimum)
        space = create_address_space(self.machine, process_id, self._kernel_fault, owner)
        space.resident_charge = self.limits.minimum
        space.address_creation = KernelMutex(self._scheduler)
        self.spaces.append(space)
        return space

    def has_room_for_space(self) -> bool:
        """Waits for the pages of another space; False if RAM will not have them, or cannot promise its minimum."""
        return self.resident.available >= self.limits.minimum and self.pfn.ensure_pages(_PAGES_OF_A_SPACE)

    def delete_address_space(self, space: AddressSpace) -> None:
        """Returns everything that a space holds (MmDeleteProcessAddressSpace)."""
        if space.is_swapped_out:
            self.faults.swap_in(space)
        delete_address_space(self.machine, space)
        self.spaces.remove(space)

    def out_swap(self, space: AddressSpace) -> bool:
        """Empties a process's working set and puts its tables out of memory; False if pages of it are locked.

        None of its threads' kernel stacks may be in memory.
        """
        if space.is_swapped_out or any(entry.locked for entry in space.working_set.entries()):
            return False
        while self.pageout.working_sets.empty(space):
            pass
        return out_swap(self.machine, space, self.system.nonpaged_pool)

    def in_swap(self, space: AddressSpace) -> None:
        """Brings the tables of a process back; waits for the disk. The swapper's: others call `swap_in`."""
        in_swap(self.machine, space, self.system.nonpaged_pool)

    def swap_in(self, process: HasSpace) -> None:
        """Waits until the swapper has brought a process back, if it is out; nothing keeps it in memory afterwards."""
        if process.space.is_swapped_out:
            self.faults.swap_in(process.space)

    # faults

    def cpu_fault(self, space: AddressSpace, address: int, error_code: int, teb: int) -> FaultOutcome:
        """Answers a #PF of the CPU (MmAccessFault)."""
        return self.faults.access_fault(space, address, error_code, teb, ORIGIN_CPU)

    def _kernel_fault(self, space: AddressSpace, address: int, error_code: int) -> int:
        """Answers a fault that the kernel's own access to user memory took."""
        return self.faults.access_fault(space, address, error_code, self.current_teb(space), ORIGIN_KERNEL).status

    # virtual memory

    @contextmanager
    def _changing(self, process: HasSpace) -> Iterator[AddressSpace]:
        """A service works on a process's address space: it is in memory, and no other service changes it meanwhile."""
        space = process.space
        with space.address_creation:
            if space.is_swapped_out:
                self.faults.swap_in(space)
            yield space

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
        with self._changing(process) as space:
            result = allocate(self.machine, space, address, size, allocation_type, protection, zero_bits)
        self._tell(process, _allocation_name(allocation_type), result.status, result.base, result.size, protection)
        return result

    def free(self, process: HasSpace, address: int, size: int, free_type: int) -> Range:
        """NtFreeVirtualMemory: (status, base, size)."""
        with self._changing(process) as space:
            result = free(self.machine, space, address, size, free_type)
        change = "release" if free_type == MEM_RELEASE else "decommit"
        self._tell(process, change, result.status, result.base, result.size, 0)
        return result

    def protect(self, process: HasSpace, address: int, size: int, protection: int) -> Protected:
        """NtProtectVirtualMemory: (status, old protection of the first page, base, size)."""
        with self._changing(process) as space:
            result = protect(self.machine, space, address, size, protection)
        self._tell(process, "protect", result.status, result.base, result.size, protection)
        return result

    def _tell(self, process: HasSpace, change: str, status: Status, base: int, size: int, protection: int) -> None:
        if self.changed is not None and status is Status.SUCCESS:
            self.changed(process.space, change, base, base + size, protection)

    def query(self, process: HasSpace, address: int) -> MemoryInformation | None:
        """NtQueryVirtualMemory: the run of alike pages at an address; None above user space."""
        with self._changing(process) as space:
            return query(self.machine, space, address)

    def create_fixed_block(self, process: HasSpace, pages: int, purpose: str) -> int | None:
        """A committed block that programs may not change or free, placed as high as possible (PEB, TEBs)."""
        with self._changing(process) as space:
            return create_fixed_block(self.machine, space, pages, purpose)

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
        section = Section(self.sections.image(backing, headers), 0, PAGE_EXECUTE, SEC_IMAGE)
        section.released = self._section_released
        return section

    def _section_released(self, section: Section) -> None:
        self.sections.release(section.control_area)

    def create_section(
        self, file: FileObject | None, maximum_size: int, page_protection: int, attributes: int
    ) -> tuple[Status, Section | None]:
        """NtCreateSection: over a data file, or over the paging file if `file` is None; size in bytes.

        Images are `create_image_section`'s. The status is that of the first check that refuses.
        """
        status = check_creation(attributes, page_protection, maximum_size, file is not None)
        if status is not None:
            return status, None
        try:
            if file is None:
                return self._section_of_paging_file(maximum_size, page_protection, attributes)
            return self._section_of_file(file, maximum_size, page_protection, attributes)
        except PoolExhausted:
            return Status.INSUFFICIENT_RESOURCES, None
        except FileRefused as refused:
            return refused.status, None

    def _section_of_paging_file(
        self, size: int, page_protection: int, attributes: int
    ) -> tuple[Status, Section | None]:
        page, pages = self.architecture.page_size, -(-size // self.architecture.page_size)
        account = self.ledger.open_account("section")
        committed = not attributes & SEC_RESERVE
        if pages > _MOST_PROTOTYPES:
            return Status.SECTION_TOO_BIG, None
        if committed and not account.charge(pages):
            return Status.COMMITMENT_LIMIT, None
        protection = make_protection_mask(page_protection)
        assert protection is not None
        try:
            area = self.sections.paging_file(size, _PLAIN.get(protection, protection), account, committed)
        except PoolExhausted:
            account.close()
            raise
        return Status.SUCCESS, self._new_section(area, pages * page, page_protection, attributes)

    def _section_of_file(
        self, file: FileObject, maximum_size: int, page_protection: int, attributes: int
    ) -> tuple[Status, Section | None]:
        needed = NEEDED_ACCESS[page_protection & 0xFF]
        if file.is_directory:
            return Status.INVALID_FILE_FOR_SECTION, None
        if file.access & needed != needed:
            return Status.ACCESS_DENIED, None
        size = file.size
        if not size and not maximum_size:
            return Status.MAPPED_FILE_SIZE_ZERO, None
        if maximum_size > size and not may_write(page_protection):
            return Status.SECTION_TOO_BIG, None
        if maximum_size > size:
            file.block.set_size(maximum_size)
        pages = self.data_of(file.block)
        section = self._new_section(pages.area, maximum_size or size, page_protection, attributes | SEC_FILE)
        section.file = file
        return Status.SUCCESS, section

    def _new_section(self, area: ControlArea, size: int, page_protection: int, attributes: int) -> Section:
        based = self._based_address(size) if attributes & SEC_BASED else 0
        section = Section(area, size, page_protection, attributes, based)
        section.released = self._section_released
        self.sections.reuse(area)
        return section

    def _based_address(self, size: int) -> int:
        """The address of a based section in every process: below those before, downwards from the top."""
        self._lowest_based -= -(-size // ALLOCATION_GRANULARITY) * ALLOCATION_GRANULARITY
        return self._lowest_based

    def data_of(self, block: FileControlBlock) -> DataPages:
        """The pages of a data file; the file has one control area however many sections there are over it."""
        if block.data is None:
            area = self.sections.data_file(DataFile(block), "C:" + block.name)
            block.data = DataPages(area, self.sections, self.system.tables, self.ram, self.system_cache.forget_pages)
        assert isinstance(block.data, DataPages)
        return block.data

    def extend_section(self, section: Section, size: int) -> tuple[Status, int]:
        """NtExtendSection: (status, size in bytes); the file of a data section grows with it, views do not."""
        area = section.control_area
        if area.kind is not AreaKind.FILE:
            return Status.SECTION_NOT_EXTENDED, 0
        if size <= section.size:
            return Status.SUCCESS, section.size
        try:
            if size > area.size:
                area.backing.set_size(size)
        except FileRefused as refused:
            return refused.status, 0
        section.size = size
        return Status.SUCCESS, size

    def map_view(
        self,
        process: HasSpace,
        section: Section,
        base: int = 0,
        zero_bits: int = 0,
        commit_size: int = 0,
        offset: int = 0,
        view_size: int = 0,
        inherit: int = VIEW_UNMAP,
        allocation_type: int = 0,
        page_protection: int = PAGE_READWRITE,
    ) -> View:
        """NtMapViewOfSection: (status, base, offset, size), all in bytes."""
        request = ViewRequest(
            base, zero_bits, commit_size, offset, view_size, inherit, allocation_type, page_protection
        )
        with self._changing(process) as space:
            view = map_section(self.machine, space, section, request)
        self._tell(process, "map", view.status, view.base, view.size, page_protection)
        return view

    def flush_view(self, process: HasSpace, base: int, size: int) -> Range:
        """NtFlushVirtualMemory: what was changed through the view is in the file when it answers."""
        with self._changing(process) as space:
            found = dirty_range(self.machine, space, base, size)
        if isinstance(found, Status):
            return Range(found)
        area, first, end, start, length = found
        refused = self.mapped_writer.flush(area, first, end)
        if refused is not None:
            return Range(refused.status if isinstance(refused, FileRefused) else Status.UNEXPECTED_IO_ERROR)
        return Range(Status.SUCCESS, start, length)

    def mapped_file_name(self, process: HasSpace, address: int) -> tuple[Status, str]:
        """The NT path of the file that is mapped at an address (MemorySectionName)."""
        vad = process.space.vads.find(address >> self.architecture.page_shift)
        if vad is None or not vad.is_view:
            return Status.INVALID_ADDRESS, ""
        if vad.control_area.kind is AreaKind.PAGING_FILE:
            return Status.FILE_INVALID, ""
        return Status.SUCCESS, _device_path(vad.control_area.name)

    def are_mapped_files_the_same(self, process: HasSpace, one: int, other: int) -> Status:
        """NtAreMappedFilesTheSame."""
        shift = self.architecture.page_shift
        vads = [process.space.vads.find(address >> shift) for address in (one, other)]
        if any(vad is None for vad in vads):
            return Status.INVALID_ADDRESS
        if any(not vad.is_view for vad in vads if vad is not None):
            return Status.CONFLICTING_ADDRESSES
        first, second = (vad.control_area for vad in vads if vad is not None)
        same = first is second and first.kind is AreaKind.IMAGE
        return Status.SUCCESS if same else Status.NOT_SAME_DEVICE

    def copy_inherited_views(self, parent: HasSpace, child: HasSpace) -> Status:
        """A new process gets the views that were mapped with ViewShare, at the same addresses."""
        with self._changing(parent) as source, self._changing(child) as target:
            return copy_views(self.machine, source, target)

    def shut_down(self) -> bool:
        """Writes every dirty page of data files; False if a disk refuses some (MmShutdownSystem). No thread runs."""
        page = self.architecture.page_size
        for space in self.spaces:
            for vad in space.vads:
                if vad.kind is VadKind.MAPPED and not space.is_swapped_out:
                    take_dirty_bits(self.machine, space, vad.start_vpn * page, (vad.end_vpn + 1) * page)
        written = [self.sections.write_back(area) for area in self.sections.areas()]
        return all(written)

    def map_image(self, process: HasSpace, section: Section) -> tuple[int, Status]:
        """Maps an image: (base, SUCCESS or IMAGE_NOT_AT_BASE), or (0, error)."""
        with self._changing(process) as space:
            result = map_image(self.machine, space, section.control_area)
        return result.base, result.status

    def unmap_view(self, process: HasSpace, address: int) -> Status:
        """NtUnmapViewOfSection."""
        with self._changing(process) as space:
            return unmap_view(self.machine, space, address)

    # working sets

    def lock(self, process: HasSpace, address: int, size: int, map_type: int = MAP_PROCESS) -> Range:
        """NtLockVirtualMemory: (SUCCESS or WAS_LOCKED, base, size), or an error; `map_type` of MAP_* values."""
        with self._changing(process) as space:
            return lock(self.machine, space, address, size, map_type)

    def unlock(self, process: HasSpace, address: int, size: int, map_type: int = MAP_PROCESS) -> Range:
        """NtUnlockVirtualMemory: (SUCCESS or NOT_LOCKED, base, size)."""
        with self._changing(process) as space:
            return unlock(self.machine, space, address, size, map_type)

    def set_working_set_limits(
        self,
        process: HasSpace,
        minimum: int,
        maximum: int,
        hard_minimum: bool | None = None,
        hard_maximum: bool | None = None,
        privileged: bool = True,
    ) -> Status:
        """MmAdjustWorkingSetSize, in bytes; both all ones empty the working set. A lower maximum trims at once."""
        ones = (1 << 8 * self.architecture.pointer_size) - 1
        if minimum & ones == maximum & ones == ones:
            return self.empty_working_set(process)
        page = self.architecture.page_size
        request = LimitsRequest(minimum // page, maximum // page, hard_minimum, hard_maximum, privileged)
        with self._changing(process) as space:
            status = adjust_limits(self.machine, space, request, max(self.limits.maximum, self._largest_working_set))
            if is_success(status):
                self.pageout.working_sets.shrink_to(space, space.working_set.limits.maximum)
            return status

    def working_set_limits(self, process: HasSpace) -> WorkingSetLimits:
        """The limits of a process, in bytes."""
        limits, page = process.space.working_set.limits, self.architecture.page_size
        return replace(limits, minimum=limits.minimum * page, maximum=limits.maximum * page)

    def empty_working_set(self, process: HasSpace) -> Status:
        """Takes every page away that is not locked; page tables without pages follow (EmptyWorkingSet)."""
        with self._changing(process) as space:
            while self.pageout.working_sets.empty(space):
                pass
        return Status.SUCCESS

    def working_set_pages(self, process: HasSpace) -> list[WorkingSetPage]:
        """The user pages of a working set in the order of their addresses."""
        with self._changing(process) as space:
            return working_set_pages(self.machine, space)

    def process_memory(self, process: HasSpace) -> ProcessMemory:
        """The counters of a process."""
        return process_memory(self.machine, process.space)

    def page_file_quota(self, process: HasSpace) -> int | None:
        """The most a process may commit, in bytes; None for no limit (QUOTA_LIMITS.PagefileLimit)."""
        quota = process.space.account.quota
        return None if quota is None else quota * self.architecture.page_size

    def set_page_file_quota(self, process: HasSpace, size: int | None) -> None:
        """Changes it; what the process has committed already stays."""
        process.space.account.quota = None if size is None else size // self.architecture.page_size

    # paging files

    def create_paging_file(self, name: str, minimum: int, maximum: int) -> Status:
        """NtCreatePagingFile: a new file, or other sizes for one that exists; `name` an NT path, sizes in bytes.

        An existing file never shrinks below what it is. DISK_FULL where the host refuses.
        """
        file = self.paging_files.find(name)
        status = self._check_paging_file(minimum, maximum, file is None)
        if status is not Status.SUCCESS:
            return status
        if file is not None:
            return self._resize_paging_file(file, minimum, maximum)
        try:
            self.add_paging_file(name, minimum, maximum, self.open_paging_store(name))
        except OSError:
            return Status.DISK_FULL
        return Status.SUCCESS

    def add_paging_file(self, name: str, minimum: int, maximum: int, store: PagingStore) -> None:
        """A new paging file over a store that is open; sizes in bytes. Raises OSError from the store."""
        page, before = self.architecture.page_size, self.paging_files.total_pages
        self.paging_files.add(name, minimum // page, maximum // page, store)
        self.ledger.limit += self.paging_files.total_pages - before

    def _resize_paging_file(self, file: PagingFile, minimum: int, maximum: int) -> Status:
        page = self.architecture.page_size
        if minimum // page < file.minimum:
            return Status.INVALID_PARAMETER_2
        if maximum // page < file.maximum:
            return Status.INVALID_PARAMETER_3
        file.minimum, file.maximum = minimum // page, maximum // page
        if file.size < file.minimum:
            self.ledger.limit += file.grow(file.minimum - file.size)
        return Status.SUCCESS if file.size >= file.minimum else Status.DISK_FULL

    def _check_paging_file(self, minimum: int, maximum: int, is_new: bool) -> Status:
        if is_new and not self.paging_files.has_room:
            return Status.TOO_MANY_PAGING_FILES
        largest = (1 << (20 if self.architecture.pte_size == 4 else 32)) - 1
        if not MINIMUM_PAGING_FILE <= minimum <= largest * self.architecture.page_size:
            return Status.INVALID_PARAMETER_2
        if not minimum <= maximum <= largest * self.architecture.page_size:
            return Status.INVALID_PARAMETER_3
        return Status.SUCCESS

    # figures

    @property
    def low_memory(self) -> Event:
        """\\KernelObjects\\LowMemoryCondition: signalled while little memory is available."""
        return self.pageout.notifications.low

    @property
    def high_memory(self) -> Event:
        """\\KernelObjects\\HighMemoryCondition: signalled while much memory is available."""
        return self.pageout.notifications.high

    def statistics(self) -> MemoryStatistics:
        """Figures of the whole machine, of this moment and since boot."""
        system_ptes = (self.system_ptes.total, self.system_ptes.free)
        return collect(self.pfn, self.ledger, self.faults, self.pageout, self.paging_files.files, system_ptes, self.system_cache)

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
