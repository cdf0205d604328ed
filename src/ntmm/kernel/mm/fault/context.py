"""What the fault handler must know of an address space; `space.AddressSpace` extends it."""

from collections import Counter

from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.tables import PageTables
from ntmm.kernel.mm.vad import VadTree
from ntmm.kernel.mm.working_set import WorkingSet


class FaultContext:
    """One process's tables, VADs, working set, commit account and the door to its memory."""

    def __init__(
        self,
        process_id: int,
        tables: PageTables,
        working_set: WorkingSet,
        account: CommitAccount,
        memory: GuestMemory,
    ) -> None:
        self.process_id = process_id
        self.tables = tables
        self.vads = VadTree()
        self.working_set = working_set
        self.account = account
        self.memory = memory
        self.pages: Counter[str] = Counter()
        """Resident user pages by kind ("private", "image", "shared"), kept by the fault and delete paths."""
        self.pages_given: Counter[str] = Counter()
        """Pages that faults made valid since creation, by the same kinds."""
        self.eager_pages: Counter[str] = Counter()
        """User pages mapped before their first touch, by purpose."""
        self.page_fault_count = 0
