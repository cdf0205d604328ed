"""A linker over a fake address space with small system DLLs."""

from ntmm.kernel.io.image import BytesImage
from ntmm.loader.linker import Linker
from ntmm.loader.parameters import ProcessParameters
from ntmm.loader.process import ProgramStart, start_program
from ntmm.loader.search import ImageSearch
from ntmm.loader.synthesis import SystemDll, SystemDlls, build_system_dlls
from ntmm.native.service_table import CDECL, STDCALL, Service
from ntmm.nt.profile import SystemProfile
from ntmm.pe.build import CodeExport, ForwarderExport, build_dll
from ntmm.pe.headers import parse_headers
from tests.loader.fake_space import FakeSpace

GUEST_LIST = """
# a comment
crt memcpy guest_memcpy
kernel32,ntdll RtlMoveMemory   # forwarded under its own name
"""
SERVICES = [
    Service(0, "ntdll", "NtClose", ("h",), STDCALL, False, int),
    Service(1, "kernel32", "Sleep", ("u32", "u64"), STDCALL, False, int),
    Service(2, "crt", "_write", ("i32", "p", "u32"), CDECL, False, int),
    Service(3, "crt", "memcpy", (), CDECL, False, int),
]
RUNTIME = [
    "NtmmProcessStart",
    "NtmmThreadStart",
    "KiUserExceptionDispatcher",
    "KiUserApcDispatcher",
    "guest_memcpy",
    "RtlMoveMemory",
]


def make_system(is_64: bool) -> SystemDlls:
    image = build_dll("ntmmrt.dll", is_64, 0x60000000, [CodeExport(name, b"\xc3") for name in RUNTIME])
    circle = build_dll(
        "circle.dll", is_64, 0x61000000, [ForwarderExport("a", "circle.b"), ForwarderExport("b", "circle.a")]
    )
    extra = [SystemDll(name, BytesImage(data), parse_headers(data)) for name, data in
             (("ntmmrt.dll", image), ("circle.dll", circle))]  # fmt: skip
    return SystemDlls([*build_system_dlls(is_64, SERVICES, GUEST_LIST), *extra])


class World:
    """One process to load into: `files` is the guest's drive by path."""

    def __init__(self, is_64: bool) -> None:
        self.is_64 = is_64
        self.space = FakeSpace(8 if is_64 else 4)
        self.memory = self.space.memory
        self.files: dict[str, bytes] = {}
        self.peb = self.space.allocate(0x1000, 4, 0x7FFD0000)
        search = ImageSearch(make_system(is_64), self._open, "C:\\programs\\", lambda: "C:\\work\\")
        self.linker = Linker(self.space, search)

    def _open(self, path: str) -> BytesImage | None:
        found = {name.lower(): data for name, data in self.files.items()}.get(path.lower())
        return None if found is None else BytesImage(found)

    def start(self, image: bytes, command_line: str = "prog.exe -x") -> ProgramStart:
        parameters = ProcessParameters(
            "C:\\programs\\prog.exe", command_line, "C:\\work", {"PATH": "C:\\Windows", "a": "b"}, 4, 8, 12
        )
        profile = SystemProfile("x64" if self.is_64 else "pae")
        return start_program(self.linker, self.peb, parse_headers(image), BytesImage(image), parameters, profile)
