"""Session space: who belongs to a session, its working set, its views, its charge, and what its structure says."""

from collections.abc import Iterator

from ntmm.kernel.mm.audit.contents import word_at
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn.state import PROTOTYPE_FLAG
from ntmm.kernel.mm.session import SessionSpace, SessionView
from ntmm.kernel.mm.session.structure import unpack_fields
from ntmm.nt.memory import MM_READWRITE


def check_sessions(manager: MemoryManager) -> Iterator[str]:
    """Every session, and that each process is in the one that it says."""
    known = list(manager.sessions_by_id.values())
    for space in manager.spaces:
        if space.session is not None and space.session not in known:
            yield f"process {space.process_id} is in session {space.session.session_id}, which does not exist"
    for session in known:
        for problem in _check_session(manager, session):
            yield f"session {session.session_id}: {problem}"


def _check_session(manager: MemoryManager, session: SessionSpace) -> Iterator[str]:
    yield from _check_members(manager, session)
    yield from _check_working_set(manager, session)
    for view in session.views:
        for problem in _check_view(manager, session, view):
            yield f"view at {view.start:#x}: {problem}"
    held = session.root_pages + session.tables.tables + session.working_set.list_pages + session.pool.pages + 1
    if session.account.pages != held:
        yield f"it is charged {session.account.pages} pages, it holds {held}"
    size = manager.architecture.pointer_size
    found = unpack_fields(session.read(manager.layout.session_structure, 0x60), size)
    wanted = session.fields()
    for name in ("session_id", "references", "address", "pool_start", "pool_end"):
        if getattr(found, name) != getattr(wanted, name):
            yield f"its structure says {name} {getattr(found, name):#x} instead of {getattr(wanted, name):#x}"


def _check_members(manager: MemoryManager, session: SessionSpace) -> Iterator[str]:
    inside = {space.process_id: space for space in manager.spaces if space.session is session}
    if inside.keys() != session.members.keys():
        yield f"it lists processes {sorted(session.members)}, those in it are {sorted(inside)}"
    if not session.members:
        yield "no process belongs to it"
    for number, space in inside.items():
        root = None if space.is_swapped_out else space.tables.root
        if session.members.get(number) != root:
            yield f"it looks for the root of process {number} elsewhere"


def _check_working_set(manager: MemoryManager, session: SessionSpace) -> Iterator[str]:
    """The valid pages of its pool and of its views stand in its working set."""
    entries, shift = manager.table_memory.entries, manager.architecture.page_shift
    layout, valid = manager.layout, dict[int, int]()
    for address, index in session.tables.resident(layout.session_pool, layout.session_structure):
        if entries[index] & 1:
            valid[address >> shift] = manager.table_memory.format.frame(entries[index])
    listed = {entry.vpn: entry.index for entry in session.working_set.entries()}
    if listed.keys() != valid.keys():
        yield f"its working set differs from pool and views at {sorted(listed.keys() ^ valid.keys())[:3]}"
        return
    for vpn, frame in valid.items():
        if not manager.pfn.flags[frame] & PROTOTYPE_FLAG and manager.pfn.working_set_index[frame] != listed[vpn]:
            yield f"frame {frame:#x} names working-set entry {manager.pfn.working_set_index[frame]}: {listed[vpn]}"


def _check_view(manager: MemoryManager, session: SessionSpace, view: SessionView) -> Iterator[str]:
    memory, shift = manager.table_memory, manager.architecture.page_shift
    for address in range(view.start, view.end, manager.architecture.page_size):
        pte = memory.entries[session.tables.find(address)]
        if not pte & 1:
            if pte != memory.format.lookup(MM_READWRITE):
                yield f"{address:#x} has {pte:#x}, neither valid nor of prototype form"
            continue
        _, prototype = word_at(manager, view.area.prototype_of(address - view.start >> shift))
        if not prototype & 1 or memory.format.frame(prototype) != memory.format.frame(pte):
            yield f"the prototype PTE of {address:#x} names another page"
