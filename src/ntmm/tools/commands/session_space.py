"""Session space: !session."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.kernel.mm.session import SessionSpace
from ntmm.tools.command import Command
from ntmm.tools.debugger import Debugger
from ntmm.tools.expressions import number_of
from ntmm.tools.kernel_view import sessions
from ntmm.tools.rows import CommandError, Form, Layout, Row, column


@dataclass(frozen=True, slots=True)
class SessionRow(Row):
    """One session."""

    session: int = column("Session", Form.COUNT, "its number")
    processes: int = column("Processes", Form.COUNT, "processes that belong to it")
    pool: int = column("Pool", Form.COUNT, "pages of its pool")
    views: int = column("Views", Form.COUNT, "sections that are mapped for it")
    working_set: int = column("Working Set", Form.COUNT, "pages of pool and views that are in its working set")
    commit: int = column("CommitCharge", Form.COUNT, "pages charged against the commit limit")


@dataclass(frozen=True, slots=True)
class SessionDetailRow(Row):
    """One session, as its MM_SESSION_SPACE and its regions say; sizes in pages."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    session: int = column("Session", Form.COUNT, "its number")
    address: int = column("MM_SESSION_SPACE", Form.ADDRESS, "the structure, at the same place in each session")
    references: int = column("ReferenceCount", Form.COUNT, "processes that belong to it")
    pool_start: int = column("PagedPoolStart", Form.ADDRESS, "where its pool begins")
    pool_end: int = column("PagedPoolEnd", Form.ADDRESS, "behind the last byte that its pool may have")
    pool: int = column("Pool", Form.COUNT, "pages of its pool now")
    view_start: int = column("ViewStart", Form.ADDRESS, "where its views begin")
    view_end: int = column("ViewEnd", Form.ADDRESS, "behind the last byte that views may have")
    working_set: int = column("Working Set", Form.COUNT, "pages of pool and views that are in its working set")
    peak_working_set: int = column("PeakWorkingSetSize", Form.COUNT, "the most pages its working set had")
    nonpageable: int = column("NonPagablePages", Form.COUNT, "page tables, working-set list and the structure")
    commit: int = column("CommittedPages", Form.COUNT, "pages charged against the commit limit")


@dataclass(frozen=True, slots=True)
class SessionProcessRow(Row):
    """A process of the session."""

    cid: int = column("Cid", Form.HEX, "id of the process")
    image: str = column("Image", Form.TEXT, "name of its program")


@dataclass(frozen=True, slots=True)
class SessionPoolRow(Row):
    """Blocks of the session's pool that carry one tag."""

    tag: str = column("Tag", Form.TEXT, "what they are for")
    blocks: int = column("Blocks", Form.COUNT, "how many")
    size: int = column("Bytes", Form.COUNT, "their bytes")


@dataclass(frozen=True, slots=True)
class SessionViewRow(Row):
    """A view in the session."""

    start: int = column("Start", Form.ADDRESS, "its first byte")
    end: int = column("End", Form.ADDRESS, "behind its last byte")
    section: str = column("Section", Form.TEXT, "what it shows")


def _session(debugger: Debugger, arguments: str) -> Iterator[Row]:
    found = sessions(debugger.kernel)
    if not arguments:
        yield from (_row(each) for each in found)
        return
    number = number_of(arguments)
    chosen = next((each for each in found if each.session_id == number), None)
    if chosen is None:
        known = ", ".join(f"{each.session_id:x}" for each in found) or "none"
        raise CommandError(f"there is no session {arguments!r}: sessions are {known}")
    yield from _details(debugger, chosen)


def _row(session: SessionSpace) -> SessionRow:
    views, members = len(list(session.views)), len(session.members)
    return SessionRow(
        session.session_id, members, session.pool.pages, views, session.working_set.count, session.account.pages
    )


def _details(debugger: Debugger, session: SessionSpace) -> Iterator[Row]:
    fields, views = session.fields(), session.views
    yield SessionDetailRow(
        session.session_id,
        fields.address,
        fields.references,
        fields.pool_start,
        fields.pool_end,
        session.pool.pages,
        views.start,
        views.start + views.size,
        session.working_set.count,
        session.working_set.peak,
        fields.nonpageable,
        fields.committed,
    )
    for process in debugger.kernel.ps.processes:
        if process.id in session.members:
            yield SessionProcessRow(process.id, process.name)
    for tag, (blocks, size) in sorted(session.pool.usage().items()):
        yield SessionPoolRow(tag, blocks, size)
    for view in views:
        yield SessionViewRow(view.start, view.end, view.area.name)


_ROWS: Final = (SessionRow, SessionDetailRow, SessionProcessRow, SessionPoolRow, SessionViewRow)

COMMANDS: Final = (Command("!session", "[SESSION]", "sessions, or the memory that one of them has", _session, _ROWS),)
