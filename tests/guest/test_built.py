"""Are the committed DLLs the ones that the sources make, and are they fit to be loaded?"""

import hashlib
import json
import re

import pefile
import pytest

from tests.guest.host import GUEST

EXECUTE, WRITE = 0x20000000, 0x80000000
STARTS = {"NtmmProcessStart", "NtmmThreadStart", "NtmmProcessThunk", "NtmmThreadThunk"}
EXPORT_LINE = re.compile(
    r"(?P<dlls>[a-z0-9_]+(?:,[a-z0-9_]+)*) (?P<name>[!-~]+)(?: (?P<guest>\w+))?(?: @\d+)?"
    r"(?:  # (?:(?P<architecture>x86|x64)(?:; lacks: \S.*)?|lacks: \S.*))?"
)

MANIFEST: dict[str, str] = json.loads((GUEST / "manifest.json").read_text())


@pytest.fixture(params=["x86", "x64"])
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def image(architecture: str) -> pefile.PE:
    return pefile.PE(str(GUEST / architecture / "ntmmrt.dll"))


def export_lines() -> list[re.Match[str]]:
    lines = [line for line in (GUEST / "exports.txt").read_text("ascii").splitlines() if line and line[0] != "#"]
    matches = [EXPORT_LINE.fullmatch(line) for line in lines]
    assert None not in matches, [line for line, match in zip(lines, matches, strict=True) if match is None]
    return [match for match in matches if match is not None]


def wanted_functions(architecture: str) -> set[str]:
    lines = [line for line in export_lines() if line["architecture"] in (None, architecture)]
    return {line["guest"] or line["name"] for line in lines}


@pytest.mark.parametrize("name", sorted(MANIFEST))
def test_has_every_file_the_hash_of_the_manifest(name: str) -> None:
    assert hashlib.sha256((GUEST / name).read_bytes()).hexdigest() == MANIFEST[name], "run scripts/build_guest.py"


def test_is_every_source_in_the_manifest() -> None:
    sources = {path.relative_to(GUEST).as_posix() for path in (GUEST / "source").rglob("*.[cSh]")}
    dlls = {"x86/ntmmrt.dll", "x64/ntmmrt.dll"}
    assert sources | dlls | {"exports.txt", "imports.txt"} == set(MANIFEST)


def test_does_the_dll_export_exactly_what_is_listed(image: pefile.PE, architecture: str) -> None:
    names = {symbol.name.decode() for symbol in image.DIRECTORY_ENTRY_EXPORT.symbols}
    assert names == wanted_functions(architecture) | STARTS


def test_does_no_system_dll_export_a_name_twice() -> None:
    for architecture in ("x86", "x64"):
        pairs = [
            (dll, line["name"])
            for line in export_lines()
            if line["architecture"] in (None, architecture)
            for listed in line["dlls"].split(",")
            for dll in (("msvcrt", "ucrtbase") if listed == "crt" else (listed,))
        ]
        assert len(pairs) == len(set(pairs)), sorted({pair for pair in pairs if pairs.count(pair) > 1})


def test_are_all_imports_listed_services(image: pefile.PE) -> None:
    listed: dict[str, set[str]] = {}
    for line in (GUEST / "imports.txt").read_text("ascii").splitlines():
        if line and line[0] != "#":
            dll, name = line.split()
            listed.setdefault(f"{dll}.dll", set()).add(name.partition("@")[0])
    found = {
        entry.dll.decode(): {item.name.decode() for item in entry.imports} for entry in image.DIRECTORY_ENTRY_IMPORT
    }
    assert set(found) == {"ntdll.dll", "kernel32.dll"}
    assert all(names <= listed[dll] for dll, names in found.items())


def test_is_no_section_writable_and_executable(image: pefile.PE) -> None:
    assert all(
        not (section.Characteristics & EXECUTE and section.Characteristics & WRITE) for section in image.sections
    )


def test_can_the_dll_be_moved_and_has_it_no_entry_point(image: pefile.PE) -> None:
    assert image.OPTIONAL_HEADER.AddressOfEntryPoint == 0
    assert image.DIRECTORY_ENTRY_BASERELOC
    assert image.OPTIONAL_HEADER.SectionAlignment == 0x1000
