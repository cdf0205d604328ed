"""Memory whose frames are adjacent (MmAllocateContiguousMemory): for devices that know no lists of pages."""

from dataclasses import dataclass

from ntmm.kernel.mm.commit import CommitAccount, ResidentLedger
from ntmm.kernel.mm.pfn import NO_FRAME, PageUse
from ntmm.kernel.mm.pfn.runs import take_aligned_run
from ntmm.kernel.mm.system_ptes import SystemPtes
from ntmm.kernel.mm.tables import TableMemory
from ntmm.nt.memory import MM_READWRITE


@dataclass(frozen=True, slots=True)
class ContiguousRun:
    """Where the kernel sees the memory, its first frame, and its pages."""

    address: int
    frame: int
    pages: int


class ContiguousMemory:
    """The runs of one machine. Frames come from RAM that was never used, else from zeroed, free and standby pages."""

    def __init__(self, memory: TableMemory, ptes: SystemPtes, account: CommitAccount, resident: ResidentLedger) -> None:
        self._memory = memory
        self._ptes = ptes
        self._account = account
        self._resident = resident
        self._page = memory.architecture.page_size
        self.committed = 0
        """Pages charged for the runs."""

    def allocate(self, size: int) -> ContiguousRun | None:
        """Zeroed memory for `size` bytes; None if system PTEs, adjacent frames or commit are used up."""
        pages = -(-size // self._page)
        if not self._charge(pages):
            return None
        address = self._ptes.reserve(pages)
        frame = take_aligned_run(self._memory.pfn, pages, PageUse.DRIVER) if address is not None else NO_FRAME
        if address is None or frame == NO_FRAME:
            if address is not None:
                self._ptes.release(address, pages)
            self._give_back(pages)
            return None
        for number in range(pages):
            original = self._memory.format.demand_zero(MM_READWRITE)
            self._ptes.map(address + number * self._page, frame + number, original)
        return ContiguousRun(address, frame, pages)

    def free(self, run: ContiguousRun) -> None:
        """MmFreeContiguousMemory."""
        for number in range(run.pages):
            self._ptes.write(run.address + number * self._page, 0)
            self._memory.pfn.free(run.frame + number)
        self._ptes.release(run.address, run.pages)
        self._give_back(run.pages)

    def _charge(self, pages: int) -> bool:
        if not self._resident.charge(pages):
            return False
        if not self._account.charge(pages):
            self._resident.give_back(pages)
            return False
        self.committed += pages
        return True

    def _give_back(self, pages: int) -> None:
        self.committed -= pages
        self._account.give_back(pages)
        self._resident.give_back(pages)
