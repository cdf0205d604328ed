"""Do GetModuleHandle, GetProcAddress and their kin answer as on Windows?"""

from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.loader import image_services, services
from ntmm.nt.memory import PAGE_READWRITE
from ntmm.nt.status import Status, win32_error
from ntmm.nt.win32 import Win32Error
from ntmm.pe.build import UNKNOWN_ORDINALS
from tests.loader.images import TEXT, Image
from tests.loader.world import World

SCRATCH = 0x7FFA0000


class FakeCall:
    """A call of a service by the only thread of a world's process."""

    def __init__(self, world: World) -> None:
        self.memory: Any = world.memory
        self.process = SimpleNamespace(modules=world.linker)
        self.last_error = 0
        world.space.allocate(0x1000, PAGE_READWRITE, SCRATCH)

    def fail(self, status: int) -> int:
        self.last_error = win32_error(status)
        return 0

    def wide(self, text: str, at: int = SCRATCH) -> int:
        self.memory.write(at, text.encode("utf-16-le") + b"\0\0")
        return at

    def narrow(self, text: str, at: int = SCRATCH) -> int:
        self.memory.write(at, text.encode("ascii") + b"\0")
        return at


@pytest.fixture
def call(world: World) -> Any:
    world.files["C:\\work\\own.dll"] = Image(world.is_64, 0x10000000, is_dll=True, exports={"f": TEXT}).build()
    world.start(Image(world.is_64).build())
    return FakeCall(world)


def test_is_a_module_found_by_any_form_of_its_name(call: Any) -> None:
    kernel32 = call.process.modules.modules.by_name("kernel32.dll").base
    assert services.GetModuleHandleW(call, 0) == 0x400000
    for name in ("kernel32", "KERNEL32.DLL", "C:\\Windows\\System32\\kernel32.dll"):
        assert services.GetModuleHandleW(call, call.wide(name)) == kernel32
        assert services.GetModuleHandleA(call, call.narrow(name)) == kernel32
    assert services.GetModuleHandleW(call, call.wide("C:\\kernel32.dll")) == 0
    assert services.GetModuleHandleA(call, call.narrow("gone")) == 0
    assert call.last_error == Win32Error.MOD_NOT_FOUND


def test_is_a_module_found_by_an_address_in_it(call: Any) -> None:
    result = SCRATCH + 0x200
    assert services.GetModuleHandleExW(call, 4 | 2, 0x401234, result) == 1
    assert call.memory.read_pointer(result) == 0x400000
    assert services.GetModuleHandleExW(call, 4 | 2, 0x1234, result) == 0
    assert services.GetModuleHandleExW(call, 1 | 2, 0, result) == 0
    assert call.last_error == Win32Error.INVALID_PARAMETER


def test_are_functions_found_by_name_and_ordinal(call: Any) -> None:
    kernel32 = services.GetModuleHandleA(call, call.narrow("kernel32"))
    sleep = services.GetProcAddress(call, kernel32, call.narrow("Sleep"))
    assert sleep and sleep == services.GetProcAddress(call, kernel32, UNKNOWN_ORDINALS + 1)
    assert services.GetProcAddress(call, kernel32, 2) == 0
    assert services.GetProcAddress(call, kernel32, call.narrow("sleep")) == 0
    assert call.last_error == Win32Error.PROC_NOT_FOUND
    assert services.GetProcAddress(call, 0x1234, call.narrow("Sleep")) == 0
    assert call.last_error == Win32Error.MOD_NOT_FOUND
    assert services.LdrGetProcedureAddress(call, kernel32, 0, 99, SCRATCH) == Status.ORDINAL_NOT_FOUND


def test_is_a_path_cut_as_xp_cuts_it(call: Any) -> None:
    path = "C:\\programs\\prog.exe"
    assert services.GetModuleFileNameW(call, 0, SCRATCH, 260) == len(path)
    assert call.memory.read(SCRATCH, 2 * len(path) + 2) == (path + "\0").encode("utf-16-le")
    assert services.GetModuleFileNameA(call, 0, SCRATCH, 260) == len(path)
    assert call.memory.read(SCRATCH, len(path) + 1) == path.encode() + b"\0"
    call.memory.write(SCRATCH, b"\xaa" * 16)
    assert services.GetModuleFileNameA(call, 0, SCRATCH, 4) == 4
    assert call.memory.read(SCRATCH, 6) == b"C:\\p\xaa\xaa"


def test_are_images_loaded_listed_and_unloaded_for_guest_code(call: Any) -> None:
    memory, width, result = call.memory, call.memory.pointer_size, SCRATCH + 0x200
    assert image_services.NtmmLoadImage(call, call.wide("own"), 0, result) == Status.SUCCESS
    block = memory.read_pointer(result)
    expected = [0x10000000, 0, 1, 0x10001000, 0x10000000, 0]
    assert [memory.read_pointer(block + index * width) for index in range(6)] == expected
    assert image_services.NtmmReleaseBlock(call, block) == Status.SUCCESS
    assert image_services.NtmmReleaseBlock(call, block) == Status.INVALID_PARAMETER_1
    assert image_services.NtmmListImages(call, 3, result) == Status.SUCCESS
    assert memory.read_pointer(memory.read_pointer(result) + 2 * width) == 1
    assert services.DisableThreadLibraryCalls(call, 0x10000000) == 1
    assert image_services.NtmmListImages(call, 3, result) == Status.SUCCESS
    assert memory.read_pointer(memory.read_pointer(result) + 2 * width) == 0
    assert image_services.NtmmUnloadImage(call, 0x10000000, result) == Status.SUCCESS
    block = memory.read_pointer(result)
    assert [memory.read_pointer(block + index * width) for index in range(6)] == expected
    assert image_services.NtmmUnloadImage(call, 0x10000000, result) == Status.DLL_NOT_FOUND
    assert image_services.NtmmReleaseBlock(call, block) == Status.SUCCESS
    assert services.GetModuleHandleW(call, call.wide("own")) == 0


def test_is_what_cannot_be_loaded_answered_with_its_status(call: Any) -> None:
    assert image_services.NtmmLoadImage(call, call.wide("gone"), 0, SCRATCH) == Status.DLL_NOT_FOUND
    assert image_services.NtmmLoadImage(call, call.wide("own"), 2, SCRATCH) == Status.NOT_IMPLEMENTED
    assert image_services.NtmmUnloadImage(call, 0x1234, SCRATCH) == Status.DLL_NOT_FOUND
