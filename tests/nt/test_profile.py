"""Does a profile know which Windows it is, and refuse machines that never were?"""

from typing import Any

import pytest

from ntmm.nt.boot_options import parse_boot_options
from ntmm.nt.profile import PagingFileSize, SystemProfile, kernel_architecture
from ntmm.nt.registry import Registry, parse_registry

MEGABYTE = 1 << 20
GIGABYTE = 1 << 30


@pytest.mark.parametrize(
    ("windows", "architecture", "release"),
    [
        ("auto", "x86", (5, 1, 2600, 2)),
        ("auto", "pae", (5, 1, 2600, 2)),
        ("auto", "x64", (5, 2, 3790, 2)),
        ("auto", "ia64", (5, 2, 3790, 2)),
        ("nt4", "x86", (4, 0, 1381, 6)),
        ("2000", "x86", (5, 0, 2195, 4)),
        ("2000", "pae", (5, 0, 2195, 4)),
        ("xp", "pae", (5, 1, 2600, 1)),
        ("xp", "x64", (5, 2, 3790, 1)),
        ("xp-sp2", "pae", (5, 1, 2600, 2)),
        ("xp-sp2", "x64", (5, 2, 3790, 2)),
        ("2003", "x86", (5, 2, 3790, 0)),
        ("2003", "ia64", (5, 2, 3790, 0)),
        ("2003-sp1", "x64", (5, 2, 3790, 1)),
        ("2003-sp2", "x86", (5, 2, 3790, 2)),
    ],
)
def test_is_the_release_told_as_windows_tells_it(
    windows: str, architecture: str, release: tuple[int, int, int, int]
) -> None:
    version = SystemProfile(architecture=architecture, windows=windows).version
    assert (version.major, version.minor, version.build, version.service_pack) == release


@pytest.mark.parametrize(
    ("windows", "architecture", "sentence"),
    [
        ("nt4", "pae", "Windows NT 4.0 has no PAE kernel: choose architecture x86, or 2000 or later"),
        ("nt4", "x64", "Windows NT 4.0 has no x64 edition: choose xp or xp-sp2 or 2003-sp1 or 2003-sp2"),
        ("2000", "x64", "Windows 2000 has no x64 edition"),
        ("2003", "x64", "Windows Server 2003 has no x64 edition"),
        ("xp", "ia64", "Windows XP has no IA-64 edition: choose 2003 or 2003-sp1 or 2003-sp2"),
        ("vista", "x86", "unknown Windows 'vista'"),
    ],
)
def test_is_a_windows_that_never_was_refused(windows: str, architecture: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SystemProfile(architecture=architecture, windows=windows)


LECTURE_LIMITS = {
    # (Windows, edition): GB on x86, with 32 bits on x64, with 64 bits on x64, on IA-64; 0: no such system
    ("xp-sp2", "home"): (4, 4, 0, 0),
    ("xp-sp2", "professional"): (4, 4, 16, 0),
    ("2003-sp1", "web"): (2, 2, 0, 0),
    ("2003-sp1", "standard"): (4, 4, 16, 0),
    ("2003-sp1", "enterprise"): (32, 32, 64, 64),
    ("2003-sp1", "datacenter"): (64, 128, 1024, 1024),
}
COLUMNS = (("pae", "x86-nx"), ("pae", "x64"), ("x64", "x64"), ("ia64", "ia64"))


@pytest.mark.parametrize("column", range(4))
@pytest.mark.parametrize(("windows", "edition"), LECTURE_LIMITS)
def test_is_the_lectures_table_of_physical_limits_kept(windows: str, edition: str, column: int) -> None:
    gigabytes = LECTURE_LIMITS[windows, edition][column]
    architecture, kind = COLUMNS[column]
    if not gigabytes:
        with pytest.raises(ValueError, match=r"does not exist for architecture|has no IA-64 edition"):
            SystemProfile(architecture, windows=windows, edition=edition, processor_kind=kind)
        return
    built_in = min(2 * gigabytes, 64 if kind == "x86-nx" else 1024) * GIGABYTE
    profile = SystemProfile(architecture, built_in, windows=windows, edition=edition, processor_kind=kind)
    assert profile.ram_limit == profile.usable_ram == gigabytes * GIGABYTE
    assert profile.unused_ram == built_in - gigabytes * GIGABYTE


@pytest.mark.parametrize(
    ("edition", "gigabytes"), [("professional", 4), ("server", 4), ("advanced-server", 8), ("datacenter", 32)]
)
def test_do_the_editions_of_2000_have_their_limits(edition: str, gigabytes: int) -> None:
    assert SystemProfile("pae", 64 * GIGABYTE, windows="2000", edition=edition).usable_ram == gigabytes * GIGABYTE


@pytest.mark.parametrize(("architecture", "windows"), [("x86", "nt4"), ("x86", "2003-sp1")])
def test_do_two_levels_end_at_4_gb(architecture: str, windows: str) -> None:
    profile = SystemProfile(architecture, 8 * GIGABYTE, windows=windows)
    assert (profile.usable_ram, profile.unused_ram) == (4 * GIGABYTE, 4 * GIGABYTE)


@pytest.mark.parametrize(
    ("architecture", "ram", "windows", "edition"),
    [
        ("pae", 64 * MEGABYTE, "xp-sp2", "professional"),
        ("pae", 5 * GIGABYTE, "2003-sp2", "enterprise"),
        ("pae", 64 * GIGABYTE, "2003-sp2", "datacenter"),
        ("pae", 128 * GIGABYTE, "2003-sp2", "datacenter"),
        ("x64", 16 * GIGABYTE, "2003-sp2", "standard"),
        ("x64", 17 * GIGABYTE, "2003-sp2", "enterprise"),
        ("x64", 1024 * GIGABYTE, "2003-sp2", "datacenter"),
        ("ia64", 64 * MEGABYTE, "2003-sp2", "enterprise"),
    ],
)
def test_does_auto_take_the_plainest_system_that_uses_all_ram(
    architecture: str, ram: int, windows: str, edition: str
) -> None:
    profile = SystemProfile(architecture, ram)
    assert (profile.release, profile.edition_name, profile.unused_ram) == (windows, edition, 0)


@pytest.mark.parametrize(
    ("windows", "switches", "edition"), [("2000", "/3GB", "advanced-server"), ("nt4", "/3GB", "enterprise")]
)
def test_does_auto_take_an_edition_that_has_the_switch(windows: str, switches: str, edition: str) -> None:
    boot = parse_boot_options(switches)
    assert SystemProfile("x86", windows=windows, boot=boot).edition_name == edition


@pytest.mark.parametrize(
    ("architecture", "windows", "edition", "switches", "sentence"),
    [
        ("pae", "2003-sp1", "web", "/3GB", "Web has no /3GB: choose edition standard or enterprise or datacenter"),
        ("pae", "xp", "home", "/3GB", "Windows XP Home has no /3GB: choose edition professional"),
        ("pae", "2000", "server", "/3GB", "Server has no /3GB: choose edition advanced-server or datacenter"),
        ("x64", "auto", "auto", "/3GB", "/3GB is for 32-bit systems"),
        ("x86", "2000", "auto", "/3GB /USERVA=2800", "Windows 2000 has no /USERVA"),
        ("x86", "xp", "auto", "/PAE", "choose architecture pae, or auto"),
        ("pae", "xp", "auto", "/NOPAE", "choose architecture x86, or auto"),
        ("x64", "auto", "auto", "/NOPAE", "leave them out on a 64-bit system"),
        ("pae", "xp", "auto", "/NOEXECUTE=OPTIN", "Windows XP has no /NOEXECUTE"),
        ("pae", "2003-sp1", "auto", "/NOLOWMEM", "/NOLOWMEM leaves only RAM above 4 GB: give the machine 5 GB"),
        ("x86", "2003-sp1", "auto", "/NOLOWMEM", "/NOLOWMEM is for the kernel that reaches RAM above 4 GB by PAE"),
        ("x64", "2003-sp1", "auto", "/NOLOWMEM", "/NOLOWMEM is for the kernel that reaches RAM above 4 GB by PAE"),
        ("pae", "auto", "auto", "/MAXMEM=2", "must leave 4 MB of RAM"),
        ("pae", "auto", "auto", "/BURNMEMORY=64", "must leave 4 MB of RAM"),
        ("pae", "xp", "datacenter", "", "Windows XP has no edition 'datacenter'"),
        ("pae", "auto", "ultimate", "", "unknown edition 'ultimate'"),
        ("x64", "2003-sp1", "web", "", "Web does not exist for architecture x64"),
    ],
)
def test_is_an_impossible_system_refused(
    architecture: str, windows: str, edition: str, switches: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        SystemProfile(architecture, windows=windows, edition=edition, boot=parse_boot_options(switches))


def test_does_3gb_limit_ram_to_16_gb() -> None:
    boot = parse_boot_options("/3GB")
    profile = SystemProfile("pae", 64 * GIGABYTE, windows="2003-sp1", edition="datacenter", boot=boot)
    assert (profile.ram_limit, profile.unused_ram) == (16 * GIGABYTE, 48 * GIGABYTE)


def test_do_maxmem_and_burnmemory_leave_less_ram() -> None:
    boot = parse_boot_options("/MAXMEM=512 /BURNMEMORY=128")
    profile = SystemProfile("pae", 1024 * MEGABYTE, boot=boot)
    assert (profile.usable_ram, profile.unused_ram) == (384 * MEGABYTE, 640 * MEGABYTE)


@pytest.mark.parametrize(("switches", "reported"), [("", 4), ("/NUMPROC=2", 2), ("/NUMPROC=8", 4), ("/ONECPU", 1)])
def test_does_numproc_leave_fewer_processors(switches: str, reported: int) -> None:
    assert SystemProfile(processors=4, boot=parse_boot_options(switches)).reported_processors == reported


@pytest.mark.parametrize(
    ("windows", "ram", "switches", "kind", "kernel"),
    [
        ("nt4", 64 * MEGABYTE, "", "auto", "x86"),
        ("2000", 64 * MEGABYTE, "", "auto", "x86"),
        ("2000", 64 * MEGABYTE, "/PAE", "auto", "pae"),
        ("2000", 8 * GIGABYTE, "", "auto", "pae"),
        ("2003-sp1", 8 * GIGABYTE, "/NOPAE", "auto", "x86"),
        ("xp", 64 * MEGABYTE, "", "auto", "x86"),
        ("xp-sp2", 64 * MEGABYTE, "", "auto", "pae"),
        ("xp-sp2", 64 * MEGABYTE, "", "x86", "x86"),
        ("xp-sp2", 64 * MEGABYTE, "/NOEXECUTE=ALWAYSOFF", "auto", "x86"),
        ("xp-sp2", 64 * MEGABYTE, "/EXECUTE", "auto", "x86"),
        ("xp-sp2", 64 * MEGABYTE, "/EXECUTE /PAE", "auto", "pae"),
        ("2003-sp1", 64 * MEGABYTE, "/NOEXECUTE=OPTIN", "auto", "pae"),
        ("auto", 64 * MEGABYTE, "", "auto", "pae"),
    ],
)
def test_is_the_pae_kernel_taken_where_it_brings_something(
    windows: str, ram: int, switches: str, kind: str, kernel: str
) -> None:
    boot = parse_boot_options(switches)
    assert kernel_architecture(windows, ram, boot, Registry(), processor_kind=kind) == kernel
    SystemProfile(kernel, ram, windows=windows, boot=boot, processor_kind=kind)


def test_does_the_registry_ask_for_the_pae_kernel() -> None:
    registry = parse_registry(["PhysicalAddressExtension=1"])
    assert kernel_architecture("2000", MEGABYTE, parse_boot_options(""), registry) == "pae"


@pytest.mark.parametrize(
    ("architecture", "windows", "switches", "kind", "policy", "in_hardware"),
    [
        ("pae", "xp", "", "auto", "alwaysoff", False),
        ("pae", "xp-sp2", "", "auto", "optin", True),
        ("pae", "2003-sp1", "", "auto", "optout", True),
        ("pae", "2003-sp1", "", "x86", "optout", False),
        ("x86", "2003-sp1", "", "auto", "optout", False),
        ("pae", "2003-sp1", "/NOEXECUTE=ALWAYSOFF", "auto", "alwaysoff", False),
        ("pae", "2003-sp1", "/EXECUTE", "auto", "alwaysoff", False),
        ("x64", "xp-sp2", "", "auto", "optin", True),
        ("x64", "2003-sp1", "", "auto", "optout", True),
        ("x64", "2003-sp1", "/NOEXECUTE=ALWAYSOFF", "auto", "alwaysoff", True),
    ],
)
def test_does_the_system_have_its_own_dep_policy(
    architecture: str, windows: str, switches: str, kind: str, policy: str, in_hardware: bool
) -> None:
    profile = SystemProfile(architecture, windows=windows, boot=parse_boot_options(switches), processor_kind=kind)
    assert (profile.dep.policy, profile.dep.in_hardware) == (policy, in_hardware)


@pytest.mark.parametrize(("windows", "megabytes"), [("2000", 127), ("xp", 255), ("xp-sp2", 255), ("2003-sp1", 255)])
def test_is_a_large_system_one_with_more_ram_than_the_lecture_says(windows: str, megabytes: int) -> None:
    assert not SystemProfile("x86", megabytes * MEGABYTE, windows=windows).has_large_system_pages
    ram = (megabytes + 1) * MEGABYTE
    assert SystemProfile("x86", ram, windows=windows).has_large_system_pages
    for value in ("LargePageMinimum=0xFFFFFFFF", "EnforceWriteProtection=1", "VerifyDrivers=bad.sys"):
        assert not SystemProfile("x86", ram, windows=windows, registry=parse_registry([value])).has_large_system_pages
    for value, is_large in (("LargePageMinimum=0x4000000", True), ("LargePageMinimum=0x20000000", False)):
        profile = SystemProfile("x86", 128 * MEGABYTE, windows=windows, registry=parse_registry([value]))
        assert profile.has_large_system_pages is is_large


@pytest.mark.parametrize(
    ("architecture", "kilobytes", "colours"),
    [("x86", 0, 64), ("x64", 256, 64), ("ia64", 0, 32), ("pae", 512, 128), ("x86", 300, 64), ("x86", 1, 2)],
)
def test_has_ram_a_colour_for_each_page_of_the_cache(architecture: str, kilobytes: int, colours: int) -> None:
    registry = parse_registry([f"SecondLevelDataCache={kilobytes}"])
    assert SystemProfile(architecture, registry=registry).page_colours == colours
    assert SystemProfile(architecture, registry=parse_registry(["SecondLevelDataCache=65536"])).page_colours == 1024


def test_has_nt_4_no_large_system_pages() -> None:
    registry = parse_registry(["LargePageMinimum=0x100000"])
    assert not SystemProfile("x86", 1024 * MEGABYTE, windows="nt4", registry=registry).has_large_system_pages


@pytest.mark.parametrize(("architecture", "switches"), [("x86", "/3GB"), ("pae", "/3GB /USERVA=2800"), ("ia64", "")])
def test_has_a_large_machine_large_system_pages_everywhere(architecture: str, switches: str) -> None:
    boot = parse_boot_options(switches)
    assert SystemProfile(architecture, 256 * MEGABYTE, windows="2003", boot=boot).has_large_system_pages
    assert not SystemProfile(architecture, 255 * MEGABYTE, windows="2003", boot=boot).has_large_system_pages


@pytest.mark.parametrize(
    ("windows", "processors", "policy"),
    [
        ("nt4", 1, "fifo"),
        ("nt4", 2, "fifo"),
        ("2000", 1, "clock"),
        ("2000", 2, "fifo"),
        ("xp", 1, "ageing"),
        ("xp", 32, "ageing"),
        ("2003", 2, "ageing"),
        ("auto", 1, "ageing"),
    ],
)
def test_does_windows_choose_the_replacement_policy(windows: str, processors: int, policy: str) -> None:
    profile = SystemProfile(architecture="x86", windows=windows, processors=processors)
    assert profile.replacement_policy == policy
    asked = SystemProfile(architecture="x86", windows=windows, processors=processors, replacement="clock")
    assert asked.replacement_policy == "clock"


@pytest.mark.parametrize(
    ("ram", "minimum", "maximum"), [(64, 96, 192), (4096, 4095, 4095), (5, 7.5, 15), (2048, 3072, 4095)]
)
def test_is_there_one_paging_file_of_one_and_a_half_to_three_times_the_ram(
    ram: int, minimum: float, maximum: int
) -> None:
    profile = SystemProfile(ram=ram * MEGABYTE)
    assert profile.paging_file_sizes == (PagingFileSize(int(minimum * MEGABYTE), maximum * MEGABYTE),)


def test_are_odd_pages_of_ram_rounded_up() -> None:
    profile = SystemProfile(ram=5 * MEGABYTE + 4096)
    assert profile.paging_file_sizes[0].minimum == 7680 * 1024 + 8192


@pytest.mark.parametrize("files", [(), (PagingFileSize(MEGABYTE, MEGABYTE),) * 16])
def test_are_the_paging_files_those_that_were_asked_for(files: tuple[PagingFileSize, ...]) -> None:
    assert SystemProfile(paging_files=files).paging_file_sizes == files


def test_does_2000_make_a_temporary_paging_file_where_there_is_none() -> None:
    temporary = PagingFileSize(20 * MEGABYTE, 20 * MEGABYTE)
    assert SystemProfile("x86", windows="2000", paging_files=()).paging_file_sizes == (temporary,)


@pytest.mark.parametrize(
    ("architecture", "files", "sentence"),
    [
        ("pae", (PagingFileSize(MEGABYTE, MEGABYTE),) * 17, "at most 16 paging files"),
        ("pae", (PagingFileSize(MEGABYTE - 4096, MEGABYTE),), "at least 1 MB"),
        ("pae", (PagingFileSize(2 * MEGABYTE, MEGABYTE),), "must not be below its minimum"),
        ("pae", (PagingFileSize(MEGABYTE + 1, 2 * MEGABYTE),), "multiples of 4096"),
        ("ia64", (PagingFileSize(MEGABYTE + 4096, 2 * MEGABYTE),), "multiples of 8192"),
        ("x86", (PagingFileSize(MEGABYTE, 4096 * MEGABYTE),), "architecture x86 can have at most 4095 MB"),
        ("x64", (PagingFileSize(MEGABYTE, (1 << 44) + 4096),), "architecture x64 can have at most 16777216 MB"),
    ],
)
def test_is_an_impossible_paging_file_refused(
    architecture: str, files: tuple[PagingFileSize, ...], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        SystemProfile(architecture=architecture, paging_files=files)


@pytest.mark.parametrize("processors", [0, 33])
def test_is_a_wrong_number_of_processors_refused(processors: int) -> None:
    with pytest.raises(ValueError, match="1 to 32 processors"):
        SystemProfile(processors=processors)


@pytest.mark.parametrize("switches", ["/NOLOWMEM /MAXMEM=4100", "/NOLOWMEM /BURNMEMORY=2000"])
def test_does_nolowmem_ask_what_the_other_switches_leave(switches: str) -> None:
    with pytest.raises(ValueError, match="/NOLOWMEM leaves only RAM above 4 GB"):
        SystemProfile("pae", 6 * GIGABYTE, windows="2003-sp1", boot=parse_boot_options(switches))
    with pytest.raises(ValueError, match="give the machine 5 GB that its edition uses"):
        SystemProfile("pae", 6 * GIGABYTE, windows="xp-sp2", boot=parse_boot_options("/NOLOWMEM"))
    profile = SystemProfile("pae", 5 * GIGABYTE, windows="2003-sp1", boot=parse_boot_options("/NOLOWMEM"))
    assert profile.usable_ram == 5 * GIGABYTE


def test_what_do_maxmem_and_burnmemory_leave() -> None:
    boot = parse_boot_options("/MAXMEM=256 /BURNMEMORY=100")
    profile = SystemProfile("pae", 512 * MEGABYTE, windows="xp-sp2", boot=boot)
    assert (profile.usable_ram, profile.unused_ram) == (156 * MEGABYTE, 356 * MEGABYTE)
    assert not profile.has_large_system_pages  # what counts is the RAM that is used
    above = SystemProfile("pae", 512 * MEGABYTE, windows="xp-sp2", boot=parse_boot_options("/MAXMEM=1024"))
    assert above.usable_ram == 512 * MEGABYTE


@pytest.mark.parametrize(
    ("processors", "switches", "reported"),
    [(4, "/NUMPROC=2", 2), (2, "/NUMPROC=4", 2), (4, "/ONECPU", 1), (4, "/ONECPU /NUMPROC=3", 1), (4, "", 4)],
)
def test_how_many_processors_do_the_switches_report(processors: int, switches: str, reported: int) -> None:
    profile = SystemProfile("pae", processors=processors, windows="2000", boot=parse_boot_options(switches))
    assert profile.reported_processors == reported
    assert profile.replacement_policy == ("clock" if reported == 1 else "fifo")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ram": "64M"}, "RAM is a number of bytes"),
        ({"processors": None}, "processors are a number"),
        ({"boot": "/3GB"}, "boot switches are made with"),
        ({"registry": ["A=1"]}, "registry values are made with"),
        ({"paging_files": [64 << 20]}, "paging files are a tuple"),
        ({"paging_files": (64 << 20,)}, "paging files are a tuple"),
    ],
)
def test_does_a_value_of_the_wrong_kind_say_what_to_give(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        SystemProfile(**fields)
