"""MmCreateProcessAddressSpace: the self-mapping root, hyperspace, the working-set list, the system half."""

from collections.abc import Callable

from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.mm.layout import SHARED_USER_DATA, SHARED_USER_DATA_END
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.tables import PageTables, create_root
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.kernel.mm.working_set import WorkingSet
from ntmm.nt.memory import MM_READONLY

ResolveFault = Callable[[AddressSpace, int, int], int]


def create_address_space(machine: SpaceMachine, process_id: int, resolve: ResolveFault, owner: str) -> AddressSpace:
    """A new address space for a process; its pages are counted by purpose in `fixed_pages`.

    `resolve(space, address, error code)` answers the faults of kernel accesses to this space's memory.
    """
    account = machine.ledger.open_account(owner)
    root, fixed = create_root(machine.table_memory, machine.system_tables.root)
    account.charge_required(sum(fixed.values()))
    tables = PageTables(machine.table_memory, root, account)
    layout = machine.layout
    tables.ensure(layout.working_set_list, user=False)
    fixed["hyperspace page tables"] = tables.tables
    working_set = WorkingSet(tables, machine.ram, layout.working_set_list, account)
    fixed["working-set list"] = working_set.list_pages
    tables.made.clear()
    memory = GuestMemory(
        machine.ram,
        machine.architecture,
        tables.directory,
        layout.user_probe_address,
        lambda address, error_code: resolve(space, address, error_code),
        machine.pfn.forget_code,
    )
    space = AddressSpace(process_id, tables, working_set, account, memory, fixed)
    if layout.highest_vad_address > SHARED_USER_DATA_END:
        shift = machine.architecture.page_shift
        start, end = SHARED_USER_DATA >> shift, (SHARED_USER_DATA_END >> shift) - 1
        space.vads.insert(Vad(start, end, VadKind.SHARED_PAGE, MM_READONLY, no_change=True))
    return space
