"""Hard faults on private pages: the hot path of every program that is larger than RAM.

A page that is read alone, while nothing else could run before the disk is done, is mapped as soon as it is there: its
PTE goes from page-file form to valid, for nobody can see the transition form between; while a recorder listens, it goes
the long way, so that the events are those of a wait. The resolver is a closure over
the machine's arrays, as that of demand-zero faults is.
"""

from collections.abc import Callable

from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.context import FaultContext
from ntmm.kernel.mm.fault.machine import FaultMachine
from ntmm.kernel.mm.fault.outcome import FaultKind, FaultOutcome
from ntmm.kernel.mm.fault.paging_file import paging_file_fault
from ntmm.kernel.mm.in_page import PageToRead, Source
from ntmm.kernel.mm.pfn import PageUse

PageReader = Callable[[FaultContext, int, int, int, int], FaultOutcome]
"""(space, address, index of the PTE, the PTE in page-file form, MM_* code)."""


def make_page_reader(machine: FaultMachine) -> PageReader:
    """The resolver of one machine."""
    table_memory, pfn, entries, in_page = machine.table_memory, machine.pfn, machine.entries, machine.in_page
    architecture, files = table_memory.architecture, machine.paging_files.files
    entries_shift, page_shift = table_memory.entries_shift, machine.page_shift
    pte_base, pte_size, user_bits = architecture.pte_base, architecture.pte_size, machine.format.user_bits
    share_count, working_set_index, private = pfn.share_count, pfn.working_set_index, PageUse.PROCESS_PRIVATE
    pte_addresses, pte_frame, original_pte = pfn.pte_address, pfn.pte_frame, pfn.original_pte
    page_file_place, clusters = machine.format.page_file_place, in_page.clusters
    resolved = outcome.PAGING_FILE

    def read_page(context: FaultContext, address: int, index: int, pte: int, protection: int) -> FaultOutcome:
        vpn = address >> page_shift
        pte_address = pte_base + vpn * pte_size
        cluster = clusters["other"]
        is_watched = table_memory.changed is not None or pfn.moved is not None
        if is_watched or (cluster > 1 and in_page.may_cluster(cluster)):
            return paging_file_fault(machine, index, pte_address, pte, private)
        number, slot = page_file_place(pte)
        file = files[number]
        frame, due = in_page.take_one(private, file.name, slot)
        if not in_page.passes(due):
            source = Source(file.name, slot, file.read, slot)
            block = in_page.wait_for(due, [PageToRead(index, pte_address, pte)], [frame], 0, source)
            return outcome.reading(block, FaultKind.PAGING_FILE)
        refusal = in_page.fill_one(frame, file.read, slot)
        if refusal is not None:
            return outcome.in_page_error(refusal)
        table = index >> entries_shift
        share_count[table] += 1
        entries[index] = frame << page_shift | user_bits[protection]
        pte_addresses[frame] = pte_address
        pte_frame[frame] = table
        original_pte[frame] = pte
        working_set_index[frame] = context.working_set.insert(vpn, protection)
        context.private_given += 1
        return resolved

    return read_page
