"""An address space: what `fault` needs of it, and where it lies."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.mm.commit import CommitAccount
from ntmm.kernel.mm.fault import FaultContext
from ntmm.kernel.mm.layout import UserRange
from ntmm.kernel.mm.session import SessionSpace
from ntmm.kernel.mm.tables import PageTables
from ntmm.kernel.mm.working_set import WorkingSet


@dataclass(frozen=True, slots=True)
class SwappedRoots:
    """Where an out-swapped process's top tables are: the pool block with their PTEs; PAE's pointer table, else 0."""

    block: int
    words: tuple[int, ...]
    """Addresses of the PTEs."""
    pointer_table: int


class AddressSpace(FaultContext):
    """One process's view of memory.

    `fixed_pages` counts the pages that creation took, by purpose: the only ones that exist before their first touch.
    """

    def __init__(
        self,
        process_id: int,
        tables: PageTables,
        working_set: WorkingSet,
        account: CommitAccount,
        memory: GuestMemory,
        user: UserRange,
        fixed_pages: dict[str, int],
    ) -> None:
        super().__init__(process_id, tables, working_set, account, memory, user)
        self.fixed_pages = fixed_pages
        self.charged_copies: set[int] = set()
        """Page numbers of view pages whose private copy was charged by VirtualProtect, beyond the section's own."""
        self.virtual_size = 0
        self.peak_virtual_size = 0
        self.resident_charge = 0
        """Pages promised to be resident: the minimum working set."""
        self.address_creation: AbstractContextManager[None] = nullcontext()
        """Held by services that change the space (EPROCESS.AddressCreationLock)."""
        self.swapped: SwappedRoots | None = None
        """Set while the process is out of memory."""
        self.physical: Any = None
        """What AllocateUserPhysicalPages gave the process, or None."""
        self.session: SessionSpace | None = None
        """The session that the process belongs to."""
        self.deleted = False

    @property
    def directory(self) -> int:
        """The value of CR3."""
        return self.tables.directory

    def watch_writes(self) -> None:
        """Begins to note pages of watched regions whose Dirty bit goes."""
        self.tables.dirty_bit_lost = self._note_written

    def _note_written(self, vpn: int) -> None:
        vad = self.vads.find(vpn)
        if vad is not None and vad.written is not None:
            vad.written.add(vpn)

    def grow(self, size: int) -> None:
        """Counts `size` more bytes of used address space; negative for less."""
        self.virtual_size += size
        self.peak_virtual_size = max(self.peak_virtual_size, self.virtual_size)
