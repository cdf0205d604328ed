"""What the page tables in RAM say: who maps which frame, what every table holds, which page-file slots are named."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from ntmm.hw.arch import LARGE
from ntmm.kernel.mm.audit.contents import is_in_ram, prototype_runs, table_words, word_at
from ntmm.kernel.mm.audit.locked_memory import ordinary_frames
from ntmm.kernel.mm.manager import FIRMWARE_FRAMES, MemoryManager
from ntmm.kernel.mm.pfn import PageState, PageUse
from ntmm.kernel.mm.pfn.state import PROTOTYPE_FLAG
from ntmm.kernel.mm.session import SessionSpace
from ntmm.kernel.mm.space import AddressSpace, SwappedRoots
from ntmm.kernel.mm.tables import own_slots, root_frames
from ntmm.kernel.mm.tables.root import is_private_entry, system_tables_of


@dataclass
class Findings:
    """Counts by frame. `held` frames have an owner; `shares` counts what should be in share_count, `used` what should
    be in used_entries, `kept` the frames that transition entries name (they are on a list, or I/O goes on).
    """

    shares: Counter[int] = field(default_factory=Counter)
    used: Counter[int] = field(default_factory=Counter)
    held: set[int] = field(default_factory=set)
    kept: set[int] = field(default_factory=set)
    places: dict[int, int] = field(default_factory=dict)
    """Frame -> index of the PTE (prototype PTE for shared pages) that its PFN entry should name."""
    slots: Counter[tuple[int, int]] = field(default_factory=Counter)
    """(paging file, slot) that an entry names."""
    database_entries: int = 0
    """PTEs of system space that map frames of the PFN database."""
    problems: list[str] = field(default_factory=list)

    def hold(self, frame: int, what: str) -> None:
        """Notes an owner; two owners of one frame are a problem."""
        if frame in self.held:
            self.problems.append(f"frame {frame:#x} has two owners, one as {what}")
        self.held.add(frame)
        self.shares[frame] += 1

    def keep(self, frame: int, index: int) -> None:
        """Notes a transition entry."""
        if frame in self.kept:
            self.problems.append(f"frame {frame:#x} is named by two transition entries")
        self.kept.add(frame)
        self.places[frame] = index


def gather(manager: MemoryManager) -> Findings:
    """Walks everything."""
    findings = Findings()
    for frame in range(FIRMWARE_FRAMES):
        findings.hold(frame, "firmware")
    _walk_system(manager, findings)
    _hold_large(manager, findings)
    for session in manager.sessions_by_id.values():
        _walk_session(manager, session, findings)
    for space in manager.spaces:
        _walk_space(manager, space, findings)
    _walk_prototypes(manager, findings)
    _note_originals(manager, findings)
    return findings


def _count_entry(manager: MemoryManager, findings: Findings, table: int, pte: int) -> None:
    """An entry that was written through TableMemory.write, as it should be counted for its table."""
    if pte:
        findings.used[table] += 1
    if pte & 1 or manager.table_memory.format.is_transition(pte):
        findings.shares[table] += 1


def note_slot(manager: MemoryManager, findings: Findings, pte: int) -> None:
    """An entry of page-file form owns its slot."""
    if manager.table_memory.format.is_page_file(pte):
        findings.slots[manager.table_memory.format.page_file_place(pte)] += 1


def _own_entries(manager: MemoryManager, root: int, is_system: bool) -> Iterator[tuple[int, int, int, int]]:
    """(table, slot, entry, level below) of the top tables' entries that belong to this root: no self-map, and for a
    process none of the copied system half.
    """
    memory = manager.table_memory
    frames = root_frames(memory, root)
    tops = frames if len(frames) == 1 else frames[1:]
    level = 1 if len(frames) == 1 else 2
    system = {base: (number, slots) for number, base, slots in system_tables_of(memory, root)}
    self_map = set(frames)
    for table in tops:
        base = table << memory.entries_shift
        number, shared = system.get(base, (0, range(0)))
        for slot in range(1 << memory.entries_shift):
            pte = memory.entries[base + slot]
            if not pte or (pte & 1 and memory.format.frame(pte) in self_map):
                continue
            copied = slot in shared and not is_private_entry(memory, number, slot)
            if is_system or not copied:
                yield table, slot, pte, level


def _walk_tables(manager: MemoryManager, findings: Findings, root: int, is_system: bool) -> Iterator[tuple[int, int]]:
    """(index, entry) of every leaf entry under a root, the tables on the way being held and counted.

    The index is -1 for entries of a table that lies in a paging file.
    """
    memory = manager.table_memory
    for frame in root_frames(memory, root):
        findings.hold(frame, "root table")
    for table, slot, pte, level in _own_entries(manager, root, is_system):
        _count_entry(manager, findings, table, pte)
        yield from _below(manager, findings, (table << memory.entries_shift) + slot, pte, level)


def _below(manager: MemoryManager, findings: Findings, index: int, entry: int, level: int) -> Iterator[tuple[int, int]]:
    """The leaf entries below an entry of an upper table."""
    memory = manager.table_memory
    table = -1
    if entry & (LARGE | 1) == LARGE | 1:
        return  # check_locked_memory looks at these
    if entry & 1:
        table = memory.format.frame(entry)
        findings.hold(table, "page table")
        findings.places[table] = index
    elif memory.format.is_transition(entry):
        table = memory.format.frame(entry) if is_in_ram(manager, entry) else -1
        findings.keep(memory.format.frame(entry), index)
    note_slot(manager, findings, entry)
    for slot, pte in enumerate(table_words(manager, entry)):
        if not pte:
            continue
        if table >= 0:
            _count_entry(manager, findings, table, pte)
        at = (table << memory.entries_shift) + slot if table >= 0 else -1
        if level + 1 == manager.architecture.levels:
            yield at, pte
        else:
            yield from _below(manager, findings, at, pte, level + 1)


def _walk_swapped(manager: MemoryManager, findings: Findings, swapped: SwappedRoots) -> Iterator[tuple[int, int]]:
    """As `_walk_tables` for a process that is out: its top tables are found through words of nonpaged pool."""
    memory = manager.table_memory
    if swapped.pointer_table:
        findings.hold(swapped.pointer_table, "pointer table")
    for number, address in enumerate(swapped.words):
        index = manager.system.tables.find_word(address)
        entry = memory.entries[index]
        _count_entry(manager, findings, index >> memory.entries_shift, entry)
        note_slot(manager, findings, entry)
        table = memory.format.frame(entry)
        if entry & 1:
            findings.hold(table, "top table")
            findings.places[table] = index
        elif memory.format.is_transition(entry):
            findings.keep(table, index)
        if not is_in_ram(manager, entry):
            table = -1
        words = table_words(manager, entry)
        for slot in own_slots(memory, number):
            if not words[slot]:
                continue
            if table >= 0:
                _count_entry(manager, findings, table, words[slot])
            at = (table << memory.entries_shift) + slot if table >= 0 else -1
            yield from _below(manager, findings, at, words[slot], 2 if swapped.pointer_table else 1)


def _hold_large(manager: MemoryManager, findings: Findings) -> None:
    """What large pages of system space map: their runs, and the kernel's own pages."""
    large = manager.system.large_mappings
    for run in large.runs:
        for frame in range(run.frame, run.frame + run.pages):
            findings.hold(frame, "large page of the system")
            findings.places[frame] = manager.pfn.pte_index(frame)
    for frame in manager.system.kernel_frames if large.maps_kernel else ():
        findings.hold(frame, "kernel page")


def _walk_system(manager: MemoryManager, findings: Findings) -> None:
    memory, free_list = manager.table_memory, manager.system_ptes.list_words() | manager.mdls.mapped_words()
    for index, pte in _walk_tables(manager, findings, manager.system.tables.root, is_system=True):
        if index in free_list:
            continue
        frame = memory.format.frame(pte)
        if pte & 1 and frame in manager.pfn.database:
            findings.database_entries += 1
        elif pte & 1 and frame >= manager.pfn.frames:
            findings.problems.append(f"an entry of system space names frame {frame:#x}, which RAM does not have")
        elif pte & 1 and _is_cached(manager, frame):
            findings.shares[frame] += 1
        elif pte & 1:
            findings.hold(frame, "system page")
            findings.places[frame] = index
        elif memory.format.is_transition(pte):
            findings.keep(frame, index)
        note_slot(manager, findings, pte)


def _walk_session(manager: MemoryManager, session: SessionSpace, findings: Findings) -> None:
    """The tables that the session's processes share, its pool, and the pages that its views show."""
    memory = manager.table_memory
    for index, pte in _walk_tables(manager, findings, session.tables.root, is_system=True):
        frame = memory.format.frame(pte)
        if pte & 1 and manager.pfn.flags[frame] & PROTOTYPE_FLAG:
            findings.shares[frame] += 1
        elif pte & 1:
            findings.hold(frame, f"page of session {session.session_id}")
            findings.places[frame] = index
        elif memory.format.is_transition(pte):
            findings.keep(frame, index)
        note_slot(manager, findings, pte)


def _is_cached(manager: MemoryManager, frame: int) -> bool:
    """True for a page of a file that the system cache maps; the shared user data page is the system's own."""
    return bool(manager.pfn.flags[frame] & PROTOTYPE_FLAG) and frame != manager.system.shared_page_frame


def _walk_space(manager: MemoryManager, space: AddressSpace, findings: Findings) -> None:
    memory, pfn = manager.table_memory, manager.pfn
    if space.swapped is None:
        leaves = _walk_tables(manager, findings, space.tables.root, is_system=False)
    else:
        leaves = _walk_swapped(manager, findings, space.swapped)
    for index, pte in leaves:
        frame = memory.format.frame(pte)
        if pte & 1 and pfn.use[frame] == PageUse.USER_PHYSICAL:
            continue
        if pte & 1 and pfn.flags[frame] & PROTOTYPE_FLAG:
            findings.shares[frame] += 1
        elif pte & 1:
            findings.hold(frame, f"page of process {space.process_id}")
            findings.places[frame] = index
        elif memory.format.is_transition(pte):
            findings.keep(frame, index)
        note_slot(manager, findings, pte)


def _walk_prototypes(manager: MemoryManager, findings: Findings) -> None:
    """Prototype PTEs lie in pages of paged pool, whose PFN entries count them as a page table's do."""
    memory = manager.table_memory
    index, pte = word_at(manager, manager.system.shared_page_prototype)
    if index >= 0:
        _count_entry(manager, findings, index >> memory.entries_shift, pte)
    for area in manager.sections.areas():
        for _, first, words in prototype_runs(manager, area):
            if first >= 0:
                findings.used[first >> memory.entries_shift] += len(words) - words.count(0)
            _note_prototypes(manager, findings, first, words)


def _note_prototypes(manager: MemoryManager, findings: Findings, first: int, words: list[int]) -> None:
    """What the prototype PTEs of one page of pool name; `first` is the index of the first, or -1."""
    memory, unused = manager.table_memory, 0
    for index, pte in enumerate(words, first):
        if pte == unused:
            continue
        frame = memory.format.frame(pte)
        if not pte & 1 and not memory.format.is_transition(pte):
            note_slot(manager, findings, pte)
            unused = unused if memory.format.is_page_file(pte) else pte
            continue
        if first >= 0:
            findings.shares[index >> memory.entries_shift] += 1
        if not pte & 1:
            findings.keep(frame, index if first >= 0 else -1)
            continue
        if frame in findings.held:
            findings.problems.append(f"frame {frame:#x} has two owners, one as page of a section")
        findings.held.add(frame)
        findings.places[frame] = index if first >= 0 else -1


def _note_originals(manager: MemoryManager, findings: Findings) -> None:
    """Pages in RAM whose PFN entry keeps a slot."""
    pfn = manager.pfn
    unowned = (PageState.ZEROED, PageState.FREE, PageState.BAD)
    for frame in ordinary_frames(pfn):
        if pfn.state[frame] not in unowned:
            note_slot(manager, findings, pfn.original_pte[frame])
