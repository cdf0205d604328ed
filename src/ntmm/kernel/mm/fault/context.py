"""What the fault handler must know of an address space; `space.AddressSpace` extends it."""

from collections import Counter

from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.fault.history import FaultHistory
from ntmm.kernel.mm.layout import UserRange
from ntmm.kernel.mm.tables import PageTables
from ntmm.kernel.mm.vad import VadTree
from ntmm.kernel.mm.working_set import WorkingSet


class FaultContext:
    """One process's tables, VADs, working set, commit account, the door to its memory and how far that goes."""

    def __init__(
        self,
        process_id: int,
        tables: PageTables,
        working_set: WorkingSet,
        account: CommitAccount,
        memory: GuestMemory,
        user: UserRange,
    ) -> None:
        self.process_id = process_id
        self.tables = tables
        self.vads = VadTree()
        self.working_set = working_set
        self.account = account
        self.memory = memory
        self.user = user
        self.highest_user_address = user.highest
        self.private_given = 0
        """Private pages that faults gave since creation."""
        self.shared_given: Counter[str] = Counter()
        """Pages of sections, by kind."""
        self.page_fault_count = 0
        self.executes_data = False
        """DEP is off: every page that can be read can be executed. Its PTEs say so from the first fetch on."""
        self.fault_history: FaultHistory | None = None
        """Set while somebody watches the working set."""
        self.next_colour = process_id
        self.is_swapped_out = False
        """The root and the working-set list are not in RAM: the process must be swapped in first."""
