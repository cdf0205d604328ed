"""Do !ca, !handle, !object, !vad and !memusage show sections, handles and names?"""

from pathlib import Path

import pytest

from ntmm.tools.commands.control_area import ControlAreaRow, SegmentRow, SubsectionRow
from ntmm.tools.commands.objects import HandleRow, ObjectRow, SecurityRow
from ntmm.tools.commands.vad import VadRow
from tests.tools.debugging import MACHINES, Debugged, debugging

PLACES = pytest.mark.parametrize("architecture", [architecture for _, architecture in MACHINES])
SOURCE = """
#include <windows.h>
__declspec(dllexport) __attribute__((noinline)) int stop(char *view) { return view[0] - 1; }
int main(void)
{
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    HANDLE file = CreateFileA("data.bin", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    HANDLE map = CreateFileMappingA(file, &inherit, PAGE_READWRITE, 0, 0x500000, "mapped");
    char *view = MapViewOfFile(map, FILE_MAP_WRITE, 0, 0x10000, 0x20000);
    char *second = MapViewOfFile(map, FILE_MAP_READ, 0, 0x10000, 0x20000);
    view[0] = view[0x3000] = 1;
    return stop(second);
}
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mapping.c").write_text(SOURCE)
    return tmp_path


def at_stop(debugged: Debugged) -> None:
    debugged.rows("bp stop")
    assert debugged.stop("g").symbol.endswith("!stop")


def areas(debugged: Debugged) -> list[ControlAreaRow]:
    return [row for row in debugged.rows("!ca") if isinstance(row, ControlAreaRow)]


@PLACES
def test_are_control_areas_shown_with_their_counts(architecture: str) -> None:
    with debugging(Path("mapping.c"), architecture=architecture) as debugged:
        at_stop(debugged)
        [data] = [row for row in areas(debugged) if row.file.endswith("data.bin")]
        assert (data.section_references, data.mapped_views, data.user_references) == (1, 2, 3)
        assert (data.pages, data.subsections, data.pfn_references >= 2) == (0x500, 1, True)
        assert data.flags.startswith("File")
        [view, _] = [row for row in debugged.rows("!vad") if isinstance(row, VadRow) and "data.bin" in row.details]
        for what in (f"{data.control:x}", f"{view.start << 12:x}", f"{data.segment:x}"):
            assert debugged.only(ControlAreaRow, f"!ca {what}") == data
            assert debugged.only(SegmentRow, f"!ca {what}").size == 0x500000
            part = debugged.only(SubsectionRow, f"!ca {what}")
            assert (part.base_pte, part.ptes, part.offset) == (data.segment, 1024, 0)
        images = [row for row in areas(debugged) if row.flags == "Image"]
        assert all((row.mapped_views, row.section_references) == (1, 0) for row in images)
        assert debugged.error("!ca 1000") == "no control area has the number 1000 or is mapped there"


@PLACES
def test_are_handles_and_names_shown(architecture: str) -> None:
    with debugging(Path("mapping.c"), architecture=architecture) as debugged:
        at_stop(debugged)
        rows = [row for row in debugged.rows("!handle") if isinstance(row, HandleRow)]
        [file] = [row for row in rows if row.type == "File" and row.name.endswith("data.bin")]
        [section] = [row for row in rows if row.type == "Section"]
        assert (file.inherit, section.inherit, section.handle_count) == (False, True, 1)
        assert file.access & 3 == 3
        assert debugged.only(HandleRow, f"!handle {section.handle:x}") == section
        assert debugged.error("!handle 4440").endswith("has no handle 4440")
        assert debugged.error("!handle x") == "'x' is no handle: write hexadecimal digits, 0 for all"
        names = [row for row in debugged.rows("!object") if isinstance(row, ObjectRow)]
        assert [(row.type, row.handle_count) for row in names if row.name.endswith("mapped")] == [("Section", 1)]
        assert section.name == "\\BaseNamedObjects\\mapped"
        [shown, security] = debugged.rows("!object mapped")
        assert shown in names
        assert isinstance(security, SecurityRow)
        assert (security.owner, security.descriptor.count("(A;;CCDCLCSWRPSDRCWDWO;;;")) == ("User", 2)
        assert shown in debugged.rows("!object \\BaseNamedObjects")
        [link, _] = debugged.rows("!object \\BaseNamedObjects\\Global")
        assert isinstance(link, ObjectRow)
        assert (link.type, link.target) == ("SymbolicLink", "\\BaseNamedObjects")
        assert debugged.error("!object nothing") == "no object has the name 'nothing'"


def test_are_views_without_a_file_shown_by_vad(own_folder: Path) -> None:
    (own_folder / "mapping.c").write_text(SOURCE.replace("(file, &inherit", "(INVALID_HANDLE_VALUE, &inherit"))
    with debugging(Path("mapping.c")) as debugged:
        at_stop(debugged)
        views = [row for row in debugged.rows("!vad") if isinstance(row, VadRow) and "paging file" in row.details]
        assert [row.end - row.start for row in views] == [0x1F, 0x1F]
        [area] = [row for row in areas(debugged) if row.flags == "PagingFile"]
        assert (area.mapped_views, area.pages) == (2, 0x500)
        assert debugged.only(SegmentRow, f"!ca {area.control:x}").committed == 0x500
