"""Does `ntmm views` show what each process has in memory, with figures that add up?"""

import io
import json
from pathlib import Path

import pytest

from ntmm.cli import main
from ntmm.runner.errors import UserError
from ntmm.runner.options import ProgramLine, RunOptions
from ntmm.tools.views.regions import RegionRow, RegionType
from ntmm.tools.views.render import views_to_json, views_to_text
from ntmm.tools.views.snapshot import ProcessView, Views, run_and_view
from tests.tools.debugging import MACHINES, sample

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)
SYSTEM_DLLS = {"ntdll.dll", "kernel32.dll", "ntmmrt.dll", "ucrtbase.dll"}
MAPPING = """
#include <windows.h>
int main(void)
{
    HANDLE file = CreateFileA("data.bin", GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    HANDLE map = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0x30000, NULL);
    HANDLE memory = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x5000, "shared");
    char *view = MapViewOfFile(map, FILE_MAP_WRITE, 0, 0x10000, 0x20000);
    char *first = MapViewOfFile(memory, FILE_MAP_WRITE, 0, 0, 0);
    char *second = MapViewOfFile(memory, FILE_MAP_READ, 0, 0, 0);
    char *copy = MapViewOfFile(map, FILE_MAP_COPY, 0, 0, 0x10000);
    if (!view || !first || !second || !copy)
        return 1;
    view[0] = view[0x1000] = first[0] = copy[0] = 1;
    VirtualLock(first, 0x1000);
    return second[0] - 1;
}
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def viewed(*programs: Path, architecture: str = "auto", at_ms: int | None = None) -> Views:
    options = RunOptions(
        program=programs[0],
        others=[ProgramLine(program, ()) for program in programs[1:]],
        architecture=architecture,
        standard_input=io.BytesIO(),
        standard_output=io.BytesIO(),
        standard_error=io.BytesIO(),
    )
    return run_and_view(options, at_ms)


def check_sums(view: ProcessView) -> None:
    """What the tables say is what the figures of the process say."""
    total = next(row for row in view.types if row.type == "Total")
    figures, page = view.figures, 4096
    assert total.total_ws == figures.working_set
    assert (total.private_ws, total.shareable_ws, total.shared_ws) == (
        figures.ws_private,
        figures.ws_shareable,
        figures.ws_shared,
    )
    assert figures.working_set == figures.ws_private + figures.ws_shareable
    kernel = [row for row in view.regions if row.type in (RegionType.PAGE_TABLE, RegionType.WORKING_SET_LIST)]
    assert total.size == figures.virtual_size + sum(row.size for row in kernel)
    assert total.private is not None and 0 <= figures.private_bytes - total.private <= 2 * page


@PLACES
def test_are_programs_and_dlls_shown_with_sums_that_are_right(folder: str, architecture: str) -> None:
    views = viewed(sample(folder, "hello"), sample(folder, "hello"), architecture=architecture)
    assert [view.figures.process for view in views.processes] == ["hello.exe"] * 2
    for view in views.processes:
        check_sums(view)
        assert {row.name for row in view.mapped} == {"hello.exe", *SYSTEM_DLLS}
        assert {(row.type, row.protection) for row in view.mapped} == {("Image", "EXECUTE_WRITECOPY")}
        assert all(row.base == row.image_base for row in view.mapped)
        assert all(row.path is not None and row.path.endswith(f"\\{row.name}") for row in view.mapped)


@PLACES
def test_are_stacks_heaps_and_sharing_seen_while_programs_run(folder: str, architecture: str) -> None:
    views = viewed(*[sample(folder, "sleeper")] * 3, architecture=architecture, at_ms=3000)
    assert len(views.processes) == 3
    for view in views.processes:
        check_sums(view)
        assert view.figures.state == "running"
        assert all((row.shared, row.views) == (True, 3) for row in view.mapped)
        types = {row.type: row for row in view.types}
        assert {"Image", "Heap", "Stack", "Private Data", "Page Table", "Working Set List", "Free"} <= set(types)
        assert types["Image"].shared_ws
        assert any(row.details.startswith("thread ") for row in view.regions)


@PLACES
def test_are_views_of_files_and_of_memory_told_apart(folder: str, architecture: str, own_folder: Path) -> None:
    source = own_folder / "mapping.c"
    source.write_text(MAPPING)
    [view] = viewed(source, architecture=architecture).processes
    assert view.figures.state == "ended with 0x0"
    check_sums(view)
    data = [row for row in view.mapped if row.type == "Data"]
    assert sorted((row.name, row.size, row.offset, row.views, row.shared, row.protection) for row in data) == [
        ("<Pagefile Backed>", 0x5000, 0, 2, False, "READONLY"),
        ("<Pagefile Backed>", 0x5000, 0, 2, False, "READWRITE"),
        ("data.bin", 0x10000, 0, 2, False, "WRITECOPY"),
        ("data.bin", 0x20000, 0x10000, 2, False, "READWRITE"),
    ]
    regions = {(row.type, row.protection): row for row in view.regions}
    assert figures(regions[RegionType.MAPPED_FILE, "READWRITE"]) == (0, 0x2000, 0, 0x2000, 0, 0)
    assert figures(regions[RegionType.MAPPED_FILE, "WRITECOPY"]) == (0x10000, 0x1000, 0x1000, 0, 0, 0)
    assert figures(regions[RegionType.SHAREABLE, "READWRITE"]) == (0, 0x1000, 0, 0x1000, 0x1000, 0x1000)


def figures(row: RegionRow) -> tuple[int, ...]:
    return row.private, row.total_ws, row.private_ws, row.shareable_ws, row.shared_ws, row.locked_ws


def test_do_text_and_json_show_the_same_rows() -> None:
    views = viewed(sample("x86", "hello"))
    told = json.loads(views_to_json(views))
    [process] = told["processes"]
    assert (told["format"], process["process"], len(process["mapped"])) == (1, "hello.exe", 5)
    text = views_to_text(views, with_regions=True)
    assert all(row["name"] in text for row in process["mapped"])
    assert all(f"{row['address']:08x}" in text for row in process["regions"])
    assert "Regions" not in views_to_text(views)


def test_is_a_time_after_the_end_refused() -> None:
    with pytest.raises(UserError, match=r"^the programs ended after [0-9.]+ ms of virtual time, before --at 900000$"):
        viewed(sample("x86", "hello"), at_ms=900_000)


def test_does_the_command_print_json_alone_and_answer_the_exit_code(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["views", "--json", str(sample("x86", "hello")), "word"]) == 0
    out, error = capfd.readouterr()
    assert json.loads(out)["processes"][0]["command_line"].endswith("hello.exe word")
    assert "argument 1: word" in error
    assert main(["views", "--at", "1", str(sample("x86", "hello"))]) == 0
    assert "No process was running" in capfd.readouterr().out
