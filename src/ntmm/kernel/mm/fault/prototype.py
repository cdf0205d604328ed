"""Faults on views (MiResolveProtoPteFault): the prototype PTE says where the shared page is."""

from typing import Final

from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.copy_on_write import map_private_copy
from ntmm.kernel.mm.fault.machine import FaultMachine
from ntmm.kernel.mm.fault.outcome import FaultKind, FaultOutcome, Resolution
from ntmm.kernel.mm.fault.paging_file import paging_file_fault
from ntmm.kernel.mm.in_page import InPageBlock, PageToRead, Source
from ntmm.kernel.mm.pfn import PageUse
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG, PROTOTYPE_FLAG, READ_FLAG
from ntmm.kernel.mm.section import AreaKind, ControlArea, Subsection
from ntmm.kernel.mm.tables import PageTables, drop_prototype_share
from ntmm.kernel.mm.tables.formats import PROTOTYPE
from ntmm.nt.memory import (
    MM_ACCESS_MASK,
    MM_EXECUTE,
    MM_EXECUTE_READ,
    MM_EXECUTE_READWRITE,
    MM_EXECUTE_WRITECOPY,
    MM_WRITECOPY,
)

READ_CLUSTER: Final = 16
"""The most pages that the cache manager reads at once: 64 KB."""

_COPY_CODES = (MM_WRITECOPY, MM_EXECUTE_WRITECOPY)
_CODE = (MM_EXECUTE, MM_EXECUTE_READ, MM_EXECUTE_READWRITE)

_USES = {
    AreaKind.IMAGE: PageUse.IMAGE,
    AreaKind.FILE: PageUse.MAPPED_FILE,
    AreaKind.PAGING_FILE: PageUse.SHARED_MEMORY,
}


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
    result = make_prototype_valid(machine, prototype_index, area, page)
    if result.resolution is not Resolution.RESOLVED:
        return result
    frame = machine.format.frame(machine.entries[prototype_index])
    if index < 0:
        index = context.tables.ensure(address, user=True)
    if write and protection & MM_ACCESS_MASK in _COPY_CODES:
        map_private_copy(machine, context, address, index, frame, protection)
        drop_prototype_share(machine.table_memory, frame)
        return outcome.COPY_ON_WRITE
    bits = machine.format.user_bits[protection]
    if write:
        bits |= machine.table_memory.architecture.DIRTY
        machine.pfn.flags[frame] |= MODIFIED_FLAG
    machine.table_memory.write(index, frame << machine.page_shift | bits)
    context.working_set.insert_shared(address >> machine.page_shift, protection)
    kind = "image" if machine.pfn.use[frame] == PageUse.IMAGE else "shared"
    context.shared_given[kind] += 1
    return result


def make_prototype_valid(
    machine: FaultMachine, prototype_index: int, area: ControlArea | None, page: int, cluster: int = 0
) -> FaultOutcome:
    """After this the prototype PTE is valid and the new mapping's share is taken.

    A page that lies in a file is read with up to `cluster` pages; 0: as many as the policy for its kind says.
    """
    pte = machine.entries[prototype_index]
    pte_format, pfn = machine.format, machine.pfn
    if pte & 1:
        pfn.add_share(pte_format.frame(pte))
        return outcome.SHARED
    if pte_format.is_prototype(pte):
        assert area is not None
        return _read_page(machine, prototype_index, pte, area, page, cluster)
    if pte_format.is_transition(pte):
        frame = pte_format.frame(pte)
        if pfn.flags[frame] & READ_FLAG:
            return outcome.collided(machine.in_page.block_of(frame), frame)
        pfn.reactivate(frame)
        set_prototype_valid(machine, prototype_index, frame, pte_format.protection(pfn.original_pte[frame]))
        return outcome.TRANSITION
    if not pte_format.protection(pte) & MM_ACCESS_MASK:
        return outcome.ACCESS_VIOLATION
    if pte_format.is_page_file(pte):
        pte_address = _prototype_address(machine, area, page)
        return paging_file_fault(machine, prototype_index, pte_address, pte, _use_of(area), PROTOTYPE_FLAG)
    frame = pfn.take_zeroed(_use_of(area))
    pfn.flags[frame] = PROTOTYPE_FLAG
    machine.table_memory.own(frame, prototype_index, _prototype_address(machine, area, page), pte)
    set_prototype_valid(machine, prototype_index, frame, pte_format.protection(pte))
    return outcome.DEMAND_ZERO


def _read_page(
    machine: FaultMachine, prototype_index: int, pte: int, area: ControlArea, page: int, cluster: int
) -> FaultOutcome:
    """A subsection PTE: the page lies in the file and is read with those behind it."""
    address = machine.format.pointers.subsection_address(pte)
    subsection = area.subsection_of(page)
    assert subsection is not None and subsection.address == address, "a prototype PTE names another subsection"
    count = _cluster(machine, prototype_index, pte, subsection, page, cluster)
    return outcome.reading(_begin(machine, prototype_index, pte, subsection, page, count), FaultKind.IN_PAGE)


def _begin(
    machine: FaultMachine,
    prototype_index: int,
    pte: int,
    subsection: Subsection,
    page: int,
    count: int,
    is_waited_for: bool = True,
) -> InPageBlock:
    area, pte_size = subsection.control_area, machine.table_memory.architecture.pte_size
    first = area.prototype_of(page)
    pages = [PageToRead(prototype_index + n, first + n * pte_size, pte) for n in range(count)]
    file_page = subsection.bytes_of_page(page)[0] // machine.pfn.page_size
    source = Source(area.name, file_page, subsection.read, page)
    return machine.in_page.begin(pages, _use_of(area), PROTOTYPE_FLAG, source, is_waited_for)


def prefetch(machine: FaultMachine, system_tables: PageTables, area: ControlArea, first: int, count: int) -> int:
    """Begins to read those of `count` pages of a data file that are not in RAM, and does not wait (MmPrefetchPages).

    They come to the standby list. Answers how many there are; none while memory is short.
    """
    begun, page, end, shift = 0, first, first + count, machine.table_memory.entries_shift
    while page < end:
        subsection = area.subsection_of(page)
        index = system_tables.find_word(area.prototype_of(page)) if subsection is not None else -1
        if subsection is None or index < 0:
            break
        stop = min(
            index + end - page, index + subsection.first_page + subsection.pages - page, (index >> shift) + 1 << shift
        )
        missing = next((at for at in range(index, stop) if machine.entries[at] & (PROTOTYPE | 1) == PROTOTYPE), stop)
        page, index = page + missing - index, missing
        if index == stop:
            continue
        wanted = min(READ_CLUSTER, end - page)
        if not machine.in_page.may_cluster(wanted):
            break
        pages = _cluster(machine, index, machine.entries[index], subsection, page, wanted)
        _begin(machine, index, machine.entries[index], subsection, page, pages, is_waited_for=False)
        begun, page = begun + pages, page + pages
    return begun


def _use_of(area: ControlArea | None) -> PageUse:
    """What the PFN entry says of a page."""
    return _USES[area.kind] if area is not None else PageUse.KERNEL


def _prototype_address(machine: FaultMachine, area: ControlArea | None, page: int) -> int:
    """The kernel address of a page's prototype PTE."""
    assert area is not None, "only the shared user page has no control area, and it is always valid"
    return area.prototype_of(page)


def _cluster(
    machine: FaultMachine, prototype_index: int, pte: int, subsection: Subsection, page: int, wanted: int
) -> int:
    """How many pages are read together: those behind this one in the subsection that nobody has read yet.

    Their prototype PTEs are alike, for they name the subsection and not the page.
    """
    kind = "code" if subsection.protection & MM_ACCESS_MASK in _CODE else "data"
    wanted = wanted or machine.in_page.clusters[kind]
    if not machine.in_page.may_cluster(wanted):
        return 1
    shift = machine.table_memory.entries_shift
    in_table = ((prototype_index >> shift) + 1 << shift) - prototype_index
    room = min(wanted, in_table, subsection.first_page + subsection.pages - page)
    entries, count = machine.entries, 1
    while count < room and entries[prototype_index + count] == pte:
        count += 1
    return count


def set_prototype_valid(machine: FaultMachine, prototype_index: int, frame: int, protection: int) -> None:
    """The prototype PTE names an active page from now on."""
    machine.table_memory.write(prototype_index, frame << machine.page_shift | machine.format.kernel_bits[protection])
