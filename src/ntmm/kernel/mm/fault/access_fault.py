"""The ladder (MmAccessFault): every page fault walks down these cases and leaves at the first that fits."""

from collections.abc import Callable
from typing import Final

from ntmm.hw.ram import Ram
from ntmm.kernel.ke.access import ERROR_FETCH, ERROR_WRITE
from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.copy_on_write import copy_on_write
from ntmm.kernel.mm.fault.demand_zero import make_demand_zero
from ntmm.kernel.mm.fault.guard import guard_fault
from ntmm.kernel.mm.fault.outcome import FaultKind, FaultOutcome
from ntmm.kernel.mm.fault.prototype import prototype_fault
from ntmm.kernel.mm.fault.transition import transition_fault
from ntmm.kernel.mm.in_page import InPage
from ntmm.kernel.mm.layout import AddressLayout
from ntmm.kernel.mm.section import ControlArea
from ntmm.kernel.mm.tables import PageTables, TableMemory
from ntmm.kernel.mm.tables.formats import PROTECTION_MASK, PROTECTION_SHIFT, PROTOTYPE, TRANSITION
from ntmm.kernel.mm.vad import VadKind
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


class FaultHandler:
    """Resolves faults of every address space of a machine. `counts[origin][kind]` is the fault table."""

    def __init__(
        self,
        ram: Ram,
        layout: AddressLayout,
        table_memory: TableMemory,
        system_tables: PageTables,
        in_page: InPage,
    ) -> None:
        self.ram = ram
        self.layout = layout
        self.table_memory = table_memory
        self.system_tables = system_tables
        self.in_page = in_page
        self.entries = table_memory.entries
        self.pfn = table_memory.pfn
        self.format = table_memory.format
        self.page_shift = table_memory.architecture.page_shift
        self.shared_page_prototype = 0
        """Kernel address of the prototype PTE of the shared user data page."""
        self.counts = [[0] * len(FaultKind), [0] * len(FaultKind)]
        self._demand_zero = make_demand_zero(self)
        self._highest_user_address = layout.highest_user_address
        self.report: Callable[[FaultContext, int, int, int, FaultOutcome], None] | None = None
        """Slot: told of every fault (context, address, error code, origin, outcome) while a recorder listens."""

    def access_fault(
        self, context: FaultContext, address: int, error_code: int, teb: int = 0, origin: int = ORIGIN_CPU
    ) -> FaultOutcome:
        """Resolves one page fault at a byte address; `error_code` as the CPU pushes it.

        `teb` is the faulting thread's TEB, whose stack may grow; 0 when no thread's stack is meant.
        """
        result = self._resolve(context, address, error_code, teb)
        self.counts[origin][result.kind] += 1
        context.page_fault_count += 1
        if self.report is not None:
            self.report(context, address, error_code, origin, result)
        return result

    def _resolve(self, context: FaultContext, address: int, error_code: int, teb: int) -> FaultOutcome:
        if address > self._highest_user_address:
            return outcome.ACCESS_VIOLATION
        index = context.tables.find(address)
        pte = self.entries[index] if index >= 0 else 0
        if pte & 1:
            return self._valid(context, address, index, pte, error_code)
        if pte == 0:
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
        return self._demand_zero(context, address, index, protection, error_code & ERROR_WRITE)

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
        prototype = vad.first_prototype + (vpn - vad.start_vpn) * self.table_memory.architecture.pte_size
        page = (prototype - area.first_prototype) // self.table_memory.architecture.pte_size
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
