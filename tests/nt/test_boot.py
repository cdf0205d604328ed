"""Are boot switches, boot.ini files and registry values read as Windows reads them?"""

import pytest

from ntmm.nt.boot_ini import parse_boot_ini
from ntmm.nt.boot_options import BootOptions, parse_boot_options
from ntmm.nt.dep import execute_options
from ntmm.nt.profile import SystemProfile
from ntmm.nt.registry import parse_registry


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", BootOptions()),
        ("/3GB", BootOptions(three_gb=True)),
        ("/3gb /UserVa=2800", BootOptions(three_gb=True, user_va=2800)),
        ("/PAE /MAXMEM=512 /BURNMEMORY=100", BootOptions(pae=True, max_memory=512, burn_memory=100)),
        ("/NoExecute=OptOut", BootOptions(no_execute="optout")),
        ("/noexecute", BootOptions(no_execute="optin")),
        ("/EXECUTE /NUMPROC=2 /ONECPU", BootOptions(execute=True, processors=2, one_processor=True)),
        ("-nopae", BootOptions(no_pae=True)),
        ("/3GB/USERVA=2900/PAE", BootOptions(three_gb=True, user_va=2900, pae=True)),
        ("/fastdetect /SOS", BootOptions(without_effect=("/fastdetect", "/SOS"))),
    ],
)
def test_is_each_switch_understood(text: str, options: BootOptions) -> None:
    assert parse_boot_options(text) == options


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("3GB", "'3GB' is not a boot option"),
        ("/4GB", "unknown boot option '/4GB'"),
        ("/3GB /USERVA=3073", "/USERVA takes a number of MB from 2048 to 3072"),
        ("/3GB /USERVA=lots", "/USERVA takes a number of MB"),
        ("/USERVA=2800", "add /3GB"),
        ("/MAXMEM=0", "/MAXMEM takes a number of MB from 1 to 1073741824"),
        ("/MAXMEM", "/MAXMEM takes a number"),
        ("/NUMPROC=-1", "/NUMPROC takes a number of processors"),
        ("/NOEXECUTE=MAYBE", "ALWAYSON, ALWAYSOFF, OPTIN or OPTOUT, not 'MAYBE'"),
        ("/PAE /NOPAE", "contradict each other"),
        ("/EXECUTE /NOEXECUTE=OPTIN", "contradict each other"),
    ],
)
def test_is_a_bad_switch_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_boot_options(text)


BOOT_INI = r"""
[boot loader]
timeout=30
default=multi(0)disk(0)rdisk(0)partition(2)\WINDOWS
[operating systems]
; a comment
multi(0)disk(0)rdisk(0)partition(1)\WINDOWS="Windows Server 2003, Enterprise" /fastdetect
multi(0)disk(0)rdisk(0)partition(2)\windows="Windows XP /3GB" /3GB /USERVA=2900 /NOVELSWITCH
"""


def test_is_the_default_entry_of_a_boot_ini_file_taken() -> None:
    entry = parse_boot_ini(BOOT_INI)
    assert entry.title == "Windows XP /3GB"
    assert entry.options == BootOptions(three_gb=True, user_va=2900, without_effect=("/NOVELSWITCH",))


def test_is_a_file_read_as_carelessly_as_windows_reads_it() -> None:
    line = 'C:\\WINDOWS="Windows \x1c\x85"/NUMPROC=2/USERVA=2900'
    entry = parse_boot_ini(f"[boot loader]\r\ntimeout=9\rstray\n[operating systems]\nstray\n{line}\x1a[x")
    assert (entry.path, entry.title) == ("C:\\WINDOWS", "Windows \x1c\x85")
    assert entry.options == BootOptions(processors=2, without_effect=("/USERVA=2900",))
    assert (entry.options.entry, entry.options.in_force) == (entry.title, ("/NUMPROC=2",))


def test_is_the_first_entry_taken_where_no_default_is_named() -> None:
    entry = parse_boot_ini(BOOT_INI.replace("default=", "nothing="))
    assert (entry.title, entry.options.three_gb) == ("Windows Server 2003, Enterprise", False)


def test_is_a_default_without_an_entry_booted_without_switches() -> None:
    entry = parse_boot_ini(BOOT_INI.replace("default=multi(0)", "default=multi(1)"))
    assert (entry.title, entry.options) == ("Windows (default)", BootOptions())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "names no system"),
        ("[boot loader]\ntimeout=3\n", "names no system"),
        ("timeout=3\n", "names no system"),
        ('\x1a[operating systems]\nC:\\="DOS"\n', "names no system"),
        ("[boot loader\n", "line 1 .* begins a section without an end"),
        ("[operating systems]\nnonsense\n", "names no system"),
        ('[operating systems]\nC:\\="DOS" /MAXMEM=x\n', "/MAXMEM takes a number"),
    ],
)
def test_is_a_malformed_boot_ini_file_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_boot_ini(text)


def test_do_later_switches_win_over_those_of_the_file() -> None:
    file = parse_boot_options("/3GB /USERVA=2900 /MAXMEM=512")
    assert file.joined(parse_boot_options("/3GB /USERVA=3000")) == BootOptions(
        three_gb=True, user_va=3000, max_memory=512
    )


def test_are_registry_values_read_in_any_case() -> None:
    registry = parse_registry(["largesystemcache=1", "PagedPoolSize=0xFFFFFFFF", "LargePageDrivers=a.sys b.sys"])
    assert registry.get("LargeSystemCache") == 1
    assert registry.get("PagedPoolSize") == 0xFFFFFFFF
    assert registry.get("SystemPages") == 0
    assert (registry.large_page_drivers, registry.verified_drivers) == (("a.sys", "b.sys"), ())
    assert parse_registry(["verifydrivers=a.sys,b.sys"]).verified_drivers == ("a.sys", "b.sys")


@pytest.mark.parametrize(
    "path",
    [
        r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\LargePageMinimum",
        r"hklm\system\currentcontrolset\control\session manager\memory management\largepageminimum",
        r"Memory Management\LargePageMinimum",
    ],
)
def test_is_a_key_known_by_its_path(path: str) -> None:
    assert parse_registry([f"{path}=0xFFFFFFFF"]).get("LargePageMinimum") == 0xFFFFFFFF


def test_is_a_layer_known_by_its_path() -> None:
    path = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\AppCompatFlags\Layers\a.exe"
    assert parse_registry([f"{path}=DisableNXShowUI", "LargeSystemCache=00001"]).layers == (("a.exe", False),)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("LargeSystemCache", "is not a registry value"),
        ("=1", "is not a registry value"),
        ("Nonsense=1", "unknown registry value 'Nonsense'"),
        ("LargeSystemCache=2", "takes a number from 0 to 1, not '2'"),
        ("PagedPoolQuota=129", "takes a number from 0 to 128, not '129'"),
        ("LargePageMinimum=FFFFFFFF", "hexadecimal numbers begin with 0x, as in 0xFFFFFFFF"),
        ("LargePageMinimum=0x100000000", "takes a number from 0 to 0xffffffff"),
        ("LargePageMinimum=\uff11", "takes a number from 0 to 0xffffffff"),
        ("LargePageMinimum=", "takes a number from 0 to 0xffffffff, not ''"),
        ("SystemPages=many", "takes a number from 0 to 0xffffffff, not 'many'"),
        ("SystemCacheLimit=64", "SystemCacheLimit begins with Windows Vista"),
        ("Layers\\a.exe=Win95", "a layer is DisableNXShowUI or EnableNXShowUI"),
    ],
)
def test_is_a_bad_registry_value_refused(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_registry([text])


OFF, ON = 0x32, 1
"""Without DEP software DEP lets every handler pass: 10h and 20h."""
PERMANENT_OFF, PERMANENT_ON = 0x3A, 0xD


@pytest.mark.parametrize(
    ("policy", "nothing", "opted_in", "layer_out", "layer_in"),
    [
        ("alwayson", PERMANENT_ON, PERMANENT_ON, PERMANENT_ON, PERMANENT_ON),
        ("alwaysoff", PERMANENT_OFF, PERMANENT_OFF, PERMANENT_OFF, PERMANENT_OFF),
        ("optin", OFF, ON, OFF, ON),
        ("optout", ON, ON, OFF, ON),
    ],
)
def test_does_the_policy_decide_what_a_program_may_execute(
    policy: str, nothing: int, opted_in: int, layer_out: int, layer_in: int
) -> None:
    dep = SystemProfile("pae", windows="xp-sp2", boot=parse_boot_options(f"/NOEXECUTE={policy}")).dep
    registry = parse_registry(["Layers\\Out.exe=DisableNXShowUI", "layers\\in.exe=EnableNXShowUI"])
    assert execute_options(dep, False, False) == nothing
    assert execute_options(dep, False, True) == opted_in
    assert execute_options(dep, False, True, registry.dep_layer("OUT.EXE")) == layer_out
    assert execute_options(dep, False, False, registry.dep_layer("in.exe")) == layer_in
    assert execute_options(dep, True, False, False) == PERMANENT_ON
