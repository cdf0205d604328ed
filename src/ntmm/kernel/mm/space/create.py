"""MmCreateProcessAddressSpace: the self-mapping root, hyperspace, the working-set list, the system half."""

from collections.abc import Callable

from ntmm.kernel.ke.access import GuestMemory
from ntmm.kernel.mm.fault.system import table_in_working_set
from ntmm.kernel.mm.layout import SHARED_USER_DATA, SHARED_USER_DATA_END, UserRange
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.tables import PageTables, create_root, root_frames, self_mapped_roots
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.kernel.mm.working_set import WorkingSet
from ntmm.nt.memory import MM_READONLY, MM_READWRITE

ResolveFault = Callable[[AddressSpace, int, int], int]


def create_address_space(
    machine: SpaceMachine, process_id: int, resolve: ResolveFault, owner: str, user: UserRange
) -> AddressSpace:
    """A new address space for a process; its pages are counted by purpose in `fixed_pages`.

    `user` is what programs may use of it.
    `resolve(space, address, error code)` answers the faults of kernel accesses to this space's memory. The caller has
    charged the minimum working set as resident.
    """
    account = machine.ledger.open_account(owner)
    root, fixed = create_root(machine.table_memory, machine.system_tables.root)
    account.charge_required(sum(fixed.values()))
    tables = PageTables(machine.table_memory, root, account)
    layout = machine.layout
    tables.ensure(layout.working_set_list, user=False)
    fixed["hyperspace page tables"] = tables.tables
    working_set = WorkingSet(tables, machine.ram, layout.working_set_list, account, machine.limits)
    fixed["working-set list"] = working_set.list_pages
    tables.made.clear()
    memory = GuestMemory(
        machine.ram,
        machine.architecture,
        tables.directory,
        user.probe_address,
        lambda address, error_code: resolve(space, address, error_code),
        machine.pfn.forget_code,
        user.pointer_size,
    )
    space = AddressSpace(process_id, tables, working_set, account, memory, user, fixed)
    _list_fixed_pages(machine, space)
    _connect(machine, space)
    if user.highest_vad > SHARED_USER_DATA_END:
        shift = machine.architecture.page_shift
        start, end = SHARED_USER_DATA >> shift, (SHARED_USER_DATA_END >> shift) - 1
        space.vads.insert(Vad(start, end, VadKind.SHARED_PAGE, MM_READONLY, no_change=True))
    return space


def _list_fixed_pages(machine: SpaceMachine, space: AddressSpace) -> None:
    """The top tables, hyperspace's page tables and the list itself are the first entries, never to be replaced."""
    architecture, pfn = machine.architecture, machine.pfn
    list_address = machine.layout.working_set_list
    places = self_mapped_roots(machine.table_memory, space.tables.root)
    known = root_frames(machine.table_memory, space.tables.root)
    for frame in space.tables.path(list_address):
        if frame not in known:
            places.append((frame, architecture.address_of_pte(pfn.pte_address[frame])))
    places.append((space.working_set.list_frames[0], list_address))
    for frame, address in places:
        pfn.working_set_index[frame] = space.working_set.first_dynamic
        space.working_set.insert_fixed(address >> architecture.page_shift, MM_READWRITE)


def _connect(machine: SpaceMachine, space: AddressSpace) -> None:
    """Fills the slots through which tables and working set reach the fault handler and the policies."""
    pfn, entries, owner = machine.pfn, machine.table_memory.entries, machine.architecture.OWNER
    tables, working_set = space.tables, space.working_set

    def table_made(index: int, frame: int) -> None:
        if entries[index] & owner:
            table_in_working_set(machine.faults, working_set, frame)

    def table_dropped(frame: int) -> None:
        if entries[pfn.pte_index(frame)] & owner:
            working_set.remove(pfn.working_set_index[frame])

    tables.table_made, tables.table_dropped = table_made, table_dropped
    tables.bring_in = lambda address: machine.faults.bring_in_table(space, address)
    working_set.at_quota = machine.at_quota
