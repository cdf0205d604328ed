"""Address spaces: created, deleted, swapped out and in; the CPU's page faults."""

from typing import Final

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.ke.bugcheck import Bugcheck, BugcheckCode
from ntmm.kernel.ke.lock import KernelMutex
from ntmm.kernel.mm.fault import FaultOutcome
from ntmm.kernel.mm.fault.access_fault import ORIGIN_CPU
from ntmm.kernel.mm.fault.kernel_mode import kernel_fault
from ntmm.kernel.mm.layout import UserRange, user_range
from ntmm.kernel.mm.manager.pageable_ranges import PagedPoolRange, SystemCacheRange
from ntmm.kernel.mm.manager.parts import HasSpace
from ntmm.kernel.mm.manager.session_space import SessionServices
from ntmm.kernel.mm.session import SessionSpace
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.mm.space.create import create_address_space
from ntmm.kernel.mm.space.delete import delete_address_space
from ntmm.kernel.mm.space.swap import in_swap, out_swap

_PAGES_OF_A_SPACE: Final = 16
"""More than any architecture's new address space takes, its first user page tables included."""


class AddressSpaceServices(SessionServices):
    """Processes as the memory manager sees them."""

    def create_address_space(self, process_id: int, owner: str, user: UserRange | None = None) -> AddressSpace:
        """A new, empty address space (MmCreateProcessAddressSpace); its minimum working set is promised as resident.

        `user` is what programs may use of it; by default what the system's own have.
        """
        self.resident.charge_required(self.limits.minimum)
        space = create_address_space(
            self.machine, process_id, self._kernel_fault, owner, user or user_range(self.layout)
        )
        space.resident_charge = self.limits.minimum
        space.address_creation = KernelMutex(self._scheduler)
        self.spaces.append(space)
        return space

    def has_room_for_space(self) -> bool:
        """Waits for the pages of another space; False if RAM will not have them, or cannot promise its minimum."""
        is_promised = self.resident.available >= self.limits.minimum and self.pfn.has_low
        return is_promised and self.pfn.ensure_pages(_PAGES_OF_A_SPACE)

    def delete_address_space(self, space: AddressSpace) -> None:
        """Returns everything that a space holds (MmDeleteProcessAddressSpace).

        Bugcheck 0x7A if a page table cannot be read: nobody could ever give back what it names.
        """
        if space.is_swapped_out:
            self.faults.swap_in(space)
        try:
            delete_address_space(self.machine, space)
        except GuestFault as fault:
            sentence = "a page table could not be read from its paging file"
            parameters = (1, fault.status, space.process_id, fault.address)
            raise Bugcheck(BugcheckCode.KERNEL_DATA_INPAGE_ERROR, sentence, *parameters) from fault
        self.spaces.remove(space)
        self._leave_session(space)

    def out_swap(self, space: AddressSpace) -> bool:
        """Empties a process's working set and puts its tables out of memory; False if pages of it are locked.

        None of its threads' kernel stacks may be in memory.
        """
        if space.is_swapped_out or any(entry.locked for entry in space.working_set.entries()):
            return False
        while self.pageout.working_sets.empty(space):
            pass
        is_out = out_swap(self.machine, space, self.system.nonpaged_pool)
        if is_out and space.session is not None:
            space.session.show_in(space.process_id, None)
        return is_out

    def in_swap(self, space: AddressSpace) -> None:
        """Brings the tables of a process back; waits for the disk. The swapper's: others call `swap_in`."""
        in_swap(self.machine, space, self.system.nonpaged_pool)
        if space.session is not None:
            space.session.show_in(space.process_id, space.tables.root)

    def swap_in(self, process: HasSpace) -> None:
        """Waits until the swapper has brought a process back, if it is out; nothing keeps it in memory afterwards."""
        if process.space.is_swapped_out:
            self.faults.swap_in(process.space)

    def kernel_fault(self, address: int, error_code: int, pc: int, process: HasSpace | None = None) -> None:
        """Answers a #PF of code in ring 0 on a system address; may wait, raises Bugcheck where it must not be.

        `process` is the one in whose context it ran: without one there is no session space.
        """
        session: SessionSpace | None = process.space.session if process is not None else None
        if session is not None and self.layout.session_space <= address < self.layout.session_space_end:
            kernel_fault(self.faults, session.tables, (session,), address, error_code, pc)
            return
        ranges = (PagedPoolRange(self.system.paged_pool, self.faults), SystemCacheRange(self.system_cache))
        kernel_fault(self.faults, self.system.tables, ranges, address, error_code, pc)

    def cpu_fault(self, space: AddressSpace, address: int, error_code: int, teb: int) -> FaultOutcome:
        """Answers a #PF of the CPU (MmAccessFault)."""
        return self.faults.access_fault(space, address, error_code, teb, ORIGIN_CPU)
