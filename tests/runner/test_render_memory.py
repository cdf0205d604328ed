"""Does the report tell of paging, commit, trims and several processes, and only where there was something?"""

import dataclasses
import io
import json
from types import SimpleNamespace
from typing import Any

from ntmm.runner.measure_memory import memory_report
from ntmm.runner.render import print_report, report_to_json
from ntmm.runner.report import RunReport
from ntmm.runner.report_memory import (
    CacheReport,
    MemoryReport,
    PageMove,
    PagingFileReport,
    SwapReport,
    SystemAreaReport,
)
from tests.samples import sample_process, sample_report

QUIET = MemoryReport(
    hard_faults=0,
    soft_faults=0,
    demand_zero_faults=0,
    copy_on_write_faults=0,
    pages_read=0,
    read_ios=0,
    pages_written=0,
    write_ios=0,
    mapped_pages_written=0,
    mapped_write_ios=0,
    commit=10,
    peak_commit=1500,
    commit_limit=16000,
    trim_passes=0,
    trimmed_pages=0,
    repurposed=0,
    moves=(),
    areas=(),
    paging_files=(),
    cache=CacheReport(0, 0, 0, 0, 0, 0),
    swaps=SwapReport(0, 0, 0, 0),
)

BUSY = MemoryReport(
    hard_faults=7,
    soft_faults=100,
    demand_zero_faults=60,
    copy_on_write_faults=30,
    pages_read=56,
    read_ios=7,
    pages_written=128,
    write_ios=8,
    mapped_pages_written=48,
    mapped_write_ios=3,
    commit=900,
    peak_commit=1500,
    commit_limit=16000,
    trim_passes=3,
    trimmed_pages=200,
    repurposed=5,
    moves=(PageMove("active", "modified", 128), PageMove("standby", "active", 9)),
    areas=(SystemAreaReport("paged pool", 16, 8192),),
    paging_files=(PagingFileReport("C:\\pagefile.sys", 96 << 20, 96 << 20, 192 << 20, 128 << 12, 130 << 12),),
    cache=CacheReport(40, 2, 300, 32, 4, 64),
    swaps=SwapReport(3, 2, 1, 1),
)


def lines_of(report: RunReport) -> list[str]:
    """Lines with single blanks."""
    stream = io.StringIO()
    print_report(report, stream)
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def test_does_the_text_tell_of_paging() -> None:
    lines = lines_of(dataclasses.replace(sample_report(), memory=BUSY))
    for line in (
        "hard 7 waited for a page to be read from a paging file or a mapped file",
        "soft 100 answered with what was in RAM:",
        "demand zero 60 a fresh page of zeros",
        "paged pool 16 64 KB 32 MB",
        "copy-on-write 30 a private copy of a shared page",
        "other 10 a page that still lay on a list, a page that others share, a right that was missing",
        "read 56 224 KB 7",
        "written 128 512 KB 8",
        "written to mapped files 48 192 KB 3",
        "reads without the disk 40 requests",
        "reads that waited for it 2 requests",
        "pages mapped 300 1200 KB",
        "read ahead 32 128 KB",
        "written lazily 64 in 4 transfers",
        "kernel stacks 3 2",
        "processes 1 1",
        "repurposed 5 standby pages given to another use",
        "at the end 900 pages 3600 KB",
        "peak 1,500 pages 6000 KB",
        "limit 16,000 pages 64000 KB",
        "passes 3",
        "pages 200",
        "active to modified 128",
        "C:\\pagefile.sys 96 MB 192 MB 512 KB 520 KB",
    ):
        assert line in lines


def test_is_a_quiet_machine_told_of_in_one_section() -> None:
    lines = lines_of(dataclasses.replace(sample_report(), memory=QUIET))
    assert "Commit of the system" in lines
    for title in ("Hard and soft faults", "Paging", "File cache", "Swapping", "Trims of working sets", "Paging files"):
        assert title not in lines
    assert "Pages moved between states" not in lines


def test_is_nothing_said_where_nothing_is_known() -> None:
    assert "Commit of the system" not in lines_of(sample_report())


def test_is_the_machine_named() -> None:
    report = dataclasses.replace(sample_report(), windows="Windows 2000 SP4", replacement="fifo", processors=4)
    lines = lines_of(report)
    assert "system Windows 2000 SP4" in lines
    assert "replacement in working sets fifo" in lines
    assert "processors 4 reported, 1 simulated" in lines


def test_has_each_of_several_processes_a_row() -> None:
    rows = (sample_process(), sample_process(0xC0000005, "b.exe", 12), sample_process(3, "c.exe", 16))
    report = dataclasses.replace(sample_report(program="a.exe"), processes=rows)
    lines = lines_of(report)
    assert lines[1] == ("a.exe and 2 more on pae, 64 MB of RAM: exit status 0xc0000005 (STATUS_ACCESS_VIOLATION)")
    assert "a.exe 8 57 53 60 14 42 6 0" in lines
    assert "c.exe 16 57 53 60 14 42 6 3" in lines
    assert "user32!Only12" in lines
    assert lines.count("winhttp.dll") == 1
    assert "Memory" not in lines


def test_is_the_ending_status_the_first_that_is_not_zero() -> None:
    rows = (sample_process(), sample_process(3), sample_process(4))
    assert dataclasses.replace(sample_report(), processes=rows).ending_status == 3
    assert dataclasses.replace(sample_report(), processes=rows[:1]).ending_status == 0
    assert sample_report(exit_status=9).ending_status == 9


def test_does_json_hold_the_processes_and_the_memory() -> None:
    report = dataclasses.replace(sample_report(), processes=(sample_process(),), memory=BUSY)
    data = json.loads(report_to_json(report))
    assert [*data["processes"][0]] == [
        "program",
        "process_id",
        "parent_id",
        "exit_status",
        "exit_status_name",
        "page_fault_count",
        "peak_working_set",
        "peak_commit",
        "private_pages",
        "image_pages",
        "address_space_pages",
        "page_tables",
        "missing_functions",
        "missing_dlls",
    ]
    assert data["memory"]["moves"][0] == {"source": "active", "destination": "modified", "count": 128}
    assert data["memory"]["paging_files"][0]["peak"] == 130 << 12


def paging_file(number: int) -> Any:
    return SimpleNamespace(
        name=f"{number}.sys", number=number, size=1 << 20, minimum=1 << 20, maximum=2 << 20, usage=0, peak=0, free=1
    )


def test_are_statistics_taken_over_in_order() -> None:
    plain = {
        name: number
        for number, name in enumerate(MemoryReport.__slots__)
        if name not in ("moves", "areas", "paging_files", "cache", "swaps")
    }
    transitions = (
        ("active", "modified", 4),
        ("standby", "active", 9),
    )
    files = (paging_file(1), paging_file(0))
    cache = SimpleNamespace(
        read_hits=1, read_misses=2, faults=3, read_ahead_pages=4, lazy_writes=5, lazy_write_pages=6, size=7
    )
    statistics: Any = SimpleNamespace(
        **plain,
        transitions=transitions,
        areas=[SimpleNamespace(name="paged pool", pages=3, maximum=7)],
        paging_files=files,
        cache=cache,
    )
    report = memory_report(statistics, SwapReport(1, 2, 3, 4))
    assert report.cache == CacheReport(1, 2, 3, 4, 5, 6)
    assert report.swaps == SwapReport(1, 2, 3, 4)
    assert {name: getattr(report, name) for name in plain} == plain
    assert report.moves == (PageMove("standby", "active", 9), PageMove("active", "modified", 4))
    assert report.areas == (SystemAreaReport("paged pool", 3, 7),)
    assert [file.name for file in report.paging_files] == ["0.sys", "1.sys"]
