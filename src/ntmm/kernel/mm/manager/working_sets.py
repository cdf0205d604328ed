"""Working sets: locks, limits, emptying, and the counters of a process."""

from collections.abc import Iterable
from dataclasses import replace

from ntmm.kernel.mm.manager.parts import HasSpace, Parts
from ntmm.kernel.mm.space.account import ProcessMemory, WorkingSetPage, process_memory, working_set_pages
from ntmm.kernel.mm.space.adjust import LimitsRequest, adjust_limits, new_limits, quota_within
from ntmm.kernel.mm.space.allocate import Range
from ntmm.kernel.mm.space.lock import lock, unlock
from ntmm.kernel.mm.space.page_information import PageInformation, page_information
from ntmm.kernel.mm.working_set import WorkingSetLimits
from ntmm.nt.memory import (
    MAP_PROCESS,
)
from ntmm.nt.status import Status, is_success


class WorkingSetServices(Parts):
    """Sizes and addresses in bytes."""

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
        ones = (1 << 8 * process.space.user.pointer_size) - 1
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

    def cache_limits(self) -> WorkingSetLimits:
        """The limits of the system working set, which holds the file cache, in bytes."""
        limits, page = self.system.working_set.limits, self.architecture.page_size
        return replace(limits, minimum=limits.minimum * page, maximum=limits.maximum * page)

    def set_cache_limits(
        self, minimum: int, maximum: int, hard_minimum: bool | None = None, hard_maximum: bool | None = None
    ) -> Status:
        """MmAdjustWorkingSetSize for the system working set, in bytes; both all ones take every page of it that can go.

        BAD_WORKING_SET_LIMIT if they contradict each other, WORKING_SET_LIMIT_RANGE, a success, if they were clamped.
        """
        ones = (1 << 8 * self.architecture.pointer_size) - 1
        if minimum & ones == maximum & ones == ones:
            self.pageout.working_sets.empty(self._system_owner)
            return Status.SUCCESS
        page, working_set = self.architecture.page_size, self.system.working_set
        request = LimitsRequest(minimum // page, maximum // page, hard_minimum, hard_maximum)
        limits = new_limits(working_set.limits, request, self._largest_working_set)
        if limits is None or limits.maximum <= working_set.first_dynamic:
            return Status.BAD_WORKING_SET_LIMIT
        working_set.limits = limits
        working_set.quota = quota_within(limits, working_set)
        self.pageout.working_sets.shrink_to(self._system_owner, limits.maximum)
        is_clamped = (limits.minimum, limits.maximum) != (request.minimum, request.maximum)
        return Status.WORKING_SET_LIMIT_RANGE if is_clamped else Status.SUCCESS

    def working_set_pages(self, process: HasSpace) -> list[WorkingSetPage]:
        """The user pages of a working set in the order of their addresses."""
        with self._changing(process) as space:
            return working_set_pages(self.machine, space)

    def page_information(self, process: HasSpace, addresses: Iterable[int]) -> list[PageInformation]:
        """What is known of the pages at some addresses, in their order."""
        with self._changing(process) as space:
            return [page_information(self.machine, space, address) for address in addresses]

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
