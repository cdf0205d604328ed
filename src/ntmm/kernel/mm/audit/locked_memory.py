"""Memory outside working sets: pages that programs allocated themselves, and large pages. Whole columns at a time."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn import PageState, PageUse, PfnDatabase
from ntmm.kernel.mm.pfn.columns import column
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.mm.vad import Vad, VadKind

_LOCKED = (int(PageUse.USER_PHYSICAL), int(PageUse.LARGE_PAGE))


def _is_locked(pfn: PfnDatabase) -> npt.NDArray[np.bool_]:
    return np.isin(column(pfn.use)[: pfn.high_water], _LOCKED)


def ordinary_frames(pfn: PfnDatabase) -> list[int]:
    """The frames that were ever handed out, without those that `check_locked_memory` looks at, or set aside."""
    ordinary = ~_is_locked(pfn)
    low = slice(pfn.low.start, pfn.low.stop)
    ordinary[low] &= column(pfn.state)[low] != int(PageState.BAD)
    return [int(frame) for frame in np.flatnonzero(ordinary)]


def check_locked_memory(manager: MemoryManager) -> Iterator[str]:
    """Each such page is active, has one share and one owner; each large page is where its VAD says."""
    pfn = manager.pfn
    owners = np.zeros(pfn.high_water, dtype=np.uint16)
    for space in manager.spaces:
        if space.physical is not None:
            flags = space.physical.owned
            owners += flags[: pfn.high_water]
            owned = int(np.count_nonzero(flags))
            if owned != space.physical.account.pages:
                yield f"process {space.process_id} is charged {space.physical.account.pages} pages, it owns {owned}"
        for vad in space.vads:
            if vad.kind is VadKind.LARGE_PAGES:
                yield from _check_large(manager, space, vad, owners)
    locked = _is_locked(pfn)
    yield from _tell(np.flatnonzero(owners != locked), "is not owned by exactly one process")
    state = column(pfn.state)[: pfn.high_water] == int(PageState.ACTIVE)
    shares = column(pfn.share_count)[: pfn.high_water] == 1
    references = column(pfn.reference_count)[: pfn.high_water] == 1
    flags = column(pfn.flags)[: pfn.high_water] == 0
    yield from _tell(np.flatnonzero(locked & ~(state & shares & references & flags)), "is not active with one share")
    yield from _check_places(manager)


def _tell(frames: npt.NDArray[np.intp], problem: str) -> Iterator[str]:
    for frame in frames[:3].tolist():
        yield f"frame {frame:#x} outside working sets {problem}"


def _check_large(
    manager: MemoryManager, space: AddressSpace, vad: Vad, owners: npt.NDArray[np.uint16]
) -> Iterator[str]:
    """The directory entries of a VAD of large pages."""
    architecture, memory = manager.architecture, manager.table_memory
    large = architecture.large_page_size
    pages = large // architecture.page_size
    expected = memory.format.user_bits[vad.protection] | architecture.LARGE
    changing = architecture.ACCESSED | architecture.DIRTY | architecture.large_frame_mask
    for address in range(vad.start_vpn << architecture.page_shift, vad.end_vpn + 1 << architecture.page_shift, large):
        index = space.tables.directory_index(address)
        parts = range(index, index + architecture.entries_of_large_page) if index >= 0 else ()
        entries = [memory.entries[part] for part in parts] or [0]
        frame = memory.format.frame(entries[0])
        wrong = [entry for entry in entries if (entry ^ expected) & ~changing or memory.format.frame(entry) != frame]
        if wrong or not entries[0] & 1 or frame % pages:
            yield f"process {space.process_id}: {address:#x} has {(wrong or entries)[0]:#x}, which maps no large page"
            continue
        owners[frame : frame + pages] += 1
        places = column(manager.pfn.pte_address)[frame : frame + pages]
        if (places != architecture.pde_address(address)).any():
            yield f"frame {frame:#x} of a large page names another entry"


def _check_places(manager: MemoryManager) -> Iterator[str]:
    """A page that names a PTE stands in it."""
    pfn, memory = manager.pfn, manager.table_memory
    physical = column(pfn.use)[: pfn.high_water] == int(PageUse.USER_PHYSICAL)
    named = column(pfn.pte_address)[: pfn.high_water] != 0
    for frame in np.flatnonzero(physical & named).tolist():
        entry = memory.entries[pfn.pte_index(frame)]
        if not entry & 1 or memory.format.frame(entry) != frame:
            yield f"frame {frame:#x} names a window that shows {entry:#x}"
