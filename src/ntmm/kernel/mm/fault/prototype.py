"""Faults on views (MiResolveProtoPteFault): the prototype PTE says where the shared page is."""

from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.copy_on_write import map_private_copy
from ntmm.kernel.mm.fault.machine import FaultMachine
from ntmm.kernel.mm.fault.outcome import FaultOutcome
from ntmm.kernel.mm.fault.shares import drop_prototype_share
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.database import MODIFIED_FLAG, PROTOTYPE_FLAG
from ntmm.kernel.mm.section import ControlArea
from ntmm.nt.memory import MM_ACCESS_MASK, MM_EXECUTE_WRITECOPY, MM_WRITECOPY

_COPY_CODES = (MM_WRITECOPY, MM_EXECUTE_WRITECOPY)


def prototype_fault(
    machine: FaultMachine,
    context: FaultContext,
    address: int,
    index: int,
    prototype_index: int,
    protection: int,
    write: int,
    area: ControlArea | None,
    page: int,
) -> FaultOutcome:
    """Makes the prototype PTE valid if it is not, then maps its page, or a private copy of it for a write.

    `area` and `page` name the page in its segment; no control area stands behind the shared user data page.
    """
    result = _make_prototype_valid(machine, prototype_index, area, page)
    if result.kind is outcome.FaultKind.ACCESS_VIOLATION or result.kind is outcome.FaultKind.IN_PAGE_ERROR:
        return result
    frame = machine.format.frame(machine.entries[prototype_index])
    if index < 0:
        index = context.tables.ensure(address, user=True)
    if write and protection & MM_ACCESS_MASK in _COPY_CODES:
        map_private_copy(machine, context, address, index, frame, protection)
        drop_prototype_share(machine, frame)
        return outcome.COPY_ON_WRITE
    bits = machine.format.user_bits[protection]
    if write:
        bits |= machine.table_memory.architecture.DIRTY
        machine.pfn.flags[frame] |= MODIFIED_FLAG
    machine.table_memory.write(index, frame << machine.page_shift | bits)
    context.working_set.insert_shared(address >> machine.page_shift, protection)
    kind = "image" if machine.pfn.use[frame] == PageUse.IMAGE else "shared"
    context.shared_pages[kind] += 1
    context.shared_given[kind] += 1
    return result


def _make_prototype_valid(
    machine: FaultMachine, prototype_index: int, area: ControlArea | None, page: int
) -> FaultOutcome:
    """After this the prototype PTE is valid and the new mapping's share is taken."""
    pte = machine.entries[prototype_index]
    pte_format, pfn = machine.format, machine.pfn
    if pte & 1:
        pfn.add_share(pte_format.frame(pte))
        return outcome.SHARED
    if pte_format.is_prototype(pte):
        assert area is not None
        return _read_page(machine, prototype_index, pte, area, page)
    if pte_format.is_transition(pte):
        frame = pte_format.frame(pte)
        pfn.reactivate(frame)
        _set_valid(machine, prototype_index, frame, pte_format.protection(pfn.original_pte[frame]))
        return outcome.TRANSITION
    if not pte_format.protection(pte) & MM_ACCESS_MASK:
        return outcome.ACCESS_VIOLATION
    frame = pfn.take_zeroed(PageUse.IMAGE)
    _own_prototype_page(machine, prototype_index, frame, pte)
    return outcome.DEMAND_ZERO


def _read_page(machine: FaultMachine, prototype_index: int, pte: int, area: ControlArea, page: int) -> FaultOutcome:
    """A subsection PTE: the page lies in the file and must be read."""
    address = machine.format.pointers.subsection_address(pte)
    subsection = area.subsection_of(page)
    assert subsection is not None and subsection.address == address, "a prototype PTE names another subsection"
    frame = machine.pfn.take_any(PageUse.IMAGE)
    if not machine.in_page.read_page(subsection, page, frame):
        machine.pfn.free(frame)
        return outcome.IN_PAGE_ERROR
    _own_prototype_page(machine, prototype_index, frame, pte)
    return outcome.IN_PAGE


def _own_prototype_page(machine: FaultMachine, prototype_index: int, frame: int, original: int) -> None:
    pfn, memory = machine.pfn, machine.table_memory
    pfn.flags[frame] = PROTOTYPE_FLAG
    pfn.original_pte[frame] = original
    pfn.pte_frame[frame] = prototype_index >> memory.entries_shift
    pfn.pte_address[frame] = prototype_index * memory.architecture.pte_size % pfn.page_size
    _set_valid(machine, prototype_index, frame, machine.format.protection(original))


def _set_valid(machine: FaultMachine, prototype_index: int, frame: int, protection: int) -> None:
    machine.table_memory.write(prototype_index, frame << machine.page_shift | machine.format.kernel_bits[protection])
