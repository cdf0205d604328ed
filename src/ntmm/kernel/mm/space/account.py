"""What a process's memory amounts to: its counters, and the pages of its working set one by one."""

from dataclasses import dataclass

from ntmm.kernel.mm.pfn.state import PROTOTYPE_FLAG
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.nt.status import Status


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """The counters of GetProcessMemoryInfo; bytes but for the count of faults. No pool is charged to processes yet."""

    page_fault_count: int
    working_set: int
    peak_working_set: int
    virtual_size: int
    peak_virtual_size: int
    commit: int
    peak_commit: int
    paged_pool_quota: int = 0
    peak_paged_pool_quota: int = 0
    nonpaged_pool_quota: int = 0
    peak_nonpaged_pool_quota: int = 0


@dataclass(frozen=True, slots=True, order=True)
class WorkingSetPage:
    """A user page in a working set: its address, MM_* code, how many processes have it, and whether it is locked."""

    address: int
    protection: int
    share_count: int
    shared: bool
    locked: bool


def process_memory(machine: SpaceMachine, space: AddressSpace) -> ProcessMemory:
    """The counters of a process, 0 for one whose memory was returned."""
    page = machine.architecture.page_size
    return ProcessMemory(
        page_fault_count=space.page_fault_count,
        working_set=space.working_set.count * page,
        peak_working_set=space.working_set.peak * page,
        virtual_size=space.virtual_size,
        peak_virtual_size=space.peak_virtual_size,
        commit=space.account.pages * page,
        peak_commit=space.account.peak * page,
    )


def working_set_pages(machine: SpaceMachine, space: AddressSpace) -> list[WorkingSetPage]:
    """The user pages of a working set in the order of their addresses (MemoryWorkingSetList)."""
    shift, pfn = machine.architecture.page_shift, machine.pfn
    found = []
    for entry in space.working_set.entries():
        address = entry.vpn << shift
        if address > space.user.highest:
            continue
        frame = machine.format.frame(machine.table_memory.entries[space.tables.find(address)])
        shared = bool(pfn.flags[frame] & PROTOTYPE_FLAG)
        count = pfn.share_count[frame] if shared else 0
        found.append(WorkingSetPage(address, entry.protection, count, shared, bool(entry.locked)))
    return sorted(found)


def refusal(space: AddressSpace, pages: int) -> Status:
    """Why `pages` could not be charged: the process's own quota, or the limit of the system."""
    return Status.PAGEFILE_QUOTA_EXCEEDED if space.account.is_over_quota(pages) else Status.COMMITMENT_LIMIT
