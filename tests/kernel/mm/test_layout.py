"""Are the address maps those of the lecture, number by number, on every machine?"""

from dataclasses import dataclass
from itertools import pairwise

import pytest

from ntmm.kernel.mm.layout import (
    GB,
    MB,
    TB,
    AddressLayout,
    layout_for,
    layout_of_profile,
    system_regions,
    user_range,
)
from ntmm.kernel.mm.layout.sizes import (
    PAGED_CAP,
    PoolSizes,
    computed_pools,
    initial_nonpaged_pool,
    maximum_nonpaged_pool,
    paged_pool,
)
from ntmm.nt.boot_options import parse_boot_options
from ntmm.nt.profile import SystemProfile
from ntmm.nt.registry import parse_registry

KB = 1 << 10


def layout_with(architecture: str, switches: str = "", *registry: str, windows: str = "auto") -> AddressLayout:
    boot, values = parse_boot_options(switches), parse_registry(registry)
    return layout_of_profile(SystemProfile(architecture, windows=windows, boot=boot, registry=values))


@pytest.mark.parametrize("architecture", ["x86", "pae"])
def test_is_32_bit_user_space_the_lectures_table(architecture: str) -> None:
    layout = layout_for(architecture)
    assert layout.lowest_user_address == 64 * KB  # 0 to FFFF: no access
    assert layout.highest_vad_address == 0x7FFDFFFF
    assert layout.first_teb == 0x7FFDE000
    assert layout.peb == 0x7FFDF000
    assert layout.shared_user_data == 0x7FFE0000
    assert layout.highest_user_address == 0x7FFEFFFF  # 7FFF0000 to 7FFFFFFF: no access
    assert layout.system_range_start == 0x80000000
    unusable = layout.lowest_user_address + 2 * GB - (layout.highest_vad_address + 1)
    assert unusable == 192 * KB  # "2 GB minus at least 192 KB"


X86_REGIONS = {
    "kernel image": (0x80000000, 0x80400000),
    "PFN database": (0x80400000, 0x80800000),
    "initial nonpaged pool": (0x80800000, 0xA0000000),
    "page tables": (0xC0000000, 0xC0400000),
    "hyperspace": (0xC0400000, 0xC0800000),
    "system working-set list": (0xC0C00000, 0xC1000000),
    "system cache": (0xC1000000, 0xE1000000),
    "paged pool": (0xE1000000, 0xED000000),
    "system PTEs": (0xF0000000, 0xF8000000),
    "nonpaged pool": (0xF8000000, 0xFFBE0000),
    "crash dump area": (0xFFBE0000, 0xFFC00000),
    "HAL": (0xFFC00000, 0x100000000),
    "shared user data": (0xFFDF0000, 0xFFDF1000),
}
SESSION = {
    "session pool": (0xBD000000, 0xBE000000),
    "session views": (0xBE000000, 0xBF400000),
    "session structure": (0xBF400000, 0xBF800000),
    "session images": (0xBF800000, 0xC0000000),
}
PAE_CHANGES = {"page tables": (0xC0000000, 0xC0800000), "hyperspace": (0xC0800000, 0xC0C00000)}
LARGE_CACHE = {"system cache, extension": (0xA4000000, 0xB9C00000)}
HIGH_PTES = {"system PTEs": (0xAF000000, 0xC0000000), "PFN database": (0xF7C00000, 0xF8000000)}
LOW_REGIONS = {name: place for name, place in X86_REGIONS.items() if name != "initial nonpaged pool"}
THREE_GB = {
    "kernel image": (0xE0000000, 0xE1000000),
    "system cache": (0xC1000000, 0xDD000000),
    "PFN database": (0xEFC00000, 0xF0000000),
    "session pool": (0xDD000000, 0xDE000000),
    "session views": (0xDE000000, 0xDF400000),
    "session structure": (0xDF400000, 0xDF800000),
    "session images": (0xDF800000, 0xE0000000),
}


@dataclass(frozen=True)
class Map:
    """A machine and the regions of its system space."""

    architecture: str
    windows: str
    switches: str
    regions: dict[str, tuple[int, int]]


OLD_CACHE = {"system cache, extension": (0xA4000000, 0xC0000000)}
X64 = 0xFFFFF800_00000000
IA64 = 0xE0000000_00000000
MAPS = {
    "NT 4": Map("x86", "nt4", "", X86_REGIONS | OLD_CACHE),
    "2000": Map("x86", "2000", "", X86_REGIONS | OLD_CACHE),
    "2000 PAE": Map("pae", "2000", "/PAE", X86_REGIONS | OLD_CACHE | PAE_CHANGES),
    "XP": Map("x86", "xp", "", X86_REGIONS | SESSION | LARGE_CACHE),
    "XP SP2": Map("pae", "xp-sp2", "", X86_REGIONS | SESSION | LARGE_CACHE | PAE_CHANGES),
    "2003": Map("x86", "2003", "", X86_REGIONS | SESSION | LARGE_CACHE),
    "2003 SP1": Map("pae", "2003-sp1", "", X86_REGIONS | SESSION | LARGE_CACHE | PAE_CHANGES),
    "XP SP2 /3GB": Map("x86", "xp-sp2", "/3GB", LOW_REGIONS | THREE_GB),
    "2003 SP1 /3GB": Map("pae", "2003-sp1", "/3GB", LOW_REGIONS | THREE_GB | PAE_CHANGES),
    "2003 SP1 /USERVA=2800": Map(
        "pae",
        "2003-sp1",
        "/3GB /USERVA=2800",
        LOW_REGIONS | THREE_GB | PAE_CHANGES | HIGH_PTES,
    ),
    "x64": Map(
        "x64",
        "2003-sp1",
        "",
        {
            "page tables": (0xFFFFF680_00000000, 0xFFFFF700_00000000),
            "shared user data": (0xFFFFF780_00000000, 0xFFFFF780_00001000),
            "system PTEs": (X64 + 512 * GB, X64 + 512 * GB + 128 * MB),
            "paged pool": (X64 + 640 * GB, X64 + 768 * GB),
            "session pool": (0xFFFFF900_00000000, 0xFFFFF97F_F8C00000),
            "session views": (0xFFFFF97F_F8C00000, 0xFFFFF97F_FF400000),
            "session structure": (0xFFFFF97F_FF400000, 0xFFFFF97F_FF800000),
            "session images": (0xFFFFF97F_FF800000, 0xFFFFF980_00000000),
            "system cache": (0xFFFFF980_00000000, 0xFFFFFA80_00000000),
            "PFN database": (0xFFFFFA80_00000000, 0xFFFFFA80_00400000),
            "nonpaged pool": (0xFFFFFADF_00000000, 0xFFFFFAFF_00000000),
            "HAL": (0xFFFFFFFF_FFC00000, 1 << 64),
        },
    ),
}


@pytest.mark.parametrize("name", MAPS)
def test_is_each_region_of_system_space_where_it_should_be(name: str) -> None:
    wanted = MAPS[name]
    layout = layout_with(wanted.architecture, wanted.switches, windows=wanted.windows)
    assert {row.name: (row.start, row.end) for row in system_regions(layout)} == wanted.regions


@pytest.mark.parametrize("name", MAPS)
def test_do_no_two_regions_overlap(name: str) -> None:
    wanted = MAPS[name]
    layout = layout_with(wanted.architecture, wanted.switches, windows=wanted.windows)
    rows = [row for row in system_regions(layout) if row.name != "shared user data"]  # it lies in the HAL's four MB
    for before, row in pairwise(rows):
        assert before.end <= row.start
    assert rows[0].start >= layout.system_range_start


@pytest.mark.parametrize(
    ("architecture", "switches", "is_64", "is_large", "size"),
    [
        ("pae", "", False, False, 2 * GB),
        ("pae", "", False, True, 2 * GB),
        ("pae", "/3GB", False, False, 2 * GB),
        ("pae", "/3GB", False, True, 3 * GB),
        ("x86", "/3GB /USERVA=2900", False, True, 2900 * MB),
        ("x64", "", False, False, 2 * GB),
        ("x64", "", False, True, 4 * GB),
        ("x64", "", True, False, 2 * GB),
        ("x64", "", True, True, 8 * TB),
        ("ia64", "", False, False, 2 * GB),
        ("ia64", "", False, True, 4 * GB),
        ("ia64", "", True, True, 7152 * GB),
    ],
)
def test_how_much_user_space_has_an_image(
    architecture: str, switches: str, is_64: bool, is_large: bool, size: int
) -> None:
    own = user_range(layout_with(architecture, switches), is_64, is_large)
    assert own.highest == size - 64 * KB - 1
    assert own.highest_vad == size - 128 * KB - 1
    assert own.highest_fixed <= own.highest_vad


def test_do_32_bit_programs_have_2_gb_on_64_bits_before_sp1() -> None:
    layout = layout_of_profile(SystemProfile("ia64", windows="2003"))
    assert user_range(layout, is_64=False, large_address_aware=True).highest == 2 * GB - 64 * KB - 1
    assert user_range(layout, is_64=True, large_address_aware=True).highest == 7152 * GB - 64 * KB - 1


def test_does_session_space_grow_with_its_registry_values() -> None:
    layout = layout_with("pae", "", "SessionViewSize=48", "SessionPoolSize=32")
    assert layout.session_space == 0xC0000000 - (8 + 4 + 48 + 32) * MB
    assert layout.session_views - layout.session_pool == 32 * MB
    assert layout.cache_extension_end <= layout.session_space
    with pytest.raises(ValueError, match="session space does not fit"):
        layout_with("pae", "", "SessionViewSize=512", "SessionPoolSize=512")


@pytest.mark.parametrize(
    ("registry", "paged", "nonpaged"),
    [
        ((), 192 * MB, 0xFFBE0000 - 0xF8000000),
        (("PagedPoolSize=0xFFFFFFFF",), 240 * MB, 0xFFBE0000 - 0xF8000000),
        (("PagedPoolSize=100000000", "NonPagedPoolSize=33554432"), 96 * MB, 0xFFBE0000 - 0xFD800000),
        (("PagedPoolSize=1", "NonPagedPoolSize=1"), 8 * MB, 0xFFBE0000 - 0xFF000000),
    ],
)
def test_do_registry_values_size_the_pools(registry: tuple[str, ...], paged: int, nonpaged: int) -> None:
    layout = layout_with("pae", "", *registry)
    assert layout.paged_pool_end - layout.paged_pool == paged
    assert layout.nonpaged_pool_end - layout.nonpaged_pool == nonpaged


def test_are_the_pools_of_the_size_that_windows_computes() -> None:
    assert initial_nonpaged_pool(4 * MB) == 256 * KB
    assert initial_nonpaged_pool(64 * MB) == 256 * KB + 60 * 32 * KB
    assert initial_nonpaged_pool(16 * GB) == 128 * MB
    assert maximum_nonpaged_pool(64 * MB, 256 * MB, 0x18) == 1 * MB + 16384 * 0x18 + 60 * 400 * KB
    assert maximum_nonpaged_pool(2 * GB, 256 * MB, 0x18) == 256 * MB
    assert maximum_nonpaged_pool(2 * GB, 128 * MB, 0x18) == 128 * MB
    assert paged_pool(4 * MB, PAGED_CAP["xp"]) == 32 * MB
    assert paged_pool(256 * MB, PAGED_CAP["xp"]) == 490 * MB
    assert paged_pool(256 * MB, PAGED_CAP["2003"]) == 512 * MB


@pytest.mark.parametrize(
    ("architecture", "ram", "switches", "paged", "nonpaged"),
    [
        ("x86", 512 * MB, "", 256 * MB, 128 * MB),
        ("x86", 2 * GB, "", 512 * MB, 256 * MB),
        ("x86", 2 * GB, "/3GB", 256 * MB, 128 * MB),
        ("pae", 16 * GB, "/3GB", 256 * MB, 128 * MB),
        ("x64", 16 * GB, "", 2 * (MB + 200 * KB * (16 * 1024 - 4)), MB + 200 * KB * (16 * 1024 - 4)),
        ("x64", 1 * TB, "", 128 * GB, 128 * GB),
        ("ia64", 1 * TB, "", 128 * GB, 128 * GB),
    ],
)
def test_which_pools_does_windows_compute_for_a_machine(
    architecture: str, ram: int, switches: str, paged: int, nonpaged: int
) -> None:
    profile = SystemProfile(architecture, ram, windows="2003-sp1", boot=parse_boot_options(switches))
    assert computed_pools(profile) == PoolSizes(-(-paged // (4 * MB)) * 4 * MB, nonpaged)


@pytest.mark.parametrize(
    ("architecture", "registry", "system_ptes", "paged_end", "nonpaged"),
    [
        ("x86", (), (0xA4000000, 0xB9C00000), 0xF8000000, 0xF8000000),
        ("pae", (), (0xA4000000, 0xB9C00000), 0xF3C00000, 0xF3C00000),
        ("pae", ("LargeSystemCache=1",), (0xF0000000, 0xF8000000), 0xF0000000, 0xF8000000),
        ("pae", ("NonPagedPoolSize=67108864",), (0xA4000000, 0xB9C00000), 0xFB800000, 0xFB800000),
    ],
)
def test_have_the_pools_of_large_machines_the_place_of_the_system_ptes(
    architecture: str, registry: tuple[str, ...], system_ptes: tuple[int, int], paged_end: int, nonpaged: int
) -> None:
    values = parse_registry(registry)
    layout = layout_of_profile(SystemProfile(architecture, 2 * GB, windows="2003-sp1", registry=values))
    assert (layout.system_ptes, layout.system_ptes_end) == system_ptes
    assert (layout.paged_pool_end, layout.nonpaged_pool) == (paged_end, nonpaged)
    rows = [row for row in system_regions(layout) if row.name != "shared user data"]
    for before, row in pairwise(rows):
        assert before.end <= row.start
    assert ("system cache, extension" in {row.name for row in rows}) == bool(values.get("LargeSystemCache"))


@pytest.mark.parametrize(
    ("architecture", "ram", "switches", "start", "megabytes"),
    [
        ("x86", 4 * GB, "", 0x80400000, 24),
        ("pae", 64 * GB, "", 0x80400000, 448),
        ("pae", 128 * GB, "", 0x80400000, 896),
        ("x86", 4 * GB, "/3GB", 0xF0000000 - 24 * MB, 24),
        ("pae", 16 * GB, "/3GB", 0xDD000000 - 112 * MB, 112),
        ("x64", 1 * TB, "", 0xFFFFFA80_00000000, 12 * 1024),
        ("ia64", 1 * TB, "", IA64 + 512 * GB, 6 * 1024),
    ],
)
def test_where_lies_the_pfn_database(architecture: str, ram: int, switches: str, start: int, megabytes: int) -> None:
    profile = SystemProfile(architecture, ram, windows="2003-sp1", boot=parse_boot_options(switches))
    layout = layout_of_profile(profile)
    assert (layout.pfn_database, layout.pfn_database_end) == (start, start + megabytes * MB)
    rows = [row for row in system_regions(layout) if row.name != "shared user data"]
    assert all(before.end <= row.start for before, row in pairwise(rows))
