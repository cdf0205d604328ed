import struct
from types import SimpleNamespace
from typing import Any

from ntmm.nt.win32 import Win32Error
from ntmm.win32 import processthreadsapi, sysinfoapi
from tests.win32.fake_call import BUFFER

CANARY = b"\xcc" * 0x200


def test_does_system_info_fill_its_structure_and_no_more(call: Any) -> None:
    call.process.space = SimpleNamespace(user=SimpleNamespace(lowest=0x10000, highest=0x7FFEFFFF))
    call.memory.write(BUFFER, CANARY)
    sysinfoapi.GetSystemInfo(call, BUFFER)
    size = 48 if call.memory.pointer_size == 8 else 36
    assert call.memory.read(BUFFER + size, 8) == CANARY[:8]
    assert call.memory.read_u32(BUFFER + 4) == 4096
    assert call.memory.read_pointer(BUFFER + 8 + call.memory.pointer_size) == 0x7FFEFFFF


def test_what_version_is_told(call: Any) -> None:
    version = call.kernel.profile.version
    for size, pack in ((276, False), (284, True)):
        call.memory.write(BUFFER, struct.pack("<I", size) + CANARY)
        assert sysinfoapi.GetVersionExW(call, BUFFER) == 1
        assert call.memory.read_u32(BUFFER + 12) == version.build
        assert call.wide_at(BUFFER + 20) == "Service Pack 2"
        assert call.memory.read(BUFFER + size, 4) == CANARY[:4]
        assert not pack or call.memory.read_u16(BUFFER + 276) == 2
    call.memory.write_u32(BUFFER, 10)
    assert sysinfoapi.GetVersionExW(call, BUFFER) == 0
    assert call.last_error == Win32Error.INSUFFICIENT_BUFFER


def test_what_memory_is_told(call: Any) -> None:
    status = SimpleNamespace(
        total_physical=64 << 20,
        available_physical=16 << 20,
        commit_limit=6 << 30,
        commit_available=5 << 30,
        total_virtual=2 << 30,
        available_virtual=1 << 30,
    )
    call.kernel.mm = SimpleNamespace(memory_status=lambda process: status)
    call.memory.write_u32(BUFFER, 64)
    assert sysinfoapi.GlobalMemoryStatusEx(call, BUFFER) == 1
    assert struct.unpack("<II4Q", call.memory.read(BUFFER, 40)) == (64, 75, 64 << 20, 16 << 20, 6 << 30, 5 << 30)
    sysinfoapi.GlobalMemoryStatus(call, BUFFER)
    if call.memory.pointer_size == 4:
        assert struct.unpack("<8I", call.memory.read(BUFFER, 32))[4:6] == (0xFFFFFFFF, 0xFFFFFFFF)


def test_does_startup_info_fill_its_structure_and_no_more(call: Any) -> None:
    call.memory.write(BUFFER, CANARY)
    processthreadsapi.GetStartupInfoW(call, BUFFER)
    size = call.memory.read_u32(BUFFER)
    assert size == (104 if call.memory.pointer_size == 8 else 68)
    assert call.memory.read(BUFFER + size, 8) == CANARY[:8]


def test_how_a_name_that_does_not_fit_is_told(call: Any) -> None:
    call.memory.write_u32(BUFFER, 3)
    assert sysinfoapi.GetComputerNameW(call, BUFFER + 8, BUFFER) == 0
    assert (call.last_error, call.memory.read_u32(BUFFER)) == (Win32Error.BUFFER_OVERFLOW, 5)
    assert sysinfoapi.GetComputerNameW(call, BUFFER + 8, BUFFER) == 1
    assert (call.wide_at(BUFFER + 8), call.memory.read_u32(BUFFER)) == ("NTMM", 4)
