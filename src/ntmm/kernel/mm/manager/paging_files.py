"""Paging files, and figures of the whole machine."""

from typing import Final

from ntmm.kernel.mm.manager.parts import HasSpace, Parts
from ntmm.kernel.mm.pagefile import PagingFile, PagingStore
from ntmm.kernel.mm.statistics import MemoryStatistics, collect
from ntmm.kernel.mm.status_block import MemoryStatus
from ntmm.kernel.ob import Event
from ntmm.nt.status import Status

MINIMUM_PAGING_FILE: Final = 1 << 20
"""1 MB."""


class PagingFileServices(Parts):
    """Sizes in bytes."""

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
        files = self.paging_files.files
        pools = (self.system.paged_pool, self.system.nonpaged_pool)
        return collect(self.pfn, self.ledger, self.faults, self.pageout, files, system_ptes, pools, self.system_cache)

    def memory_status(self, process: HasSpace) -> MemoryStatus:
        """The figures of GlobalMemoryStatusEx for a process, whose own quota may be less than the limit."""
        page, user = self.architecture.page_size, process.space.user
        total_virtual = user.highest + 1 - user.lowest
        account, limit = process.space.account, self.ledger.limit
        available = max(0, self.ledger.room)
        if account.quota is not None:
            limit, available = min(limit, account.quota), min(available, max(0, account.quota - account.pages))
        return MemoryStatus(
            total_physical=(self.pfn.frames - self.pfn.set_aside) * page,
            available_physical=self.pfn.available * page,
            commit_limit=limit * page,
            commit_available=available * page,
            total_virtual=total_virtual,
            available_virtual=total_virtual - process.space.virtual_size,
        )
