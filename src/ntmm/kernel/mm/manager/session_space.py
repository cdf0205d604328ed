"""Session space: processes join a session; its pool and views, as win32k and its drivers use them."""

from ntmm.kernel.mm.manager.parts import HasSpace, Parts
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.kernel.mm.section import Section
from ntmm.kernel.mm.session import SessionSpace
from ntmm.kernel.mm.session.session_space import PAGES_OF_A_SESSION
from ntmm.kernel.mm.space import AddressSpace
from ntmm.nt.memory import SEC_IMAGE
from ntmm.nt.status import Status


class SessionServices(Parts):
    """Sizes and addresses in bytes. Windows NT 4 and 2000 have no session space here; no process is in one there."""

    @property
    def has_sessions(self) -> bool:
        """False where the address map has no room for them."""
        return self.layout.session_space < self.layout.session_space_end

    def join_session(self, space: AddressSpace, session_id: int) -> Status:
        """Puts a new process into a session, which is created with its first process; NO_MEMORY if RAM is full."""
        assert space.session is None
        if not self.has_sessions:
            return Status.SUCCESS
        session = self.sessions_by_id.get(session_id)
        if session is None:
            if not self.pfn.ensure_pages(PAGES_OF_A_SESSION):
                return Status.NO_MEMORY
            session = self.sessions_by_id.get(session_id) or self._create_session(session_id)
        session.join(space.process_id, space.tables.root)
        space.session = session
        return Status.SUCCESS

    def _create_session(self, session_id: int) -> SessionSpace:
        session = SessionSpace(
            session_id,
            self.faults,
            self.sections,
            self.ledger,
            self.layout,
            *self.session_sizes,
            self.pageout.at_quota,
        )
        self.sessions_by_id[session_id] = session
        return session

    def _leave_session(self, space: AddressSpace) -> None:
        """A process has been deleted; the last one takes its session with it."""
        session, space.session = space.session, None
        if session is not None and session.leave(space.process_id):
            del self.sessions_by_id[session.session_id]
            session.delete()

    def allocate_session_pool(self, process: HasSpace, size: int, tag: str) -> tuple[Status, int]:
        """ExAllocatePoolWithTag(PagedPoolSession): (status, address) of a zeroed block; `tag` has four characters.

        INSUFFICIENT_RESOURCES when the session's pool, RAM or the commit limit is used up. May wait.
        """
        session = _session_of(process)
        try:
            address = session.pool.allocate(size, tag)
        except PoolExhausted:
            return Status.INSUFFICIENT_RESOURCES, 0
        session.update()
        return Status.SUCCESS, address

    def free_session_pool(self, process: HasSpace, address: int) -> None:
        """ExFreePool of such a block."""
        _session_of(process).pool.free(address)

    def map_view_in_session_space(self, process: HasSpace, section: Section) -> tuple[Status, int, int]:
        """MmMapViewInSessionSpace: (status, address, size) of a view of a whole section in the process's session.

        NO_MEMORY when the session's views have no room for it. Images are not mapped here (NOT_IMPLEMENTED). May wait.
        """
        if section.attributes & SEC_IMAGE:
            return Status.NOT_IMPLEMENTED, 0, 0
        try:
            view = _session_of(process).map_view(section.control_area, section.size)
        except PoolExhausted:
            return Status.INSUFFICIENT_RESOURCES, 0, 0
        if view is None:
            return Status.NO_MEMORY, 0, 0
        return Status.SUCCESS, view.start, view.end - view.start

    def unmap_view_in_session_space(self, process: HasSpace, address: int) -> Status:
        """MmUnmapViewInSessionSpace: of the view that begins at an address; NOT_MAPPED_VIEW if none does."""
        session = _session_of(process)
        view = session.views.find(address)
        if view is None or view.start != address:
            return Status.NOT_MAPPED_VIEW
        session.unmap_view(view)
        return Status.SUCCESS

    def read_session(self, process: HasSpace, address: int, size: int) -> bytes:
        """Bytes of session pool or of a session's view, as the process's kernel mode sees them; may wait."""
        return _session_of(process).read(address, size)

    def write_session(self, process: HasSpace, address: int, data: bytes) -> None:
        """Changes such bytes; may wait."""
        _session_of(process).write(address, data)


def _session_of(process: HasSpace) -> SessionSpace:
    session: SessionSpace | None = process.space.session
    assert session is not None, f"process {process.space.process_id} is in no session"
    return session
