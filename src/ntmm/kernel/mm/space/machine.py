"""The machine-wide parts that services on address spaces need."""

from collections.abc import Callable
from dataclasses import dataclass

from ntmm.hw.arch import Architecture
from ntmm.hw.ram import Ram
from ntmm.kernel.mm.commit import CommitLedger, ResidentLedger
from ntmm.kernel.mm.fault import FaultHandler
from ntmm.kernel.mm.layout import AddressLayout
from ntmm.kernel.mm.pfn import PfnDatabase
from ntmm.kernel.mm.section import Sections
from ntmm.kernel.mm.tables import PageTables, PteFormat, TableMemory
from ntmm.kernel.mm.working_set import WorkingSet, WorkingSetLimits


@dataclass(frozen=True)
class SpaceMachine:
    """RAM, page frames, system tables, ledgers, fault handler, working-set rules and sections of one machine."""

    ram: Ram
    architecture: Architecture
    layout: AddressLayout
    pfn: PfnDatabase
    table_memory: TableMemory
    system_tables: PageTables
    ledger: CommitLedger
    resident: ResidentLedger
    faults: FaultHandler
    limits: WorkingSetLimits
    at_quota: Callable[[WorkingSet], None]
    sections: Sections

    @property
    def format(self) -> PteFormat:
        """The PTE formats."""
        return self.table_memory.format
