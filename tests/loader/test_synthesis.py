"""Are system DLLs built from services and guest functions?"""

from itertools import pairwise

import pefile
import pytest

from ntmm.loader.apiset import base_name, redirect
from ntmm.loader.synthesis import build_system_dlls
from ntmm.native.service_table import STDCALL, Service
from tests.loader.world import GUEST_LIST, SERVICES, make_system


@pytest.mark.parametrize("is_64", [False, True])
def test_has_each_dll_its_services_and_forwarders(is_64: bool) -> None:
    exports = {}
    for dll in build_system_dlls(is_64, SERVICES, GUEST_LIST):
        parsed = pefile.PE(data=dll.backing.read(0, dll.backing.size))
        exports[dll.name] = {symbol.name: symbol.forwarder for symbol in parsed.DIRECTORY_ENTRY_EXPORT.symbols}
    assert exports == {
        "kernel32.dll": {b"RtlMoveMemory": b"ntmmrt.RtlMoveMemory", b"Sleep": None},
        "msvcrt.dll": {b"_write": None, b"memcpy": b"ntmmrt.guest_memcpy"},
        "ntdll.dll": {b"NtClose": None, b"ZwClose": None, b"RtlMoveMemory": b"ntmmrt.RtlMoveMemory"},
        "ucrtbase.dll": {b"_write": None, b"memcpy": b"ntmmrt.guest_memcpy"},
    }


@pytest.mark.parametrize("is_64", [False, True])
def test_do_the_preferred_places_not_overlap(is_64: bool) -> None:
    names = ["ntdll", "kernel32", "user32", "gdi32", "shell32", "ole32", "oleaut32", "advapi32", "crt", "x", "y", "z"]
    table = [
        Service(index, name, f"{name}{number}", (), STDCALL, False, int)
        for name in names
        for index, number in enumerate(range(1000))
    ]
    dlls = build_system_dlls(is_64, table, "")
    ranges = sorted((dll.headers.image_base, dll.headers.image_base + dll.headers.size_of_image) for dll in dlls)
    assert all(end <= start for (_, end), (start, _) in pairwise(ranges))
    assert ranges[-1][1] < (0x7FFFFFE0000 if is_64 else 0x7FFD0000)


def test_are_the_dlls_the_same_every_time() -> None:
    first, second = (build_system_dlls(False, SERVICES, GUEST_LIST) for _ in range(2))
    assert [dll.backing.read(0, 1 << 20) for dll in first] == [dll.backing.read(0, 1 << 20) for dll in second]


def test_is_a_bad_line_of_the_guest_list_named() -> None:
    with pytest.raises(ValueError, match="line 2"):
        build_system_dlls(False, [], "crt memcpy\ncrt\n")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("KERNEL32", "kernel32.dll"),
        ("api-ms-win-crt-heap-l1-1-0.dll", "ucrtbase.dll"),
        ("API-MS-Win-Core-Synch-L1-2-0", "kernel32.dll"),
        ("kernelbase.dll", "kernel32.dll"),
    ],
)
def test_which_system_dll_does_a_name_mean(name: str, meant: str) -> None:
    found = make_system(False).find(base_name(name))
    assert found is not None and found.name == meant


def test_are_file_names_completed_as_loadlibrary_does() -> None:
    assert base_name("C:\\x/y\\own") == "own.dll"
    assert base_name("own.") == "own"
    assert base_name("own.cpl") == "own.cpl"
    assert redirect("own.dll") == "own.dll"
