"""Services for drivers: pages locked for devices, where they lie in RAM, adjacent pages."""

from ntmm.kernel.mm.manager.parts import HasSpace, Parts
from ntmm.kernel.mm.mdl import Mdl
from ntmm.kernel.mm.mdl.locking import physical_address


class DeviceMemoryServices(Parts):
    """`mdls` and `contiguous` do the rest."""

    def lock_pages(self, process: HasSpace, address: int, size: int, write: bool = False) -> Mdl:
        """IoAllocateMdl and MmProbeAndLockPages of a user range; raises GuestFault as the latter does.

        Ended by `unlock_pages`.
        """
        with self._changing(process) as space:
            mdl = self.mdls.allocate(address, size)
            try:
                self.mdls.probe_and_lock(mdl, space, write)
            except BaseException:
                self.mdls.free(mdl)
                raise
            return mdl

    def unlock_pages(self, mdl: Mdl) -> None:
        """MmUnlockPages and IoFreeMdl."""
        self.mdls.unlock(mdl)
        self.mdls.free(mdl)

    def physical_address(self, address: int, process: HasSpace | None = None) -> int:
        """MmGetPhysicalAddress of a kernel address, or one of a process; 0 if nothing is mapped there now."""
        return physical_address(self.system.tables if process is None else process.space.tables, address)
