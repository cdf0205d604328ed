"""Do both forms of the report say what happened, and nothing a terminal would obey?"""

import dataclasses
import io
import json

import pytest

from ntmm.runner.render import print_report, report_to_json
from ntmm.runner.report import RunReport
from tests.samples import sample_report


def text_of(report: RunReport) -> str:
    stream = io.StringIO()
    print_report(report, stream)
    return stream.getvalue()


def lines_of(report: RunReport) -> list[str]:
    """Lines with single blanks."""
    return [" ".join(line.split()) for line in text_of(report).splitlines()]


def test_does_the_text_hold_every_number() -> None:
    lines = lines_of(sample_report())
    for line in (
        "hello.exe on pae, 64 MB of RAM: exit status 0",
        "demand zero 30 2",
        "image 12 0",
        "sum 42 2",
        "#PF counted by the CPU 42 every one explained",
        "peak working set 60 pages 240 KB",
        "peak commit 1,500 pages 6000 KB",
        "page directory 4",
        "shared user data 1",
        "user32!MessageBoxW called",
        "gdi32!BitBlt",
        "winhttp.dll",
        "large pages 1",
        "created C:\\out.txt",
        "virtual time 0.001234 s",
        "host time 0.250 s",
    ):
        assert line in lines
    assert lines.index("kernel32!GetStdHandle 7") < lines.index("ntdll!NtWriteFile 2")


def test_are_unexplained_faults_named() -> None:
    assert "#PF counted by the CPU 44 2 unexplained" in lines_of(sample_report(cpu_page_fault_count=44))


@pytest.mark.parametrize(
    ("exit_status", "text"),
    [
        (3, "exit status 3"),
        (0xC0000005, "exit status 0xc0000005 (STATUS_ACCESS_VIOLATION)"),
        (0xE0001234, "exit status 0xe0001234"),
    ],
)
def test_is_the_exit_status_named(exit_status: int, text: str) -> None:
    assert lines_of(sample_report(exit_status))[1].endswith(text)


def test_are_empty_parts_left_out() -> None:
    report = dataclasses.replace(
        sample_report(), missing_functions=(), missing_dlls=(), unsupported=(), changed_files=(), system_calls=()
    )
    text = text_of(report)
    assert not [word for word in ("Missing", "Not supported", "Changed", "System calls", "Stopped") if word in text]


def test_are_markup_and_escapes_in_names_harmless() -> None:
    lines = lines_of(sample_report(program="[red]\x1b[31m\udc80.exe"))
    assert lines[1].startswith("[red]\\x1b[31m\\udc80.exe on pae")


def test_are_the_json_keys_those_that_tools_rely_on() -> None:
    assert [*json.loads(report_to_json(sample_report()))] == [
        "format",
        "program",
        "architecture",
        "ram",
        "page_size",
        "exit_status",
        "stopped",
        "faults",
        "cpu_page_fault_count",
        "page_tables",
        "peak_working_set",
        "peak_commit",
        "private_pages",
        "image_pages",
        "eager_pages",
        "address_space_pages",
        "system_calls",
        "missing_functions",
        "missing_dlls",
        "unsupported",
        "changed_files",
        "instructions",
        "virtual_time_100ns",
        "host_seconds",
        "windows",
        "processors",
        "replacement",
        "unused_ram",
        "processes",
        "memory",
        "audit_findings",
        "exit_status_name",
        "unexplained_faults",
    ]


def test_does_the_report_say_that_an_audit_found_nothing() -> None:
    report = dataclasses.replace(sample_report(), windows="Windows XP SP2")
    assert not [line for line in lines_of(report) if "audit" in line]
    audited = dataclasses.replace(report, audit_findings=0)
    (line,) = (line for line in lines_of(audited) if "audit" in line)
    assert line.split() == ["audit", "of", "its", "memory", "0", "findings"]
    assert json.loads(report_to_json(audited))["audit_findings"] == 0


def test_are_rows_objects_with_names() -> None:
    report = json.loads(report_to_json(sample_report(0xC0000005)))
    assert report["faults"][0] == {"kind": "demand zero", "origin": "cpu", "count": 30}
    assert (report["exit_status_name"], report["unexplained_faults"]) == ("STATUS_ACCESS_VIOLATION", 0)
    assert "\n" not in report_to_json(sample_report())
