"""!session: does the debugger show the sessions of a machine and what they hold?"""

from ntmm.kernel.mm.section import Section
from ntmm.nt.memory import PAGE_READWRITE, SEC_COMMIT
from ntmm.tools.commands.pte import PteRow
from ntmm.tools.commands.session_space import (
    SessionDetailRow,
    SessionPoolRow,
    SessionProcessRow,
    SessionRow,
    SessionViewRow,
)
from ntmm.tools.commands.vm import VmRow
from tests.tools.debugging import Debugged, debugging, sample

PAGE = 0x1000


def fill(debugged: Debugged) -> Section:
    """Gives the program's session two blocks of pool and a view."""
    mm, process = debugged.session.debugger.kernel.mm, debugged.session.debugger.process
    for _ in range(2):
        assert mm.allocate_session_pool(process, 100, "Gdis")[0] == 0
    status, section = mm.create_section(None, 3 * PAGE, PAGE_READWRITE, SEC_COMMIT)
    assert section is not None and not status
    section.reference()
    assert mm.map_view_in_session_space(process, section)[0] == 0
    return section


def test_are_sessions_shown_with_what_they_hold() -> None:
    with debugging(sample("x86", "hello"), session=3) as debugged:
        fill(debugged).dereference()
        kernel, process = debugged.session.debugger.kernel, debugged.session.debugger.process
        session = process.space.session
        assert session is not None
        row = debugged.only(SessionRow, "!session")
        assert (row.session, row.processes, row.pool, row.views, row.working_set) == (3, 1, 16, 1, 16)
        detail = debugged.only(SessionDetailRow, "!session 3")
        layout = kernel.mm.layout
        assert (detail.address, detail.references) == (layout.session_structure, 1)
        assert (detail.pool_start, detail.pool_end) == (layout.session_pool, layout.session_views)
        assert (detail.view_start, detail.view_end) == (layout.session_views, layout.session_structure)
        assert detail.commit == row.commit == session.account.pages == detail.nonpageable + detail.pool
        assert debugged.only(SessionProcessRow, "!session 3").image == "hello.exe"
        pool = debugged.only(SessionPoolRow, "!session 3")
        assert (pool.tag, pool.blocks, pool.size) == ("Gdis", 2, 208)
        view = debugged.only(SessionViewRow, "!session 3")
        assert (view.start, view.end - view.start) == (layout.session_views, 3 * PAGE)
        vm = {each.name: each for each in debugged.rows("!vm") if isinstance(each, VmRow)}
        assert vm["Session Commit"].pages == row.commit
        entry = debugged.rows(f"!pte {detail.address:x}")[-1]
        assert isinstance(entry, PteRow) and entry.pfn == session._structure_frame


def test_is_a_session_that_does_not_exist_refused() -> None:
    with debugging(sample("x86", "hello")) as debugged:
        assert debugged.only(SessionRow, "!session").session == 0
        assert debugged.session.execute("!session 4").error == "there is no session '4': sessions are 0"
