"""Address windowing: pages of RAM that a process allocates itself and sees through windows."""

from collections.abc import Iterable

from ntmm.kernel.mm.manager.parts import HasSpace, Parts
from ntmm.kernel.mm.space.physical_pages import Allocation, allocate_physical, free_physical, map_physical
from ntmm.nt.status import Status


class PhysicalMemoryServices(Parts):
    """Pages are named by their frame numbers; addresses in bytes."""

    def allocate_physical_pages(self, process: HasSpace, count: int) -> Allocation:
        """NtAllocateUserPhysicalPages: zeroed pages, perhaps fewer than asked for; INSUFFICIENT_RESOURCES for none."""
        with self._changing(process) as space:
            return allocate_physical(self.machine, space, count)

    def free_physical_pages(self, process: HasSpace, frames: Iterable[int]) -> tuple[Status, int]:
        """NtFreeUserPhysicalPages: (status, pages freed before the first that the process does not own)."""
        with self._changing(process) as space:
            return free_physical(self.machine, space, frames)

    def map_physical_pages(self, process: HasSpace, addresses: range | list[int], frames: list[int] | None) -> Status:
        """NtMapUserPhysicalPages: every address, one for each page, shows its frame; nothing if `frames` is None."""
        with self._changing(process) as space:
            return map_physical(self.machine, space, addresses, frames)
