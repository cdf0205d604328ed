"""NtAllocateVirtualMemory and its relatives."""

from ntmm.kernel.mm.fault.system import kernel_fetch
from ntmm.kernel.mm.manager.parts import HasSpace, Parts
from ntmm.kernel.mm.space.allocate import Range, allocate
from ntmm.kernel.mm.space.fixed_block import create_fixed_block
from ntmm.kernel.mm.space.free import free
from ntmm.kernel.mm.space.protect import Protected, forbid_execution_of_data, protect
from ntmm.kernel.mm.space.query import MemoryInformation, query
from ntmm.kernel.mm.space.write_watch import Written, get_write_watch, reset_write_watch
from ntmm.nt.memory import (
    MEM_COMMIT,
    MEM_RELEASE,
    MEM_RESERVE,
    MEM_RESET,
)
from ntmm.nt.status import Status


def _allocation_name(allocation_type: int) -> str:
    """What an allocation did, for the event stream."""
    names = ((MEM_RESERVE, "reserve"), (MEM_COMMIT, "commit"), (MEM_RESET, "reset"))
    return "+".join(name for bit, name in names if allocation_type & bit)


class VirtualMemoryServices(Parts):
    """Ranges of private memory; sizes and addresses in bytes."""

    def allocate(
        self,
        process: HasSpace,
        address: int,
        size: int,
        allocation_type: int,
        protection: int,
        zero_bits: int = 0,
        may_lock_memory: bool = True,
    ) -> Range:
        """NtAllocateVirtualMemory: (status, base, size). `may_lock_memory`: the caller may have large pages."""
        with self._changing(process) as space:
            result = allocate(
                self.machine, space, address, size, allocation_type, protection, zero_bits, may_lock_memory
            )
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

    def set_executes_data(self, process: HasSpace, executes: bool) -> None:
        """Turns DEP of a process off (True) or on; pages of data that were executed lose that right then."""
        with self._changing(process) as space:
            space.executes_data = executes
            if not executes:
                forbid_execution_of_data(self.machine, space)

    def kernel_fetch(self, address: int) -> int:
        """The frame that kernel mode would execute at an address of system space.

        Bugcheck 0xFC where the page is never executable, 0x50 where there is no page.
        """
        return kernel_fetch(self.system.tables, address)

    def get_write_watch(self, process: HasSpace, address: int, size: int, room: int, reset: bool) -> Written:
        """NtGetWriteWatch: (status, addresses of up to `room` pages that were written)."""
        with self._changing(process) as space:
            return get_write_watch(self.machine, space, address, size, room, reset)

    def reset_write_watch(self, process: HasSpace, address: int, size: int) -> Status:
        """NtResetWriteWatch."""
        with self._changing(process) as space:
            return reset_write_watch(self.machine, space, address, size)

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
