"""The machine-wide parts that services on address spaces need."""

from dataclasses import dataclass

from ntmm.hw.arch import Architecture
from ntmm.hw.ram import Ram
from ntmm.kernel.mm.commit import CommitLedger
from ntmm.kernel.mm.fault import FaultHandler
from ntmm.kernel.mm.layout import AddressLayout
from ntmm.kernel.mm.pfn import PfnDatabase
from ntmm.kernel.mm.tables import PageTables, PteFormat, TableMemory


@dataclass(frozen=True)
class SpaceMachine:
    """RAM, page frames, system tables, commit ledger and fault handler of one machine."""

    ram: Ram
    architecture: Architecture
    layout: AddressLayout
    pfn: PfnDatabase
    table_memory: TableMemory
    system_tables: PageTables
    ledger: CommitLedger
    faults: FaultHandler

    @property
    def format(self) -> PteFormat:
        """The PTE formats."""
        return self.table_memory.format
