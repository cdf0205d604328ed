"""MmCleanProcessAddressSpace and MmDeleteProcessAddressSpace: every frame goes back."""

from ntmm.kernel.mm.layout import SHARED_USER_DATA, SHARED_USER_DATA_END
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.free import free
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.space.pages import delete_page
from ntmm.kernel.mm.space.physical_pages import free_all_physical
from ntmm.kernel.mm.space.view import remove_view
from ntmm.kernel.mm.tables import root_frames
from ntmm.kernel.mm.vad import VadKind
from ntmm.nt.memory import MEM_RELEASE
from ntmm.nt.status import Status


def delete_address_space(machine: SpaceMachine, space: AddressSpace) -> None:
    """Deletes a space that no thread runs in any more, with all that it holds. It must be swapped in."""
    assert not space.deleted and not space.is_swapped_out
    page = machine.architecture.page_size
    for vad in space.vads:
        vad.no_change = False
        if vad.is_view:
            remove_view(machine, space, vad)
        elif vad.kind in (VadKind.PRIVATE, VadKind.PHYSICAL, VadKind.LARGE_PAGES):
            status = free(machine, space, vad.start_vpn * page, 0, MEM_RELEASE).status
            assert status is Status.SUCCESS
        else:
            space.vads.remove(vad)
    free_all_physical(machine, space)
    _unmap_shared_page(machine, space)
    space.working_set.release()
    _free_root(machine, space)
    space.account.close()
    machine.resident.give_back(space.resident_charge)
    space.resident_charge = 0
    space.deleted = True


def _unmap_shared_page(machine: SpaceMachine, space: AddressSpace) -> None:
    index = space.tables.find_resident(SHARED_USER_DATA)
    if index >= 0 and machine.table_memory.entries[index]:
        delete_page(machine, space, SHARED_USER_DATA, index)
    space.tables.drop_empty_tables(SHARED_USER_DATA, SHARED_USER_DATA_END)


def _free_root(machine: SpaceMachine, space: AddressSpace) -> None:
    """The top tables: on PAE the four directories go with the pointer table."""
    pfn = machine.pfn
    for frame in root_frames(machine.table_memory, space.tables.root):
        assert not pfn.used_entries[frame], f"root table {frame:#x} deleted with {pfn.used_entries[frame]} entries"
        pfn.free(frame)
