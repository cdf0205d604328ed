"""Single-page regions that the system places and programs may not change: PEB and TEBs (MiCreatePebOrTeb)."""

from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.vad import Vad, VadKind
from ntmm.nt.memory import MM_READWRITE


def create_fixed_block(machine: SpaceMachine, space: AddressSpace, pages: int, purpose: str) -> int | None:
    """Address of a committed read/write block at the highest free pages, or None if there is no room or commit."""
    page = machine.architecture.page_size
    low, high = space.user.lowest // page, space.user.highest_fixed // page
    start = space.vads.find_empty(pages, 1, low, high, top_down=True)
    if start is None or not space.account.charge(pages):
        return None
    vad = Vad(start, start + pages - 1, VadKind.PRIVATE, MM_READWRITE, mem_commit=True, commit_charge=pages)
    vad.no_change, vad.purpose = True, purpose
    space.vads.insert(vad)
    space.grow(pages * page)
    return start * page
