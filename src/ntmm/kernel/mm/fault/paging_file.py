"""Hard faults on pages that lie in a paging file (MiResolvePageFileFault), read in clusters."""

from typing import Final

from ntmm.kernel.mm.fault import outcome
from ntmm.kernel.mm.fault.machine import FaultMachine
from ntmm.kernel.mm.fault.outcome import FaultKind, FaultOutcome
from ntmm.kernel.mm.in_page import PageToRead, Source
from ntmm.kernel.mm.pfn import PageUse

_SINGLE: Final = (PageUse.PAGE_TABLE, PageUse.WORKING_SET_LIST, PageUse.KERNEL_STACK)
"""Uses of pages that are read one at a time: what lies next to them is nobody's neighbour."""


def paging_file_fault(
    machine: FaultMachine, index: int, pte_address: int, pte: int, use: PageUse, flags: int = 0
) -> FaultOutcome:
    """Begins to read the page that a PTE names, with neighbours that lie behind it both in memory and in the file."""
    number, slot = machine.format.page_file_place(pte)
    pages = [PageToRead(index, pte_address, pte)]
    cluster = machine.in_page.clusters["other"]
    if cluster > 1 and use not in _SINGLE and machine.in_page.may_cluster(cluster):
        pages += _neighbours(machine, index, pte_address, number, slot, cluster)
    file = machine.paging_files.files[number]
    source = Source(file.name, slot, file.read, slot)
    return outcome.reading(machine.in_page.begin(pages, use, flags, source), FaultKind.PAGING_FILE)


def _neighbours(
    machine: FaultMachine, index: int, pte_address: int, number: int, slot: int, cluster: int
) -> list[PageToRead]:
    """PTEs behind this one in its table whose pages follow in the same paging file."""
    entries, pte_format = machine.entries, machine.format
    pte_size = machine.table_memory.architecture.pte_size
    end = (index >> machine.table_memory.entries_shift) + 1 << machine.table_memory.entries_shift
    found = []
    for distance in range(1, min(cluster, end - index)):
        pte = entries[index + distance]
        if not pte_format.is_page_file(pte) or pte_format.page_file_place(pte) != (number, slot + distance):
            break
        found.append(PageToRead(index + distance, pte_address + distance * pte_size, pte))
    return found
