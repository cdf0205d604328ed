"""Is a page followed to where it went: standby list, modified list, paging file?"""

import pytest

from ntmm.tools.commands.pfn import PfnRow
from ntmm.tools.commands.pte import PteRow
from ntmm.tools.commands.vad import VadRow
from ntmm.tools.commands.vm import PagingFileRow
from tests.tools.debugging import MACHINES, Debugged, debugging, sample

MB = 1 << 20
PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)
DATA_PAGES = 9 * MB >> 12


def pages_by_state(debugged: Debugged) -> dict[str, PteRow]:
    """One PTE of each state among the program's data; tables that are gone show as the state of their own entry."""
    data = next(row for row in debugged.rows("!vad") if isinstance(row, VadRow) and row.commit == DATA_PAGES)
    found: dict[str, PteRow] = {}
    for page in range(data.start, data.end + 1, 7):
        last = debugged.rows(f"!pte {page << 12:x}")[-1]
        assert isinstance(last, PteRow)
        found.setdefault(last.state if last.level == "PTE" else f"{last.level} {last.state}", last)
    return found


@PLACES
def test_are_pages_found_in_ram_on_a_list_and_in_the_paging_file(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "paging"), "9", architecture=architecture, ram=8 * MB) as debugged:
        debugged.rows("bp kernel32!WriteFile")
        while b"PASS  written" not in debugged.output.getvalue():
            debugged.stop("g")
        found = pages_by_state(debugged)
        assert {"Valid", "PageFile"} <= set(found)
        paged = found["PageFile"]
        assert paged.page_file == 0 and paged.offset and paged.protection == "READWRITE" and paged.pfn is None
        file = debugged.only(PagingFileRow, "!vm")
        assert paged.offset * 4 < file.current and 0 <= file.free < file.current
        if "Transition" in found:
            moved = found["Transition"]
            entry = debugged.only(PfnRow, f"!pfn {moved.pfn:x}")
            assert entry.state in ("Standby", "Modified", "Transition") and entry.pte_address == moved.address
        valid = found["Valid"]
        entry = debugged.only(PfnRow, f"!pfn {valid.pfn:x}")
        assert (entry.state, entry.pte_address, entry.use) == ("Active", valid.address, "process private")
        word = debugged.session.execute(f"dd {paged.va:x} L1")
        place = debugged.session.widths.address_text(paged.va)
        assert word.error == f"no page at {place} is in RAM: its entry says PageFile"
