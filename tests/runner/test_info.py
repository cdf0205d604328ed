"""Does `ntmm info` report the machine that was asked for, with the lecture's numbers?"""

import pytest

from ntmm.nt.boot_options import parse_boot_options
from ntmm.nt.profile import SystemProfile
from ntmm.nt.registry import parse_registry
from ntmm.runner.errors import UserError
from ntmm.runner.info import machine_rows
from ntmm.runner.rows import InfoRow

MB = 1 << 20
GB = 1 << 30


def rows_of(profile: SystemProfile) -> dict[tuple[str, str], InfoRow]:
    """By section and name; of several alike the first."""
    found: dict[tuple[str, str], InfoRow] = {}
    for row in machine_rows(profile):
        found.setdefault((row.section, row.name), row)
    return found


@pytest.mark.parametrize(
    ("architecture", "page", "large", "levels", "system"),
    [
        ("x86", 4096, 4 * MB, 2, 0x80000000),
        ("pae", 4096, 2 * MB, 3, 0x80000000),
        ("x64", 4096, 2 * MB, 4, 0xFFFF0800_00000000),
        ("ia64", 8192, 16 * MB, 4, 1 << 61),
    ],
)
def test_are_the_sizes_of_the_architecture_told(
    architecture: str, page: int, large: int, levels: int, system: int
) -> None:
    rows = rows_of(SystemProfile(architecture))
    assert rows["Machine", "page"].size == page
    assert rows["Machine", "large page"].size == large
    assert rows["Machine", "page tables"].note == f"{architecture}, {levels} levels"
    assert rows["System space", "begins"].start == system


def test_is_user_space_told_as_the_lecture_has_it() -> None:
    rows = [row for row in machine_rows(SystemProfile("x86")) if row.section == "User space"]
    assert [(row.name, row.start, row.end) for row in rows] == [
        ("no access", 0, 0x10000),
        ("private", 0x10000, 0x7FFE0000),
        ("first TEB", 0x7FFDE000, 0x7FFDF000),
        ("PEB", 0x7FFDF000, 0x7FFE0000),
        ("shared user data", 0x7FFE0000, 0x7FFE1000),
        ("no access", 0x7FFE1000, 0x7FFF0000),
        ("no access", 0x7FFF0000, 0x80000000),
    ]


@pytest.mark.parametrize(
    ("windows", "switches", "registry", "cache"),
    [
        ("xp-sp2", "", (), 512 * MB),
        ("xp-sp2", "/3GB", (), 64 * MB),
        ("2000", "", ("LargeSystemCache=1",), 960 * MB),
        ("2003-sp1", "", ("LargeSystemCache=1",), 860 * MB),
        ("2003-sp1", "/3GB", ("LargeSystemCache=1",), 448 * MB),
    ],
)
def test_is_the_system_cache_as_large_as_documented(
    windows: str, switches: str, registry: tuple[str, ...], cache: int
) -> None:
    boot, values = parse_boot_options(switches), parse_registry(registry)
    rows = rows_of(SystemProfile("x86", 1 * GB, windows=windows, boot=boot, registry=values))
    assert rows["Sizes", "system cache"].size == cache


def test_is_ram_beyond_the_limit_told() -> None:
    rows = rows_of(SystemProfile("pae", 8 * GB, windows="xp-sp2"))
    assert rows["Memory", "RAM"].size == 8 * GB
    assert rows["Memory", "limit of the edition"].size == 4 * GB
    assert rows["Memory", "RAM that is not used"].size == 4 * GB


def test_are_system_ptes_as_many_as_the_registry_says() -> None:
    rows = rows_of(SystemProfile("x86", registry=parse_registry(["SystemPages=5000"])))
    assert rows["Sizes", "system PTEs"].note == "5120 entries"  # whole page tables
    most = rows_of(SystemProfile("x86", registry=parse_registry(["SystemPages=0xFFFFFFFF"])))
    assert most["Sizes", "system PTEs"].size == 128 * MB


def test_does_each_choice_say_what_it_does() -> None:
    values = parse_registry(["DisablePagingExecutive=1", "Layers\\a.exe=DisableNXShowUI", "LargePageDrivers=a.sys"])
    rows = rows_of(SystemProfile("pae", boot=parse_boot_options("/SOS"), registry=values))
    assert rows["Boot switches", "/SOS"].note == "changes nothing about memory"
    assert "changes nothing" in rows["Registry", "DisablePagingExecutive = 0x1"].note
    assert rows["Registry", "layer of a.exe"].note == "out of DEP"
    assert rows["Registry", "LargePageDrivers"].note == "a.sys: in small pages, as all of the system"
    assert rows["Data execution prevention", "policy"].note == "optin"


def test_is_ram_below_4_gb_told_that_only_page_directories_get() -> None:
    name, kept = ("Memory", "RAM below 4 GB that is kept"), list[int]()
    for switches in ("", "/NOLOWMEM"):
        boot = parse_boot_options(switches)
        profile = SystemProfile("pae", 5 << 30, windows="2003-sp1", edition="enterprise", boot=boot)
        kept.append(rows_of(profile)[name].size or 0)
    assert 0 < kept[0] <= 4 * MB and 4000 * MB < kept[1] < 4096 * MB
    assert name not in rows_of(SystemProfile("pae"))


def test_is_the_limit_of_nt_4_on_alpha_told() -> None:
    assert rows_of(SystemProfile("x86", windows="nt4"))["Memory", "limit on Alpha AXP"].size == 8 << 30


def test_is_a_map_that_does_not_fit_refused_in_a_sentence() -> None:
    values = parse_registry(["SessionViewSize=512", "SessionPoolSize=512"])
    with pytest.raises(UserError, match="session space does not fit"):
        list(machine_rows(SystemProfile("pae", registry=values)))
