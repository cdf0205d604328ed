"""Do snapshots tell what there is, in the structures' documented sizes?"""

import struct
from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.kernel.io.drives import device_path
from ntmm.native.service_table import find_service
from ntmm.nt.win32 import Win32Error
from ntmm.win32.process_modules import EnumProcesses
from ntmm.win32.tlhelp32 import CreateToolhelp32Snapshot
from tests.win32.fake_call import BUFFER


@pytest.fixture
def call(call: Any) -> Any:
    """Two processes, 8 and its child 16; the second thread of the child has ended."""
    threads = [SimpleNamespace(id=number, ended=number == 28, priority=8) for number in (12, 20, 28)]
    module = SimpleNamespace(
        base=0x400000, size=0x5000, is_pinned=True, reference_count=1, name="own.exe", path="C:\\own.exe"
    )
    modules = SimpleNamespace(modules=[module])
    own = SimpleNamespace(id=8, parent_id=4, name="own.exe", threads=threads[:1], ended=False, modules=modules)
    child = SimpleNamespace(id=16, parent_id=8, name="child.exe", threads=threads[1:], ended=False, modules=modules)
    gone = SimpleNamespace(id=32, parent_id=8, name="gone.exe", threads=[], ended=True, modules=modules)
    processes = [own, child, gone]
    call.kernel.ps = SimpleNamespace(
        started_processes=processes, find=lambda number: next((each for each in processes if each.id == number), None)
    )
    return call


def entry(call: Any, name: str, snapshot: int, size: int) -> bytes | None:
    """What a function writes into a structure that says it has `size` bytes; None where it fails."""
    found = find_service("kernel32", name)
    assert found is not None
    call.memory.write(BUFFER, struct.pack("<I", size) + bytes(1200))
    if not found.handler(call, snapshot, BUFFER):
        return None
    return bytes(call.memory.read(BUFFER, size))


def test_does_the_snapshot_list_processes(call: Any) -> None:
    snapshot = CreateToolhelp32Snapshot(call, 2, 0)
    is_64 = call.memory.pointer_size == 8
    name_at, form = (44, "<4xI4x8x4xIIi") if is_64 else (36, "<4xI4x4xIIi")
    rows = []
    for name in ("Process32First", "Process32Next"):
        data = entry(call, name, snapshot, 304 if is_64 else 296)
        assert data is not None
        rows.append((*struct.unpack_from(form, data, 4), data[name_at:].split(b"\0")[0]))
    assert rows == [(8, 1, 4, 8, b"own.exe"), (16, 1, 8, 8, b"child.exe")]
    assert entry(call, "Process32NextW", snapshot, 568) is None
    assert call.last_error == Win32Error.NO_MORE_FILES
    wide = entry(call, "Process32FirstW", snapshot, 568 if is_64 else 556)
    assert wide is not None
    assert wide[name_at : name_at + 14].decode("utf-16-le") == "own.exe"


def test_is_a_structure_that_is_too_small_refused(call: Any) -> None:
    snapshot = CreateToolhelp32Snapshot(call, 2, 0)
    assert entry(call, "Process32First", snapshot, 100) is None
    assert call.last_error == Win32Error.BAD_LENGTH
    assert entry(call, "Thread32First", snapshot, 28) is None
    assert call.last_error == Win32Error.NO_MORE_FILES


def test_does_the_snapshot_list_threads_and_modules(call: Any) -> None:
    snapshot = CreateToolhelp32Snapshot(call, 4 | 8, 16)
    threads = [entry(call, name, snapshot, 28) for name in ("Thread32First", "Thread32Next")]
    assert [struct.unpack_from("<3I", data or b"", 4) for data in threads] == [(0, 12, 8), (0, 20, 16)]
    is_64 = call.memory.pointer_size == 8
    data = entry(call, "Module32First", snapshot, 568 if is_64 else 548)
    assert data is not None
    base, size = struct.unpack_from("<QI" if is_64 else "<II", data, 24 if is_64 else 20)
    name_at = 48 if is_64 else 32
    assert (base, size, data[name_at : name_at + 7]) == (0x400000, 0x5000, b"own.exe")
    assert data[name_at + 256 :].split(b"\0")[0] == b"C:\\own.exe"


@pytest.mark.parametrize(("flags", "process_id", "error"), [(1, 0, 120), (0x40, 0, 87), (8, 999, 87), (8, 32, 87)])
def test_which_snapshots_are_refused(call: Any, flags: int, process_id: int, error: int) -> None:
    assert CreateToolhelp32Snapshot(call, flags, process_id) == -1
    assert call.last_error == error


def test_are_the_ids_of_all_processes_listed_as_far_as_they_fit(call: Any) -> None:
    for size, expected in ((100, (8, 16)), (4, (8,)), (3, ())):
        assert EnumProcesses(call, BUFFER, size, BUFFER + 200) == 1
        written = call.memory.read_u32(BUFFER + 200)
        assert struct.unpack(f"<{written // 4}I", call.memory.read(BUFFER, written)) == expected


def test_how_does_the_kernel_spell_a_path() -> None:
    assert device_path("C:\\a\\b.exe") == "\\Device\\HarddiskVolume1\\a\\b.exe"
