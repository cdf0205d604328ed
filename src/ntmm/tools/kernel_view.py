"""What commands ask the kernel's structures: the one place that knows how the memory manager keeps them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ntmm.kernel.boot import Kernel
from ntmm.kernel.mm.pfn import NO_FRAME, PageState, PageUse
from ntmm.kernel.mm.pfn.database import MODIFIED_FLAG, PROTOTYPE_FLAG
from ntmm.kernel.mm.vad import Vad
from ntmm.kernel.ps import Process


@dataclass(frozen=True, slots=True)
class Frame:
    """A PFN entry. `pte_address` is a kernel address, `containing` the frame that holds that PTE."""

    number: int
    state: PageState
    use: PageUse
    share_count: int
    reference_count: int
    pte_address: int
    original_pte: int
    containing: int
    flink: int | None
    blink: int | None
    is_modified: bool
    is_prototype: bool


def frame_count(kernel: Kernel) -> int:
    """Frames of the machine's RAM."""
    return kernel.mm.pfn.frames


def frame(kernel: Kernel, number: int) -> Frame:
    """The PFN entry of a frame that exists."""
    pfn = kernel.mm.pfn
    return Frame(
        number,
        PageState(pfn.state[number]),
        PageUse(pfn.use[number]),
        pfn.share_count[number],
        pfn.reference_count[number],
        pfn.pte_address[number],
        pfn.original_pte[number],
        pfn.pte_frame[number],
        _link(kernel, number, pfn.flink[number]),
        _link(kernel, number, pfn.blink[number]),
        bool(pfn.flags[number] & MODIFIED_FLAG),
        bool(pfn.flags[number] & PROTOTYPE_FLAG),
    )


def _link(kernel: Kernel, number: int, link: int) -> int | None:
    """A frame's neighbour on its list; frames that were never handed out are on none."""
    return link if link != NO_FRAME and number < kernel.mm.pfn.high_water else None


def used_frames(kernel: Kernel) -> Iterator[int]:
    """Frames that were ever handed out; those above are zeroed."""
    return iter(range(kernel.mm.pfn.high_water))


def pages_by_state(kernel: Kernel) -> Counter[PageState]:
    """Pages in each state; their sum is the machine's RAM."""
    pfn = kernel.mm.pfn
    counts: Counter[PageState] = Counter()
    for state, count in Counter(bytes(pfn.state[: pfn.high_water])).items():
        counts[PageState(state)] += count
    counts[PageState.ZEROED] += pfn.frames - pfn.high_water
    return counts


def statistics(kernel: Kernel) -> Any:
    """The memory manager's own figures (MemoryStatistics), or None where it keeps none."""
    ask = getattr(kernel.mm, "statistics", None)
    return None if ask is None else ask()


def process_memory(kernel: Kernel, process: Process) -> Any:
    """A process's figures (ProcessMemory), or None where the memory manager keeps none."""
    ask = getattr(kernel.mm, "process_memory", None)
    return None if ask is None else ask(process)


def working_set_limits(kernel: Kernel, process: Process) -> tuple[int, int] | None:
    """Minimum and maximum of a working set in pages, or None where there are no limits."""
    ask = getattr(kernel.mm, "working_set_limits", None)
    if ask is None:
        return None
    limits, page = ask(process), kernel.architecture.page_size
    return limits.minimum // page, limits.maximum // page


@dataclass(frozen=True, slots=True)
class WorkingSetEntry:
    """A WSLE; None where the list does not say it."""

    index: int | None
    address: int
    protection: int
    age: int | None
    is_locked: bool | None


def working_set_entries(kernel: Kernel, process: Process) -> list[WorkingSetEntry]:
    """The valid entries of a process's working-set list, in address order."""
    page = kernel.architecture.page_size
    ask = getattr(kernel.mm, "working_set_pages", None)
    if ask is not None:
        return [WorkingSetEntry(None, one.address, one.protection, None, one.locked) for one in ask(process)]
    found = process.space.working_set.entries()
    entries = [WorkingSetEntry(index, vpn * page, code, None, None) for index, vpn, code in found]
    return sorted(entries, key=lambda entry: entry.address)


def vad_of(kernel: Kernel, process: Process, address: int) -> Vad | None:
    """The VAD that holds an address."""
    return process.space.vads.find(address >> kernel.architecture.page_shift)


def prototype_address(kernel: Kernel, vad: Vad, address: int) -> int | None:
    """Where the prototype PTE of a view's page lies, or None for private memory and past the segment's end."""
    page = (address >> kernel.architecture.page_shift) - vad.start_vpn
    if not vad.is_view or vad.control_area is None or page >= vad.control_area.total_pages:
        return None
    return vad.first_prototype + page * kernel.architecture.pte_size


@dataclass(frozen=True, slots=True)
class SectionFacts:
    """A control area: the kernel addresses of its prototype PTEs, the number of its index, the name of its file."""

    index: int
    name: str
    prototypes: range


def control_areas(kernel: Kernel) -> list[SectionFacts]:
    """All control areas of the machine, by index."""
    size = kernel.architecture.pte_size
    areas = [
        SectionFacts(
            area.index,
            area.backing.name,
            range(area.first_prototype, area.first_prototype + area.total_pages * size),
        )
        for area in kernel.mm.control_areas.values()
    ]
    return sorted(areas, key=lambda area: area.index)


def commit_figures(kernel: Kernel) -> tuple[int, int, int]:
    """Committed pages, the most there ever were, and the limit."""
    ledger = kernel.mm.ledger
    return ledger.committed, ledger.peak, ledger.limit


def pool_pages(kernel: Kernel) -> tuple[int, int]:
    """Pages of paged and of nonpaged pool."""
    system = kernel.mm.system
    return system.paged_pool.pages, system.nonpaged_pool.pages
