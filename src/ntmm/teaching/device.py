"""Pages that a device reads and writes: locked, described by an MDL, reached without page tables."""

from ntmm.kernel.memory_machine import MemoryMachine
from ntmm.kernel.mm.mdl import Mdl
from ntmm.nt.status import Status
from ntmm.teaching.arguments import check_data, check_range
from ntmm.teaching.exceptions import RefusedCall


class LockedPages:
    """A locked range of a process; offsets and sizes in bytes. What `Process.lock_pages` answers."""

    def __init__(self, machine: MemoryMachine, mdl: Mdl) -> None:
        self._machine = machine
        self._mdl = mdl

    def __repr__(self) -> str:
        frames = ", ".join(f"{frame:#x}" for frame in self.frames)
        return f"<LockedPages {self._mdl.size:#x} bytes at {self._mdl.start:#x}, frames {frames or 'unlocked'}>"

    @property
    def frames(self) -> list[int]:
        """The frames that the MDL lists, in order of address; none once the pages are unlocked."""
        return list(self._mdl.frames)

    def read(self, offset: int, size: int) -> bytes:
        """What a device reads from RAM."""
        check_range(offset, size)
        self._require_locked(offset, size)
        return b"".join(self._machine.mm.mdls.parts(self._mdl))[offset : offset + size]

    def write(self, offset: int, data: bytes) -> None:
        """What a device writes to RAM: no page table is asked, no dirty bit set."""
        check_range(offset)
        check_data(data)
        self._require_locked(offset, len(data))
        at = 0
        for part in self._machine.mm.mdls.parts(self._mdl):
            start, end = max(offset, at), min(offset + len(data), at + len(part))
            if start < end:
                part[start - at : end - at] = data[start - offset : end - offset]
            at += len(part)

    def map(self) -> int:
        """The system address at which the kernel sees the range (MmMapLockedPages); raises RefusedCall."""
        self._require_locked(0, 0)
        address = self._machine.mm.mdls.map(self._mdl)
        if address is None:
            raise RefusedCall("MmMapLockedPages", Status.INSUFFICIENT_RESOURCES)
        return address

    def unlock(self) -> None:
        """The pages may leave RAM again (MmUnlockPages)."""
        self._require_locked(0, 0)
        self._machine.mm.unlock_pages(self._mdl)

    def _require_locked(self, offset: int, size: int) -> None:
        if not self._mdl.frames:
            raise ValueError("the pages are unlocked: lock them again with Process.lock_pages")
        if offset < 0 or offset + size > self._mdl.size:
            raise ValueError(f"the range leaves the {self._mdl.size} bytes that are locked")
