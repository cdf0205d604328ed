"""What commands ask the kernel's structures: the one place that knows how the memory manager keeps them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.boot import Kernel
from ntmm.kernel.mm.pageout import SystemThread
from ntmm.kernel.mm.pfn import NO_FRAME, PageState, PageUse
from ntmm.kernel.mm.pfn.state import DELETED_FLAG, MODIFIED_FLAG, PROTOTYPE_FLAG, READ_FLAG, WRITE_FLAG
from ntmm.kernel.mm.section import AreaKind, ControlArea
from ntmm.kernel.mm.session import SessionSpace
from ntmm.kernel.mm.statistics import MemoryStatistics
from ntmm.kernel.mm.system_cache import VIEW_BYTES
from ntmm.kernel.mm.vad import Vad
from ntmm.kernel.mm.working_set.working_set import END_OF_CHAIN
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
    flags: str

    @property
    def is_prototype(self) -> bool:
        """True if its PTE is a prototype PTE: the page belongs to a section."""
        return "P" in self.flags


_FLAG_LETTERS: Final = (
    (MODIFIED_FLAG, "M"),
    (PROTOTYPE_FLAG, "P"),
    (READ_FLAG, "R"),
    (WRITE_FLAG, "W"),
    (DELETED_FLAG, "D"),
)


def system_threads(kernel: Kernel) -> list[SystemThread]:
    """The threads of the System process, in the order in which they were made."""
    return list(kernel.system_threads)


def frame_count(kernel: Kernel) -> int:
    """Frames of the machine's RAM."""
    return kernel.mm.pfn.frames


def database_pages(kernel: Kernel) -> int:
    """Pages of RAM that the PFN database takes."""
    return len(kernel.mm.pfn.database)


def entry_address(kernel: Kernel, number: int) -> int:
    """Where in system space the PFN entry of a frame lies."""
    return kernel.mm.system.pfn_mapping.entry_address(number)


def frame(kernel: Kernel, number: int) -> Frame:
    """The PFN entry of a frame that exists; for the database's own frames what Windows writes there."""
    pfn = kernel.mm.pfn
    if number in pfn.database:
        return _frame_of_database(kernel, number)
    return Frame(
        number,
        PageState(pfn.state[number]),
        PageUse(pfn.use[number]),
        pfn.shares(number),
        pfn.reference_count[number],
        pfn.pte_address[number],
        pfn.original_pte[number],
        pfn.pte_frame[number],
        _link(kernel, number, pfn.flink[number]),
        _link(kernel, number, pfn.blink[number]),
        "".join(letter for flag, letter in _FLAG_LETTERS if pfn.flags[number] & flag),
    )


def _frame_of_database(kernel: Kernel, number: int) -> Frame:
    mapping = kernel.mm.system.pfn_mapping
    index, address = mapping.entry_of(number) if number in mapping.frames else (0, 0)
    containing = index >> kernel.mm.table_memory.entries_shift
    return Frame(number, PageState.ACTIVE, PageUse.PFN_DATABASE, 1, 1, address, 0, containing, None, None, "")


def colour_of(kernel: Kernel, number: int) -> int:
    """The colour of a frame, which names its list of zeroed and of free pages."""
    return number & kernel.mm.pfn.zeroed.colours - 1


def _link(kernel: Kernel, number: int, link: int) -> int | None:
    """A frame's neighbour on its list; frames that are mapped or were never handed out are on none."""
    pfn = kernel.mm.pfn
    is_listed = number < pfn.high_water and pfn.state[number] not in (PageState.ACTIVE, PageState.TRANSITION)
    return link if is_listed and link != NO_FRAME else None


def used_frames(kernel: Kernel) -> Iterator[int]:
    """Frames that were ever handed out; those above are zeroed, and nobody has those that are set aside below 4 GB."""
    pfn = kernel.mm.pfn
    return (frame for frame in range(pfn.high_water) if not pfn.is_set_aside(frame))


def statistics(kernel: Kernel) -> MemoryStatistics:
    """The memory manager's own figures."""
    return kernel.mm.statistics()


@dataclass(frozen=True, slots=True)
class WorkingSetHeader:
    """A working-set list as a whole (MMWSL); figures in pages and places in the list, -1 for none."""

    size: int
    peak: int
    quota: int
    minimum: int
    maximum: int
    first_free: int
    first_dynamic: int
    last_entry: int
    next_slot: int
    last_initialized: int
    shared: int


def working_set_header(process: Process) -> WorkingSetHeader:
    """The list of a process that is in memory."""
    working_set = process.space.working_set
    limits = working_set.limits
    return WorkingSetHeader(
        working_set.count,
        working_set.peak,
        working_set.quota,
        limits.minimum,
        limits.maximum,
        -1 if working_set.first_free == END_OF_CHAIN else working_set.first_free,
        working_set.first_dynamic,
        working_set.last_entry,
        working_set.next_slot,
        working_set.last_initialized,
        working_set.shared_pages,
    )


@dataclass(frozen=True, slots=True)
class WorkingSetEntry:
    """A WSLE; `locked` has bit 1 for locked in the working set and bit 2 for locked in memory."""

    index: int
    address: int
    protection: int
    age: int
    locked: int


def working_set_entries(kernel: Kernel, process: Process) -> list[WorkingSetEntry]:
    """The valid entries of a process's working-set list, in address order."""
    page = kernel.architecture.page_size
    found = process.space.working_set.entries()
    entries = [
        WorkingSetEntry(entry.index, entry.vpn * page, entry.protection, entry.age, entry.locked) for entry in found
    ]
    return sorted(entries, key=lambda entry: entry.address)


def private_pages(process: Process) -> int:
    """Pages of the working set that are the process's own."""
    working_set = process.space.working_set
    return working_set.count - working_set.shared_pages


def vad_of(kernel: Kernel, process: Process, address: int) -> Vad | None:
    """The VAD that holds an address."""
    return process.space.vads.find(address >> kernel.architecture.page_shift)


def prototype_address(kernel: Kernel, vad: Vad, address: int) -> int | None:
    """Where the prototype PTE of a view's page lies, or None for private memory and past the segment's end."""
    page = (address >> kernel.architecture.page_shift) - vad.start_vpn
    if not vad.is_view or vad.control_area is None or vad.first_page + page >= vad.control_area.total_pages:
        return None
    area = vad.control_area
    return int(area.prototype_of(vad.first_page + page))


@dataclass(frozen=True, slots=True)
class SectionFacts:
    """An array of prototype PTEs of a control area: its kernel addresses, the area's index, the name of its file."""

    index: int
    name: str
    prototypes: range


def control_areas(kernel: Kernel) -> list[SectionFacts]:
    """All arrays of prototype PTEs of the machine's control areas, by index of the area."""
    size = kernel.architecture.pte_size
    facts = []
    for area in kernel.mm.sections.areas():
        if area.first_prototype:
            arrays = [(area.first_prototype, area.total_pages)]
        else:
            arrays = [(subsection.first_prototype, subsection.pages) for subsection in area.subsections]
        facts += [SectionFacts(area.index, area.name, range(start, start + n * size)) for start, n in arrays]
    return sorted(facts, key=lambda area: area.index)


def pool_pages(kernel: Kernel) -> tuple[int, int]:
    """Pages of paged and of nonpaged pool."""
    system = kernel.mm.system
    return system.paged_pool.pages, system.nonpaged_pool.pages


def pool_limits(kernel: Kernel) -> tuple[int, int]:
    """Pages that paged and nonpaged pool may have at most."""
    system = kernel.mm.system
    return system.paged_pool.maximum_pages, system.nonpaged_pool.maximum_pages


def sessions(kernel: Kernel) -> list[SessionSpace]:
    """The sessions that processes belong to, by number; none on systems that have no session space."""
    return [session for _, session in sorted(kernel.mm.sessions_by_id.items())]


def resident_available(kernel: Kernel) -> int:
    """Pages that could still be promised to stay in RAM."""
    return kernel.mm.resident.available


@dataclass(frozen=True, slots=True)
class SystemPtes:
    """The area of system PTEs: all entries, the unused ones, and (address, pages) of runs of them with tables.

    `start` and `end` are the kernel addresses of the first and of the last entry.
    """

    start: int
    end: int
    total: int
    unused: int
    free: tuple[tuple[int, int], ...]


def system_ptes(kernel: Kernel) -> SystemPtes:
    """The free runs in address order; page tables of the area are made when they are needed."""
    area = kernel.mm.system_ptes
    first, last = area.start, area.start + (area.total - 1) * kernel.architecture.page_size
    pte_address = kernel.architecture.pte_address
    return SystemPtes(pte_address(first), pte_address(last), area.total, area.free, tuple(area.free_clusters()))


@dataclass(frozen=True, slots=True)
class CachedFile:
    """The data of one file in RAM; `views` of the cache, everything else in pages."""

    index: int
    name: str
    views: int
    cached: int
    valid: int
    standby: int
    dirty: int
    shared: int
    locked: int


def cached_files(kernel: Kernel) -> list[CachedFile]:
    """Every data file that has a control area, in the order in which they were made."""
    return [_cached_file(kernel, area) for area in kernel.mm.sections.areas() if area.kind is AreaKind.FILE]


def _cached_file(kernel: Kernel, area: ControlArea) -> CachedFile:
    memory, pfn = kernel.mm.table_memory, kernel.mm.pfn
    views = kernel.mm.system_cache.views_of(area)
    per_view = VIEW_BYTES // kernel.architecture.page_size
    cached = sum(pte & 1 for view in views for pte in memory.entries[view.index : view.index + per_view].tolist())
    states: Counter[str] = Counter()
    for page in area.pages():
        index = kernel.mm.system.tables.find_word(area.prototype_of(page))
        pte = memory.entries[index] if index >= 0 else 0
        if not pte & 1 and not memory.format.is_transition(pte):
            continue
        number = memory.format.frame(pte)
        states["valid"] += pte & 1
        states["standby"] += pfn.state[number] == PageState.STANDBY
        states["dirty"] += bool(pfn.flags[number] & MODIFIED_FLAG)
        states["shared"] += pfn.shares(number) > 1
        states["locked"] += pfn.reference_count[number] > 1
    counts = (states[name] for name in ("valid", "standby", "dirty", "shared", "locked"))
    return CachedFile(area.index, area.name, len(views), cached, *counts)
