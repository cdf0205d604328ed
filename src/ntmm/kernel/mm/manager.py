"""The memory manager's façade: everything that the rest of the kernel and the services call.

Sizes and addresses in bytes. A process is named by its `AddressSpace`; the kernel's `Process` carries it as `.space`.
"""

from collections.abc import Callable
from typing import Final, Protocol

from ntmm.hw.arch import Architecture
from ntmm.hw.ram import Ram
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.mm.commit import CommitLedger
from ntmm.kernel.mm.fault import FaultHandler, FaultOutcome
from ntmm.kernel.mm.fault.access_fault import ORIGIN_CPU, ORIGIN_KERNEL
from ntmm.kernel.mm.in_page import InPage
from ntmm.kernel.mm.layout import layout_for
from ntmm.kernel.mm.pfn import PageUse, PfnDatabase
from ntmm.kernel.mm.pfn.database import RESERVE_PAGES
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
from ntmm.nt.memory import MEM_COMMIT, MEM_RELEASE, MEM_RESERVE, MEM_RESET
from ntmm.nt.status import Status
from ntmm.pe.headers import PeHeaders

FIRMWARE_FRAMES: Final = 0x30
"""RAM that the firmware keeps; the first page directory then lies where memory-image readers look for it."""

_PAGES_OF_A_SPACE: Final = 16
"""More than any architecture's new address space takes, its first user page tables included."""

_MARGIN_SHIFT: Final = 6
"""1/64 of RAM is kept out of the commit limit for page tables and working-set lists."""


class HasSpace(Protocol):
    """A process as the memory manager sees it."""

    space: AddressSpace


def _allocation_name(allocation_type: int) -> str:
    """What an allocation did, for the event stream."""
    names = ((MEM_RESERVE, "reserve"), (MEM_COMMIT, "commit"), (MEM_RESET, "reset"))
    return "+".join(name for bit, name in names if allocation_type & bit)


class MemoryManager:
    """One machine's memory. `boot` fills the slots of `pfn` and `table_memory` that lead to the CPU."""

    def __init__(self, ram: Ram, architecture: Architecture, clock: Clock, junk_fill: bool = False) -> None:
        self.ram = ram
        self.architecture = architecture
        self.layout = layout_for(architecture.name)
        self.pfn = PfnDatabase(ram, architecture.page_size, architecture.pte_size, junk_fill)
        for _ in range(FIRMWARE_FRAMES):
            self.pfn.take_zeroed(PageUse.FIRMWARE)
        pte_format = format_for(architecture, self.layout.paged_pool, self.layout.nonpaged_pool_end)
        self.table_memory = TableMemory(ram, architecture, self.pfn, pte_format)
        self.ledger = CommitLedger(self.pfn.available)
        self.system_account = self.ledger.open_account("system")
        self.system = build_system_space(self.table_memory, self.layout, self.system_account)
        self.ledger.limit = self.ledger.committed + self.pfn.available - (self.pfn.frames >> _MARGIN_SHIFT)
        self.in_page = InPage(ram, clock, architecture.page_size)
        self.faults = FaultHandler(ram, self.layout, self.table_memory, self.system.tables, self.in_page)
        self.faults.shared_page_prototype = self.system.shared_page_prototype
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
            self.faults,
        )
        self.system.tables.table_made = self._share_system_table
        self.changed: Callable[[AddressSpace, str, int, int, int], None] | None = None
        """Slot: told (space, change, start, end, PAGE_* value) of every change of a range while a recorder listens."""
        self.current_teb: Callable[[AddressSpace], int] = lambda space: 0
        """Slot: the TEB of the thread on whose behalf the kernel touches its own memory; 0 in another process's."""

    def _share_system_table(self, index: int) -> None:
        roots = [space.tables.root for space in self.spaces]
        share_system_entry(self.table_memory, self.system.tables.root, index, roots)

    # address spaces

    def create_address_space(self, process_id: int, owner: str) -> AddressSpace:
        """A new, empty address space (MmCreateProcessAddressSpace)."""
        space = create_address_space(self.machine, process_id, self._kernel_fault, owner)
        self.spaces.append(space)
        return space

    def has_room_for_space(self) -> bool:
        """False if RAM has no pages left for the top tables, hyperspace and working-set list of another space."""
        return self.pfn.available >= _PAGES_OF_A_SPACE + RESERVE_PAGES

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
