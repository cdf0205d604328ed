"""The top tables of a process: they map themselves and show the system half that all processes share."""

from collections.abc import Iterator

from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.space import AddressSpace
from ntmm.kernel.mm.tables import root_frames
from ntmm.kernel.mm.tables.root import is_private_entry, system_tables_of


def check_root(manager: MemoryManager, space: AddressSpace) -> Iterator[str]:
    """One address space's root."""
    for problem in (*_check_self_map(manager, space.tables.root), *_check_system_half(manager, space)):
        yield f"process {space.process_id}: {problem}"


def _check_self_map(manager: MemoryManager, root: int) -> Iterator[str]:
    memory, pfn = manager.table_memory, manager.pfn
    frames = root_frames(memory, root)
    for frame in frames:
        if pfn.pte_frame[frame] != frame or pfn.pte_address[frame]:
            yield f"root table {frame:#x} does not name itself"
    directories = frames[1:] or frames
    per_table = memory.architecture.entries_per_table[-1]
    last = directories[-1] << memory.entries_shift
    for slot, frame in enumerate(directories, start=memory.architecture.self_map_index % per_table):
        if memory.entries[last + slot] != memory.table_entry(frame, user=False):
            yield f"self-map entry {slot:#x} is {memory.entries[last + slot]:#x}"


def _check_system_half(manager: MemoryManager, space: AddressSpace) -> Iterator[str]:
    memory = manager.table_memory
    ours = system_tables_of(memory, space.tables.root)
    theirs = system_tables_of(memory, manager.system.tables.root)
    session = space.session.tables.root if space.session is not None else manager.system.tables.root
    sessions = system_tables_of(memory, session)
    for (number, base, slots), (_, system_base, _), (_, session_base, _) in zip(ours, theirs, sessions, strict=True):
        for slot in slots:
            entry = memory.entries[base + slot]
            expected = memory.entries[system_base + slot] or memory.entries[session_base + slot]
            if entry != expected and not is_private_entry(memory, number, slot):
                yield f"system entry {slot:#x} is {entry:#x}, all processes share {expected:#x}"
