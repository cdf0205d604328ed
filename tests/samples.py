"""Values that tests of several rooms start from."""

from dataclasses import replace

from ntmm.runner.report import (
    ChangedFile,
    FaultCount,
    MissingFunction,
    NamedCount,
    ProcessReport,
    RunReport,
    ServiceCount,
    status_name,
)

_REPORT = RunReport(
    program="hello.exe",
    architecture="pae",
    ram=64 << 20,
    page_size=4096,
    exit_status=0,
    stopped=None,
    faults=(
        FaultCount("demand zero", "cpu", 30),
        FaultCount("demand zero", "kernel", 2),
        FaultCount("image", "cpu", 12),
    ),
    cpu_page_fault_count=42,
    page_tables=(NamedCount("page table", 9), NamedCount("page directory", 4)),
    peak_working_set=60,
    peak_commit=1500,
    private_pages=32,
    image_pages=28,
    eager_pages=(NamedCount("shared user data", 1),),
    address_space_pages=(NamedCount("page directory", 4), NamedCount("hyperspace", 1)),
    system_calls=(ServiceCount("ntdll", "NtWriteFile", 2), ServiceCount("kernel32", "GetStdHandle", 7)),
    missing_functions=(
        MissingFunction("user32", "MessageBoxW", called=True),
        MissingFunction("gdi32", "BitBlt", called=False),
    ),
    missing_dlls=("winhttp.dll",),
    unsupported=(NamedCount("large pages", 1),),
    changed_files=(ChangedFile("created", "C:\\out.txt"),),
    instructions=None,
    virtual_time_100ns=12345,
    host_seconds=0.25,
)


def sample_report(
    exit_status: int = 0, stopped: str | None = None, cpu_page_fault_count: int = 42, program: str = "hello.exe"
) -> RunReport:
    """A report with something in every part."""
    return replace(
        _REPORT,
        exit_status=exit_status,
        stopped=stopped,
        cpu_page_fault_count=cpu_page_fault_count,
        program=program,
    )


def sample_process(exit_status: int = 0, program: str = "a.exe", process_id: int = 8) -> ProcessReport:
    """One of several processes."""
    return ProcessReport(
        program=program,
        process_id=process_id,
        exit_status=exit_status,
        exit_status_name=status_name(exit_status),
        page_fault_count=57,
        peak_working_set=53,
        peak_commit=60,
        private_pages=14,
        image_pages=42,
        address_space_pages=(NamedCount("hyperspace", 1),),
        page_tables=(NamedCount("page tables", 5), NamedCount("page directories", 1)),
        missing_functions=(MissingFunction("user32", f"Only{process_id}", called=False),),
        missing_dlls=("winhttp.dll",),
    )
