"""The ladder (MmAccessFault): every page fault walks down these cases and leaves at the first that fits."""

from collections.abc import Callable
from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.ke.access import ERROR_FETCH, ERROR_WRITE, GuestFault
from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.copy_on_write import copy_on_write
from ntmm.kernel.mm.fault.demand_zero import make_demand_zero
from ntmm.kernel.mm.fault.guard import guard_fault
from ntmm.kernel.mm.fault.outcome import FaultKind, FaultOutcome, Resolution
from ntmm.kernel.mm.fault.page_reader import make_page_reader
from ntmm.kernel.mm.fault.prototype import prototype_fault
from ntmm.kernel.mm.fault.system import revive, system_fault, table_fault
from ntmm.kernel.mm.fault.transition import transition_fault
from ntmm.kernel.mm.in_page import InPage
from ntmm.kernel.mm.layout import AddressLayout
from ntmm.kernel.mm.pagefile import PagingFiles
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.section import ControlArea
from ntmm.kernel.mm.tables import PageTables, TableMemory
from ntmm.kernel.mm.tables.formats import PROTECTION_MASK, PROTECTION_SHIFT, PROTOTYPE, TRANSITION
from ntmm.kernel.mm.tables.page_tables import ABSENT, PAGED_OUT
from ntmm.kernel.mm.vad import VadKind
from ntmm.kernel.mm.working_set import WorkingSet
from ntmm.nt.memory import MM_ACCESS_MASK, MM_GUARD_PAGE, MM_MODIFIER_MASK, MM_READONLY

READ: Final = 1
WRITE: Final = 2
EXECUTE: Final = 4

ALLOWED: Final = (0, READ, READ | EXECUTE, READ | EXECUTE, READ | WRITE, READ | WRITE, 7, 7)
"""Accesses that the low three bits of an MM_* code allow; a write to a copy code makes a private copy."""

NEEDED: Final = tuple(
    EXECUTE if error & ERROR_FETCH else WRITE if error & ERROR_WRITE else READ for error in range(0x20)
)
"""The access that a #PF error code stands for."""

ORIGIN_CPU: Final = 0
ORIGIN_KERNEL: Final = 1

_WAIT: Final = Resolution.WAIT
_AFTER_READ: Final = {FaultKind.IN_PAGE: outcome.IN_PAGE, FaultKind.PAGING_FILE: outcome.PAGING_FILE}
_READS: Final = (FaultKind.PAGING_FILE, FaultKind.IN_PAGE, FaultKind.IN_PAGE_ERROR)
"""Kinds of faults that have begun a read, without a wait."""
_STILL_IN_RAM: Final = (FaultKind.TRANSITION, FaultKind.SHARED)
_READ_ATTEMPTS: Final = 3
"""How often the kernel reads a page table that it cannot do without before it gives up."""


class FaultHandler:
    """Resolves faults of every address space of a machine. `counts[origin][kind]` is the fault table."""

    def __init__(
        self,
        ram: Ram,
        layout: AddressLayout,
        table_memory: TableMemory,
        system_tables: PageTables,
        system_working_set: WorkingSet,
        in_page: InPage,
        paging_files: PagingFiles,
    ) -> None:
        self.ram = ram
        self.layout = layout
        self.table_memory = table_memory
        self.system_tables = system_tables
        self.system_working_set = system_working_set
        self.in_page = in_page
        self.paging_files = paging_files
        self.entries = table_memory.entries
        self.pfn = table_memory.pfn
        self.format = table_memory.format
        self.slot_shift = self.format.slot_shift
        self.page_shift = table_memory.architecture.page_shift
        self.shared_page_prototype = 0
        """Kernel address of the prototype PTE of the shared user data page."""
        self.counts = [[0] * len(FaultKind), [0] * len(FaultKind)]
        self.hard_counts = [0] * len(FaultKind)
        """By kind: those among them that began a read, whatever became of it."""
        self.system_faults = 0
        """Pages of pageable system space that were brought back into the system working set."""
        self.collided_faults = 0
        """Faults that waited for a read which another thread had begun."""
        self.swap_in: Callable[[FaultContext], None] = _unfilled
        """Slot: brings an out-swapped process back before its memory is touched; may wait."""
        self._demand_zero = make_demand_zero(self)
        self._from_paging_file = make_page_reader(self)
        self.report: Callable[[FaultContext, int, int, int, FaultOutcome], None] | None = None
        """Slot: told of every fault (context, address, error code, origin, outcome) while a recorder listens."""

    def access_fault(
        self, context: FaultContext, address: int, error_code: int, teb: int = 0, origin: int = ORIGIN_CPU
    ) -> FaultOutcome:
        """Resolves one page fault at a byte address; `error_code` as the CPU pushes it.

        `teb` is the faulting thread's TEB, whose stack may grow; 0 when no thread's stack is meant.
        """
        result, own_read = self._resolve(context, address, error_code, teb), None
        if result.resolution is _WAIT or result is outcome.OUT_OF_MEMORY:
            result, own_read = self._wait(result, lambda: self._resolve(context, address, error_code, teb))
        if own_read is not None or result.kind in _READS:
            result = self._count_hard(result, own_read)
        self.counts[origin][result.kind] += 1
        context.page_fault_count += 1
        if context.fault_history is not None:
            context.fault_history.note(address, result)
        if self.report is not None:
            self.report(context, address, error_code, origin, result)
        return result

    def _count_hard(self, result: FaultOutcome, own_read: FaultKind | None) -> FaultOutcome:
        """A fault that has begun a read is a hard one, whatever else it did.

        Its kind is that of the read if that is how the page came; else a page table was read on the way to it.
        """
        if own_read is not None and result.kind in _STILL_IN_RAM:
            result = _AFTER_READ[own_read]
        self.hard_counts[result.kind] += 1
        return result

    def _wait(self, result: FaultOutcome, again: Callable[[], FaultOutcome]) -> tuple[FaultOutcome, FaultKind | None]:
        """Waits for reads or free pages and looks again from the PTE on, until there is an outcome.

        Answers it, and the kind of the last read that was begun for it. The frame that is waited for keeps a reference,
        so that nobody takes it before this thread has had its look.
        """
        pfn, own_read, pinned = self.pfn, None, list[int]()
        try:
            while True:
                if result is outcome.OUT_OF_MEMORY:
                    if not pfn.wait_for_pages(1):
                        return result, own_read
                elif result.resolution is _WAIT:
                    assert result.block is not None
                    if not result.block.is_done:  # a read that was over at once has pinned its page itself
                        pinned.append(result.frame)
                        pfn.reference(result.frame)
                    if result.own_read:
                        own_read = result.kind
                    self.in_page.wait(result.block)
                    if result.own_read and not result.block.succeeded:
                        return outcome.in_page_error(result.block.status), own_read
                else:
                    return result, own_read
                result = again()
        finally:
            self.collided_faults += bool(pinned) and own_read is None
            self.in_page.unpin()
            for frame in pinned:
                pfn.dereference(frame)

    @property
    def hard_faults(self) -> int:
        """Faults that began a read."""
        return sum(self.hard_counts)

    def bring_in_table(self, context: FaultContext, address: int) -> None:
        """Makes one more table on the way to an address valid for a service; raises GuestFault if it cannot be read."""
        self.bring_in(lambda: self._table(context, address), address)

    def _table(self, context: FaultContext, address: int) -> FaultOutcome:
        if context.tables.find(address) != PAGED_OUT:
            return outcome.SPURIOUS  # another thread had it brought in, or removed, while this one waited
        return table_fault(self, context, address)

    def bring_in_system_page(self, address: int) -> None:
        """Makes a page of pageable system space valid; raises GuestFault if it cannot be read."""
        self.bring_in(lambda: self.system_page(address), address)

    def bring_in_page(self, index: int, pte_address: int, use: PageUse) -> int:
        """Takes the page of a transition or page-file PTE; answers its frame, which the caller writes into the PTE.

        May wait; raises GuestFault if the page cannot be read.
        """
        self.bring_in(lambda: revive(self, index, pte_address, use) or outcome.TRANSITION, pte_address)
        return self.format.frame(self.entries[index])

    def bring_in(self, look: Callable[[], FaultOutcome], address: int) -> None:
        """Looks again, with waits between, until the page is there; raises GuestFault if it cannot be read."""
        for _ in range(_READ_ATTEMPTS):
            result = look()
            if result.resolution is not Resolution.RESOLVED:
                result, _ = self._wait(result, look)
            if result.resolution is Resolution.RESOLVED:
                return
        raise GuestFault(result.status, address, 0)

    def system_page(self, address: int) -> FaultOutcome:
        """One look at a page of pageable system space: it is valid afterwards, or must be waited for."""
        if self.entries[self.system_tables.find(address)] & 1:
            return outcome.SPURIOUS
        result = system_fault(self, self.system_tables, self.system_working_set, address)
        self.system_faults += result.resolution is Resolution.RESOLVED
        return result

    def _resolve(self, context: FaultContext, address: int, error_code: int, teb: int) -> FaultOutcome:
        if address > context.highest_user_address:
            return outcome.ACCESS_VIOLATION
        if error_code & ERROR_FETCH and context.executes_data:
            return self._fetch_data(context, address, error_code, teb)
        index = context.tables.find(address)
        if index == PAGED_OUT:
            return self._table_out(context, address, error_code, teb)
        pte = self.entries[index] if index >= 0 else 0
        if pte & 1:
            return self._valid(context, address, index, pte, error_code)
        if pte == 0:
            if context.is_swapped_out:
                self.swap_in(context)
                return self._resolve(context, address, error_code, teb)
            vad = context.vads.find(address >> self.page_shift)
            if vad is None or vad.kind is not VadKind.PRIVATE:
                return self._view(context, address, index, error_code, None)
            if not vad.mem_commit:
                return outcome.ACCESS_VIOLATION
            protection = vad.protection
        elif pte & PROTOTYPE:
            return self._view(context, address, index, error_code, self.format.protection(pte))
        else:
            protection = pte >> PROTECTION_SHIFT & PROTECTION_MASK
        if protection & MM_MODIFIER_MASK == MM_GUARD_PAGE and protection & MM_ACCESS_MASK:
            return guard_fault(self, context, address, index, pte, protection, teb)
        if not ALLOWED[protection & MM_ACCESS_MASK] & NEEDED[error_code & (ERROR_FETCH | ERROR_WRITE)]:
            return outcome.ACCESS_VIOLATION
        if pte & TRANSITION:
            return transition_fault(self, context, address, index, pte, protection)
        if self.pfn.is_short():
            return outcome.OUT_OF_MEMORY
        if pte >> self.slot_shift:
            return self._from_paging_file(context, address, index, pte, protection)
        return self._demand_zero(context, address, index, protection, error_code & ERROR_WRITE)

    def _fetch_data(self, context: FaultContext, address: int, error_code: int, teb: int) -> FaultOutcome:
        """A fetch without DEP needs no more than the right to read.

        The engine stores fast only to pages that it may not execute. So those of data say that until they are executed
        for the first time; what is told of them (`!pte`, VirtualQuery) is the policy's truth.
        """
        architecture, index = self.table_memory.architecture, context.tables.find(address)
        if index == ABSENT:
            index = context.tables.large_index(address)
        pte = self.entries[index] if index >= 0 else 0
        if pte & 1 and pte & architecture.OWNER and pte & architecture.no_execute:
            self.table_memory.write(index, pte & ~architecture.no_execute)
            return outcome.DATA_EXECUTED
        return self._resolve(context, address, error_code & ~ERROR_FETCH, teb)

    def _table_out(self, context: FaultContext, address: int, error_code: int, teb: int) -> FaultOutcome:
        """A page table on the way is not valid: first it, then the page."""
        while True:
            result = table_fault(self, context, address)
            if result.resolution is not Resolution.RESOLVED:
                return result
            if context.tables.find(address) != PAGED_OUT:
                return self._resolve(context, address, error_code, teb)

    def _valid(self, context: FaultContext, address: int, index: int, pte: int, error_code: int) -> FaultOutcome:
        """The PTE is valid: a right is missing, a copy is due, or the TLB was stale."""
        architecture = self.table_memory.architecture
        if not pte & architecture.OWNER:
            return outcome.ACCESS_VIOLATION
        if error_code & ERROR_WRITE and not pte & architecture.WRITE:
            if pte & architecture.COPY_ON_WRITE:
                return copy_on_write(self, context, address, index, pte)
            return outcome.ACCESS_VIOLATION
        if error_code & ERROR_FETCH and pte & architecture.no_execute:
            return outcome.ACCESS_VIOLATION
        self.table_memory.mark_stale()
        return outcome.SPURIOUS

    def _view(
        self, context: FaultContext, address: int, index: int, error_code: int, protection: int | None
    ) -> FaultOutcome:
        """A page of a view: its prototype PTE decides. `protection` is the page's own, or None for the section's."""
        vpn = address >> self.page_shift
        if vpn == self.layout.shared_user_data >> self.page_shift:
            return self._through_prototype(
                context, address, index, error_code, self.shared_page_prototype, MM_READONLY, None, 0
            )
        vad = context.vads.find(vpn)
        if vad is None or not vad.is_view:
            return outcome.ACCESS_VIOLATION
        area = vad.control_area
        page = vad.first_page + vpn - vad.start_vpn
        prototype = area.prototype_of(page)
        if protection is None and vad.kind is not VadKind.IMAGE:
            protection = vad.protection
        return self._through_prototype(context, address, index, error_code, prototype, protection, area, page)

    def _through_prototype(
        self,
        context: FaultContext,
        address: int,
        index: int,
        error_code: int,
        prototype: int,
        protection: int | None,
        area: ControlArea | None,
        page: int,
    ) -> FaultOutcome:
        prototype_index = self.system_tables.find_word(prototype)
        while prototype_index < 0:
            result = self.system_page(prototype)
            if result.resolution is not Resolution.RESOLVED:
                return result
            prototype_index = self.system_tables.find_word(prototype)
        if protection is None:
            protection = self._prototype_protection(self.entries[prototype_index])
        if protection & MM_MODIFIER_MASK == MM_GUARD_PAGE and protection & MM_ACCESS_MASK:
            return guard_fault(self, context, address, index, self.format.lookup(protection), protection, 0)
        if not ALLOWED[protection & MM_ACCESS_MASK] & NEEDED[error_code & (ERROR_FETCH | ERROR_WRITE)]:
            return outcome.ACCESS_VIOLATION
        if self.pfn.is_short():
            return outcome.OUT_OF_MEMORY
        write = error_code & ERROR_WRITE
        return prototype_fault(self, context, address, index, prototype_index, protection, write, area, page)

    def _prototype_protection(self, prototype_pte: int) -> int:
        """The protection that the section gives a page: in the entry itself, or saved in the page's PFN entry."""
        if prototype_pte & 1:
            return self.format.protection(self.pfn.original_pte[self.format.frame(prototype_pte)])
        return self.format.protection(prototype_pte)


def _unfilled(context: FaultContext) -> None:
    raise AssertionError("nothing swaps processes in")
