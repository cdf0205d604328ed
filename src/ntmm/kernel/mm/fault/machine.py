"""What the files of single fault kinds use of the handler: a protocol, so that they need not import it."""

from typing import Protocol

from ntmm.hw.ram import Ram
from ntmm.kernel.mm.in_page import InPage
from ntmm.kernel.mm.pagefile import PagingFiles
from ntmm.kernel.mm.pfn import PfnDatabase
from ntmm.kernel.mm.tables import PteFormat, TableMemory


class FaultMachine(Protocol):
    """The machine-wide parts that resolving a fault touches."""

    ram: Ram
    entries: memoryview
    pfn: PfnDatabase
    format: PteFormat
    table_memory: TableMemory
    in_page: InPage
    paging_files: PagingFiles
    page_shift: int
