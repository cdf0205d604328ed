"""The top tables of an address space: the self-map, and the system half that all spaces share."""

from collections.abc import Container, Iterable
from typing import Final

from ntmm.kernel.mm.pfn import NO_FRAME, PageUse, PfnDatabase
from ntmm.kernel.mm.tables.table_memory import TableMemory

PAE_DIRECTORIES: Final = 4

_PRIVATE_ENTRIES: Final[dict[str, dict[int, Container[int]]]] = {
    "x86": {0: range(0x300, 0x302)},
    "pae": {3: range(8)},
    "x64": {0: range(0x1ED, 0x1EF)},
    "ia64": {0: (3, 6)},
}
"""By number of the top table: the self-map's and hyperspace's entries, which every space has for itself."""


_ROOT_NAMES: Final = {"x86": "page directory", "x64": "page map level 4", "ia64": "region table"}


def create_root(memory: TableMemory, template: int | None, for_processor: bool = True) -> tuple[int, dict[str, int]]:
    """New top tables that map themselves, with the system half of the root `template`; (root frame, pages by purpose).

    On x64 the entry 0x1ED is the only one that points to its own table; on x86 it is 0x300, on PAE the last
    directory's first four entries are the directories. `for_processor`: CR3 will name it.
    """
    architecture = memory.architecture
    if architecture.name == "pae":
        root, counts = _create_pae_root(memory, for_processor)
    else:
        root = memory.pfn.take_zeroed(PageUse.PAGE_TABLE)
        _own(memory, root)
        index = (root << memory.entries_shift) + architecture.self_map_index
        memory.entries[index] = memory.table_entry(root, user=False)
        counts = {_ROOT_NAMES[architecture.name]: 1}
    if template is not None:
        copy_system_half(memory, template, root)
    return root, counts


def _create_pae_root(memory: TableMemory, for_processor: bool) -> tuple[int, dict[str, int]]:
    """The pointer table and its four directories, side by side in RAM where never-touched frames allow it."""
    root, *directories = _take_pae_frames(memory.pfn, for_processor)
    last = directories[-1] << memory.entries_shift
    for slot, frame in enumerate(directories):
        memory.entries[(root << memory.entries_shift) + slot] = frame << memory.architecture.page_shift | 1
        memory.entries[last + slot] = memory.table_entry(frame, user=False)
        _own(memory, frame)
    _own(memory, root)
    return root, {"page directory pointer table": 1, "page directories": PAE_DIRECTORIES}


def _take_pae_frames(pfn: PfnDatabase, for_processor: bool) -> list[int]:
    """The frames of the pointer table and the directories. CR3 has 32 bits, so the former lies below 4 GB."""
    low = [pfn.take_low(PageUse.PAGE_TABLE)] if pfn.low and for_processor else []
    count = 1 + PAE_DIRECTORIES - len(low)
    first = pfn.take_contiguous(count, PageUse.PAGE_TABLE)
    if first == NO_FRAME:
        return low + [pfn.take_zeroed(PageUse.PAGE_TABLE) for _ in range(count)]
    return low + list(range(first, first + count))


def _own(memory: TableMemory, frame: int) -> None:
    memory.pfn.pte_frame[frame] = frame
    memory.pfn.pte_address[frame] = 0
    memory.pfn.original_pte[frame] = 0


def root_frames(memory: TableMemory, root: int) -> list[int]:
    """The frames that `create_root` took."""
    if memory.architecture.name != "pae":
        return [root]
    base = root << memory.entries_shift
    return [root] + [memory.format.frame(memory.entries[base + slot]) for slot in range(PAE_DIRECTORIES)]


def self_mapped_roots(memory: TableMemory, root: int) -> list[tuple[int, int]]:
    """(frame, virtual address in the self-map) of the top tables; PAE's pointer table is not mapped at all."""
    architecture, frames = memory.architecture, root_frames(memory, root)
    if architecture.name != "pae":
        return [(root, architecture.table_bases[0])]
    base = architecture.table_bases[1]
    return [(frame, base + number * architecture.page_size) for number, frame in enumerate(frames[1:])]


def system_slots(memory: TableMemory, number: int) -> range:
    """The entries of a top table that lead to system space; with /USERVA it may begin in the middle of a table.

    `number` is 0, or that of one of PAE's directories.
    """
    architecture = memory.architecture
    level = 1 if architecture.name == "pae" else 0
    size = architecture.entries_per_table[level]
    first = (memory.system_range_start & architecture.virtual_mask) >> architecture.shifts[level]
    return range(min(size, max(0, first - number * size)), size)


def system_tables_of(memory: TableMemory, root: int) -> list[tuple[int, int, range]]:
    """(number, index of the first entry, entries of system space) of each top table that has such entries."""
    frames = root_frames(memory, root)
    tops = frames[1:] or frames
    tables = [
        (number, frame << memory.entries_shift, system_slots(memory, number)) for number, frame in enumerate(tops)
    ]
    return [table for table in tables if table[2]]


def own_slots(memory: TableMemory, number: int) -> list[int]:
    """The entries of a top table that belong to its own space: no self-map, none of the system half that all share.

    `number` is 0, or that of one of PAE's directories.
    """
    architecture = memory.architecture
    size = architecture.entries_per_table[1 if architecture.name == "pae" else 0]
    shared, self_map = system_slots(memory, number), self_map_slots(memory, number)
    return [
        slot
        for slot in range(size)
        if slot not in self_map and (slot not in shared or is_private_entry(memory, number, slot))
    ]


def self_map_slots(memory: TableMemory, number: int) -> range:
    """The entries of a top table that name top tables."""
    architecture = memory.architecture
    if architecture.name == "pae":
        return range(PAE_DIRECTORIES) if number == PAE_DIRECTORIES - 1 else range(0)
    return range(architecture.self_map_index, architecture.self_map_index + 1)


def renew_root(memory: TableMemory, system_root: int, root: int) -> None:
    """The top tables lie in other frames: they map themselves again, and show the system half of today."""
    frames = root_frames(memory, root)
    tops = frames[1:] or frames
    last = tops[-1] << memory.entries_shift
    for slot, frame in zip(self_map_slots(memory, len(tops) - 1), tops, strict=True):
        memory.entries[last + slot] = memory.table_entry(frame, user=False)
    copy_system_half(memory, system_root, root)


def is_private_entry(memory: TableMemory, table_number: int, slot: int) -> bool:
    """True for self-map and hyperspace entries of the top table with this number."""
    return slot in _PRIVATE_ENTRIES[memory.architecture.name].get(table_number, ())


def copy_system_half(memory: TableMemory, source: int, target: int) -> None:
    """The root `target` shows what `source` has in system space, self-map and hyperspace apart."""
    pairs = zip(system_tables_of(memory, source), system_tables_of(memory, target), strict=True)
    for (number, source_base, slots), (_, target_base, _) in pairs:
        for slot in slots:
            entry = memory.entries[source_base + slot]
            if entry and not is_private_entry(memory, number, slot):
                memory.entries[target_base + slot] = entry


def share_system_entry(memory: TableMemory, system_root: int, index: int, roots: Iterable[int]) -> None:
    """A table of system space was made: the entry that leads to it goes to every other root."""
    for position, (number, base, slots) in enumerate(system_tables_of(memory, system_root)):
        slot = index - base
        if slot in slots and not is_private_entry(memory, number, slot):
            for root in roots:
                memory.entries[system_tables_of(memory, root)[position][1] + slot] = memory.entries[index]
