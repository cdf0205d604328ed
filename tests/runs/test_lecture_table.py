"""Does every system of the lecture's table of physical limits boot, with more RAM than it uses, and tell its layout?"""

from pathlib import Path

import pytest

from ntmm.nt.profile import SystemProfile
from ntmm.runner.info import machine_rows
from ntmm.runner.options import SystemOptions
from ntmm.teaching import Machine
from tests.runs.running import run, sample

GB = 1 << 30

LIMITS = {
    # (Windows, edition): GB on x86, with 32 bits on x64, with 64 bits on x64, on IA-64
    ("nt4", "auto"): (4, None, None, None),
    ("2000", "professional"): (4, None, None, None),
    ("2000", "server"): (4, None, None, None),
    ("2000", "advanced-server"): (8, None, None, None),
    ("2000", "datacenter"): (32, None, None, None),
    ("xp-sp2", "home"): (4, 4, None, None),
    ("xp-sp2", "professional"): (4, 4, 16, None),
    ("2003-sp1", "web"): (2, 2, None, None),
    ("2003-sp1", "standard"): (4, 4, 16, None),
    ("2003-sp1", "enterprise"): (32, 32, 64, None),
    ("2003-sp1", "datacenter"): (64, 128, 1024, None),
    ("2003", "enterprise"): (None, None, None, 64),
    ("2003", "datacenter"): (None, None, None, 1024),
}
COLUMNS = (("pae", "x86-nx"), ("pae", "x64"), ("x64", "x64"), ("ia64", "ia64"))
LARGEST = (64, 1024, 1024, 1024)
"""GB that the processor of a column addresses."""

MACHINES = [
    (windows, edition, *COLUMNS[column], limit, min(limit + 1, LARGEST[column]))
    for (windows, edition), limits in LIMITS.items()
    for column, limit in enumerate(limits)
    if limit is not None
]
CELLS = ("windows", "edition", "architecture", "kind", "limit", "installed")


def kernel_of(windows: str, architecture: str) -> str:
    """NT 4 has no kernel with three levels."""
    return "x86" if windows == "nt4" else architecture


@pytest.mark.parametrize(CELLS, [row for row in MACHINES if row[2] != "ia64"])
def test_does_it_run_a_program_and_keep_its_books(
    windows: str, edition: str, architecture: str, kind: str, limit: int, installed: int, own_folder: Path
) -> None:
    """Audited at the end, and again when all memory has been returned."""
    program = own_folder / "reserve_commit.exe"
    program.write_bytes(sample("x64" if architecture == "x64" else "x86", "reserve_commit").read_bytes())
    finished = run(
        program,
        architecture=kernel_of(windows, architecture),
        ram=installed * GB,
        windows=windows,
        system=SystemOptions(edition, processor_kind=kind),
    )
    assert finished.report.exit_status == 0, finished.output
    assert "FAIL" not in finished.output
    assert finished.report.unexplained_faults == 0
    assert finished.report.audit_findings == 0
    assert finished.report.unused_ram == (installed - limit) * GB


@pytest.mark.parametrize(CELLS, [row for row in MACHINES if row[2] == "ia64"])
def test_does_it_manage_memory_where_there_is_no_processor(
    windows: str, edition: str, architecture: str, kind: str, limit: int, installed: int
) -> None:
    profile = SystemProfile(architecture, installed * GB, windows=windows, edition=edition, processor_kind=kind)
    with Machine(profile) as machine:
        assert sum(machine.page_lists.column("KB")) << 10 == limit * GB  # type: ignore[arg-type]
        process = machine.create_process()
        place = process.VirtualAlloc(None, 1 << 20)
        process.write(place, b"Itanium")
        assert machine.audit() == []


@pytest.mark.parametrize(CELLS, MACHINES)
def test_does_it_report_its_layout(
    windows: str, edition: str, architecture: str, kind: str, limit: int, installed: int
) -> None:
    name = kernel_of(windows, architecture)
    profile = SystemProfile(name, installed * GB, windows=windows, edition=edition, processor_kind=kind)
    rows = list(machine_rows(profile))
    sizes = {row.name: row.size for row in rows}
    assert sizes["RAM that is not used"] == (installed - limit) * GB
    user = [row for row in rows if row.section == "User space" and row.start is not None]
    assert user[0].start == 0 and user[0].name == "no access"
    system = [row for row in rows if row.section == "System space" and row.start is not None and row.end is not None]
    assert len(system) > 5
    assert max(row.end or 0 for row in user) <= min(row.start or 0 for row in system)
