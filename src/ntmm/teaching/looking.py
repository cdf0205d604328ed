"""What there is to see: address descriptors, page-table entries, working sets, page lists, frames."""

from collections.abc import Iterator
from typing import Final

from ntmm.hw.arch import LARGE
from ntmm.kernel.memory_machine import MemoryMachine
from ntmm.kernel.mm.fault import FaultKind
from ntmm.kernel.mm.pfn import PageState, PageUse
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.mm.tables.page_tables import ABSENT, PAGED_OUT
from ntmm.kernel.mm.vad import VadKind
from ntmm.nt.memory import page_protection
from ntmm.teaching.table import Table

_PROTECTIONS: Final = {
    0x01: "no access",
    0x02: "read only",
    0x04: "read write",
    0x08: "write copy",
    0x10: "execute",
    0x20: "execute read",
    0x40: "execute read write",
    0x80: "execute write copy",
}
_LEVELS: Final = {
    2: ("PDE", "PTE"),
    3: ("PPE", "PDE", "PTE"),
    4: ("PXE", "PPE", "PDE", "PTE"),
}
_TABLES: Final = ("page table", "page directory", "directory pointers", "top level")
"""By how many levels are below."""


def protection_text(value: int) -> str:
    """A PAGE_* value in words."""
    text = _PROTECTIONS.get(value & 0xFF, "-")
    return text + " guard" * bool(value & 0x100) + " no cache" * bool(value & 0x200)


def vad_table(machine: MemoryMachine, space: AddressSpace) -> Table:
    """The address descriptors of a space in order of address."""
    page, rows = machine.architecture.page_size, list[tuple[object, ...]]()
    for vad in space.vads:
        kind = "view" if vad.kind is VadKind.MAPPED else vad.kind.name.lower().replace("_", " ")
        state = "commit" if vad.mem_commit or vad.is_view else "reserve"
        start, end = f"{vad.start_vpn * page:#x}", f"{(vad.end_vpn + 1) * page - 1:#x}"
        protection = protection_text(page_protection(vad.protection))
        rows.append((start, end, vad.pages, kind, state, protection, vad.purpose))
    return Table("Address descriptors", ("start", "end", "pages", "kind", "state", "protection", "purpose"), rows)


def entry_table(machine: MemoryMachine, space: AddressSpace, address: int) -> Table:
    """The entries on the way to an address, down to the first that is not valid."""
    memory, architecture = machine.mm.table_memory, machine.architecture
    rows: list[tuple[object, ...]] = []
    table = space.tables.root
    names = _LEVELS[architecture.levels]
    for level, slot in enumerate(architecture.split(address)):
        entry = memory.entries[(table << memory.entries_shift) + slot]
        place = f"{architecture.entry_address(level, address):#x}"
        rows.append((names[level], slot, place, f"{entry:#x}", _text_at(machine, level, entry)))
        if not entry & 1 or _is_large(machine, level, entry):
            break
        table = memory.format.frame(entry)
    return Table(f"Entries of {address:#x}", ("level", "slot", "address", "entry", "meaning"), rows)


def page_table_table(machine: MemoryMachine, space: AddressSpace) -> Table:
    """The tables that translate user addresses, from the root down; where one is paged out nothing is told below it."""
    rows = list(_tables_below(machine, space.user.highest, 0, space.tables.root, 0))
    return Table("Page tables", ("table", "from", "frame", "valid entries"), rows)


def _tables_below(
    machine: MemoryMachine, highest: int, level: int, table: int, start: int
) -> Iterator[tuple[object, ...]]:
    memory, architecture = machine.mm.table_memory, machine.architecture
    first = table << memory.entries_shift
    found = []
    for slot in range(1 << architecture.index_bits[level]):
        address, entry = start + (slot << architecture.shifts[level]), memory.entries[first + slot]
        if address <= highest and entry & 1:
            found.append((address, entry))
    yield _TABLES[architecture.levels - 1 - level], f"{start:#x}", f"{table:#x}", len(found)
    if level + 1 < architecture.levels:
        for address, entry in found:
            if not _is_large(machine, level, entry):
                yield from _tables_below(machine, highest, level + 1, memory.format.frame(entry), address)


def _is_large(machine: MemoryMachine, level: int, entry: int) -> bool:
    """True for an entry of a page directory that maps a large page, and leads to no table."""
    return level == machine.architecture.levels - 2 and entry & (LARGE | 1) == LARGE | 1


def _text_at(machine: MemoryMachine, level: int, entry: int) -> str:
    size = f", large page of {machine.architecture.large_page_size >> 20} MB"
    return entry_text(machine, entry) + size * _is_large(machine, level, entry)


def entry_text(machine: MemoryMachine, entry: int) -> str:
    """What an entry says."""
    architecture, pte_format = machine.architecture, machine.mm.table_memory.format
    if not entry:
        return "nothing: the address descriptor decides"
    if entry & 1:
        rights = "write" if entry & architecture.WRITE else "read"
        rights += "" if entry & architecture.no_execute else " execute"
        flags = " accessed" * bool(entry & architecture.ACCESSED) + " dirty" * bool(entry & architecture.DIRTY)
        who = "user" if entry & architecture.OWNER else "kernel"
        return f"valid: frame {pte_format.frame(entry):#x}, {who} {rights}{flags}"
    protection = protection_text(page_protection(pte_format.protection(entry)))
    if pte_format.is_prototype(entry):
        return "prototype: the section decides"
    if pte_format.is_transition(entry):
        return f"transition: frame {pte_format.frame(entry):#x}, {protection}"
    if pte_format.is_page_file(entry):
        number, slot = pte_format.page_file_place(entry)
        return f"paging file {number}, slot {slot:#x}, {protection}"
    return f"demand zero, {protection}"


def state_of(machine: MemoryMachine, space: AddressSpace, address: int) -> str:
    """The meaning of the last entry on the way to an address."""
    index = space.tables.find(address)
    if index == ABSENT:
        directory = space.tables.directory_index(address)
        entry = machine.mm.table_memory.entries[directory] if directory >= 0 else 0
        if entry & (LARGE | 1) == LARGE | 1:
            return _text_at(machine, machine.architecture.levels - 2, entry)
        return "no page table: the address descriptor decides"
    if index == PAGED_OUT:
        return "its page table is paged out"
    return entry_text(machine, machine.mm.table_memory.entries[index])


def working_set_table(machine: MemoryMachine, space: AddressSpace) -> Table:
    """The entries of a working set: those that are never replaced first, then pages in order of entry."""
    shift = machine.architecture.page_shift
    rows: list[tuple[object, ...]] = [
        (entry.index, f"{entry.vpn << shift:#x}", protection_text(page_protection(entry.protection)), entry.age)
        for entry in space.working_set.entries()
    ]
    return Table("Working set", ("entry", "address", "protection", "age"), rows)


def list_table(machine: MemoryMachine) -> Table:
    """How many pages there are in each state."""
    pfn, counts = machine.mm.pfn, dict.fromkeys(PageState, 0)
    counts[PageState.ZEROED] = pfn.never_touched
    counts[PageState.ACTIVE] = len(pfn.database)
    for number in pfn.state[: pfn.high_water]:
        counts[PageState(number)] += 1
    page = machine.architecture.page_size
    rows = [(state.name.lower(), count, count * page >> 10) for state, count in counts.items()]
    return Table("Page lists", ("state", "pages", "KB"), rows)


def frame_table(machine: MemoryMachine, frame: int) -> Table:
    """The PFN entry of one frame."""
    pfn = machine.mm.pfn
    if frame in pfn.database:
        return Table(f"Frame {frame:#x}", ("field", "value"), [("state", "active"), ("use", "pfn database")])
    rows = [
        ("state", PageState(pfn.state[frame]).name.lower()),
        ("use", PageUse(pfn.use[frame]).name.lower().replace("_", " ")),
        ("reference count", pfn.reference_count[frame]),
        ("share count", pfn.shares(frame)),
        ("address of its PTE", f"{pfn.pte_address[frame]:#x}"),
        ("original PTE", entry_text(machine, pfn.original_pte[frame])),
    ]
    return Table(f"Frame {frame:#x}", ("field", "value"), rows)


def fault_table(machine: MemoryMachine) -> Table:
    """How many page faults of each kind there were since the machine began."""
    sums = [sum(row[kind] for row in machine.mm.faults.counts) for kind in FaultKind]
    rows = [(kind.name.lower(), sums[kind]) for kind in FaultKind if sums[kind]]
    return Table("Page faults", ("kind", "count"), rows)
