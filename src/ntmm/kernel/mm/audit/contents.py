"""Reading tables and prototype PTEs wherever they are, without bringing them in: in RAM, on a list, or in a file."""

from collections.abc import Iterator

from ntmm.hw.arch import LARGE
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn.state import READ_FLAG
from ntmm.kernel.mm.section import ControlArea


class UnreadablePageError(Exception):
    """A table or page of prototype PTEs lies in a paging file that does not give it back; the message says where."""


def is_in_ram(manager: MemoryManager, entry: int) -> bool:
    """True if the page that an entry names has its contents in RAM: no read is in progress."""
    memory = manager.table_memory
    if not entry & 1 and not memory.format.is_transition(entry):
        return False
    return not manager.pfn.flags[memory.format.frame(entry)] & READ_FLAG


def table_words(manager: MemoryManager, entry: int) -> list[int]:
    """All entries of the table that an upper entry leads to; none for a demand-zero one, or one of a large page."""
    memory = manager.table_memory
    if memory.format.is_transition(entry) and not is_in_ram(manager, entry):
        entry = manager.pfn.original_pte[memory.format.frame(entry)]
    if entry & (LARGE | 1) == LARGE | 1:
        return []
    if entry & 1 or memory.format.is_transition(entry):
        start = memory.format.frame(entry) << memory.entries_shift
        return memory.entries[start : start + (1 << memory.entries_shift)].tolist()
    return _words(manager, entry) if memory.format.is_page_file(entry) else []


def _words(manager: MemoryManager, entry: int) -> list[int]:
    """The words of a page in a paging file."""
    number, slot = manager.table_memory.format.page_file_place(entry)
    file = manager.paging_files.files[number]
    try:
        page = file.read(slot, 1)
    except OSError as refusal:
        raise UnreadablePageError(f"slot {slot:#x} of {file.name} cannot be read") from refusal
    return memoryview(page).cast("Q" if manager.architecture.pte_size == 8 else "I").tolist()


def word_at(manager: MemoryManager, address: int) -> tuple[int, int]:
    """(index among the words of RAM or -1, contents) of a word of paged pool."""
    index, words = _words_at(manager, address, 1)
    return index, words[0]


def prototype_runs(manager: MemoryManager, area: ControlArea) -> Iterator[tuple[int, int, list[int]]]:
    """(page, index of its word in RAM or -1, contents) of a section's prototype PTEs: one run for each page of pool."""
    arrays = [(subsection.first_page, subsection.pages, subsection.first_prototype) for subsection in area.subsections]
    for first, pages, address in [(0, area.total_pages, area.first_prototype)] if area.first_prototype else arrays:
        end = address + pages * area.pte_size
        for start in range(address & -area.page_size, end, area.page_size):
            at = max(start, address)
            stop = min(end, start + area.page_size)
            yield (first + (at - address) // area.pte_size, *_words_at(manager, at, (stop - at) // area.pte_size))


def _words_at(manager: MemoryManager, address: int, count: int) -> tuple[int, list[int]]:
    """(index or -1, contents) of words that lie in one page of paged pool."""
    memory = manager.table_memory
    entry = memory.entries[manager.system.tables.find(address)]
    slot = (address & manager.architecture.page_mask) // manager.architecture.pte_size
    if is_in_ram(manager, entry):
        index = (memory.format.frame(entry) << memory.entries_shift) + slot
        return index, memory.entries[index : index + count].tolist()
    return -1, table_words(manager, entry)[slot : slot + count]


def all_entries(manager: MemoryManager, root: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """(address, PTE) of every non-zero PTE of user addresses [start, end), of tables in paging files too."""
    words = manager.table_memory.entries
    base = root << manager.table_memory.entries_shift
    table = words[base : base + manager.architecture.entries_per_table[0]].tolist()
    yield from _entries_below(manager, table, 0, 0, start, end)


def _entries_below(
    manager: MemoryManager, table: list[int], level: int, base: int, start: int, end: int
) -> Iterator[tuple[int, int]]:
    shift = manager.architecture.shifts[level]
    first, last = max(0, start - base >> shift), min(len(table), (end - 1 - base >> shift) + 1)
    for slot in range(first, last):
        entry, address = table[slot], base + (slot << shift)
        if entry and level + 1 == manager.architecture.levels:
            yield address, entry
        elif entry:
            yield from _entries_below(manager, table_words(manager, entry), level + 1, address, start, end)
