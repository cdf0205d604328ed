"""The system DLLs: images built from the service table and from the list of guest functions.

Each export is a stub that traps into a Python service, or a forwarder to guest code in ntmmrt.dll; where a name has
both, guest code wins.

    x86   mov eax, number; lea edx, [esp+4]; int 2Eh; ret n        x64   mov r10, rcx; mov eax, number; syscall; ret
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from ntmm.kernel.io.image import BytesImage
from ntmm.loader.apiset import base_name, redirect
from ntmm.loader.errors import LoaderError
from ntmm.native.service_table import CDECL, Service, exported_names, services
from ntmm.nt.status import Status
from ntmm.pe.build import CodeExport, Export, ForwarderExport, build_dll
from ntmm.pe.headers import PeHeaders, parse_headers

RUNTIME_DLL: Final = "ntmmrt.dll"
RUN_TIME_LIBRARIES: Final = {"crt": ("msvcrt", "ucrtbase")}
"""What a name in the service table or the guest's list stands for where it is no DLL's."""

_PREFERRED_BASES: Final = {
    "ntdll": (0x7C900000, 0x78EC0000),
    "kernel32": (0x7C800000, 0x78D20000),
    "user32": (0x7E410000, 0x78C20000),
    "advapi32": (0x77DD0000, 0x7FEE0000000),
    "msvcrt": (0x77C10000, 0x7FEE2000000),
    "ucrtbase": (0x77A00000, 0x7FEE4000000),
    "oleaut32": (0x77120000, 0x7FEE6000000),
    "ole32": (0x774E0000, 0x7FEE8000000),
    "shell32": (0x7C9C0000, 0x7FEEA000000),
    "gdi32": (0x77F10000, 0x7FEEC000000),
    "psapi": (0x76BF0000, 0x7FEEE000000),
    "pdh": (0x74A30000, 0x7FEF8000000),
}
"""(32 bit, 64 bit); the 32-bit ones are those of XP SP2, where programs have seen them."""

_OTHER_BASES: Final = (0x70000000, 0x7FED0000000)
_OTHER_BASES_STEP: Final = 0x100000


@dataclass(frozen=True, slots=True)
class SystemDll:
    """A DLL of the system: its file name, its file and its headers."""

    name: str
    backing: BytesImage
    headers: PeHeaders


class SystemDlls:
    """All system DLLs of one architecture, by file name without regard to case; the same objects for every process."""

    def __init__(self, dlls: Iterable[SystemDll]) -> None:
        self._by_name = {dll.name: dll for dll in dlls}

    def __iter__(self) -> Iterator[SystemDll]:
        return iter(self._by_name.values())

    def find(self, name: str) -> SystemDll | None:
        """The system DLL that a base name means, API sets included."""
        return self._by_name.get(redirect(name).lower())


def system_dlls(is_64: bool) -> SystemDlls:
    """The system DLLs for the services registered by now (built once for each architecture)."""
    return _build_all(is_64, len(services))


@cache
def _build_all(is_64: bool, service_count: int) -> SystemDlls:
    guest_list = resources.files("ntmm").joinpath("guest", "exports.txt").read_text("ascii")
    built = build_system_dlls(is_64, services[:service_count], guest_list)
    return SystemDlls([*built, _runtime_dll(is_64)])


def build_system_dlls(is_64: bool, table: Iterable[Service], guest_list: str) -> list[SystemDll]:
    """Builds one DLL for each DLL name in the service table and the guest list; deterministic."""
    exports: dict[str, dict[str, Export]] = {}
    for service in table:
        for dll in RUN_TIME_LIBRARIES.get(service.dll, (service.dll,)):
            named = {name: CodeExport(name, _stub(service, is_64)) for name in exported_names(service)}
            exports.setdefault(dll, {}).update(named)
    for dll, forwarder, _ in guest_functions(guest_list):
        exports.setdefault(dll, {})[forwarder.name] = forwarder
    bases = _choose_bases(sorted(exports), is_64)
    return [_build(f"{dll}.dll", is_64, bases[dll], exports[dll].values()) for dll in sorted(exports)]


def guest_functions(guest_list: str) -> Iterator[tuple[str, ForwarderExport, str]]:
    """(DLL, forwarder, comment) of each line `<dll>[,<dll>...] <name> [<name in ntmmrt>] [@<ordinal>] [# <comment>]`.

    Raises ValueError for other lines.
    """
    for number, line in enumerate(guest_list.splitlines(), start=1):
        text, _, comment = line.partition("#")
        words = text.split()
        if not words:
            continue
        ordinal = int(words.pop()[1:]) if words[-1].startswith("@") else None
        if len(words) not in (2, 3):
            raise ValueError(f"line {number} of the guest's export list is not `dll name [guest name]`")
        for listed in words[0].split(","):
            for dll in RUN_TIME_LIBRARIES.get(listed, (listed,)):
                yield dll, ForwarderExport(words[1], f"ntmmrt.{words[-1]}", ordinal), comment.strip()


def _stub(service: Service, is_64: bool) -> bytes:
    number = struct.pack("<I", service.number)
    if is_64:
        return b"\x4c\x8b\xd1\xb8" + number + b"\x0f\x05\xc3"
    popped = 0 if service.convention == CDECL else service.argument_bytes(4)
    return b"\xb8" + number + b"\x8d\x54\x24\x04\xcd\x2e" + (b"\xc2" + struct.pack("<H", popped) if popped else b"\xc3")


def _choose_bases(names: list[str], is_64: bool) -> dict[str, int]:
    others = [name for name in names if name not in _PREFERRED_BASES]
    bases = {name: preferred[is_64] for name, preferred in _PREFERRED_BASES.items()}
    return bases | {name: _OTHER_BASES[is_64] + index * _OTHER_BASES_STEP for index, name in enumerate(others)}


def _build(name: str, is_64: bool, base: int, exports: Iterable[Export]) -> SystemDll:
    return _system_dll(name, build_dll(name, is_64, base, exports))


def _system_dll(name: str, image: bytes) -> SystemDll:
    return SystemDll(name, BytesImage(image), parse_headers(image))


def _runtime_dll(is_64: bool) -> SystemDll:
    """The guest code, as compiled for the architecture."""
    file = resources.files("ntmm").joinpath("guest", "x64" if is_64 else "x86", RUNTIME_DLL)
    if not file.is_file():
        raise LoaderError(f"the guest run-time {file} is missing from this installation", Status.DLL_NOT_FOUND)
    return _system_dll(base_name(RUNTIME_DLL), file.read_bytes())
