"""What is known of single pages of a process, in its working set or not (MemoryWorkingSetExInformation)."""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.mm.layout import SHARED_USER_DATA
from ntmm.kernel.mm.pfn.state import PROTOTYPE_FLAG
from ntmm.kernel.mm.space.address_space import AddressSpace
from ntmm.kernel.mm.space.machine import SpaceMachine
from ntmm.kernel.mm.vad import VadKind
from ntmm.kernel.mm.working_set.working_set import LOCKED, PROTECTION_SHIFT
from ntmm.nt.memory import page_protection


@dataclass(frozen=True, slots=True)
class PageInformation:
    """A page: the CPU reaches it if it is `valid`, and only then the others but `shared` mean anything.

    `protection` is a PAGE_* value; `share_count` is 0 for private pages.
    """

    valid: bool = False
    share_count: int = 0
    protection: int = 0
    shared: bool = False
    locked: bool = False
    large: bool = False


NOT_VALID: Final = PageInformation()


def page_information(machine: SpaceMachine, space: AddressSpace, address: int) -> PageInformation:
    """Of the page at any address; pages that are locked by their kind, large ones and those of windows, say so."""
    if not 0 <= address <= space.user.highest:
        return NOT_VALID
    vpn = address >> machine.architecture.page_shift
    vad = space.vads.find(vpn)
    if vad is None and vpn != SHARED_USER_DATA >> machine.architecture.page_shift:
        return NOT_VALID
    if vad is not None and vad.kind is VadKind.LARGE_PAGES:
        return PageInformation(True, 0, page_protection(vad.protection), locked=True, large=True)
    index = space.tables.find(address)
    entry = machine.table_memory.entries[index] if index >= 0 else 0
    if not entry & 1:
        return PageInformation(shared=vad is None or vad.is_view or vad.kind is VadKind.SHARED_PAGE)
    if vad is not None and vad.kind is VadKind.PHYSICAL:
        return PageInformation(True, 0, page_protection(vad.protection), locked=True)
    return _of_working_set(machine, space, vpn, machine.format.frame(entry))


def _of_working_set(machine: SpaceMachine, space: AddressSpace, vpn: int, frame: int) -> PageInformation:
    pfn, working_set = machine.pfn, space.working_set
    shared = bool(pfn.flags[frame] & PROTOTYPE_FLAG)
    value = working_set.value(working_set.shared_index(vpn) if shared else pfn.working_set_index[frame])
    protection = page_protection(value >> PROTECTION_SHIFT & 0x1F)
    return PageInformation(True, pfn.share_count[frame] if shared else 0, protection, shared, bool(value & LOCKED))
