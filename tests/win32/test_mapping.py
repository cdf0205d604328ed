from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ntmm.kernel.mm.section import Section
from ntmm.kernel.ob import Event
from ntmm.nt.memory import (
    PAGE_EXECUTE_READ,
    PAGE_EXECUTE_READWRITE,
    PAGE_EXECUTE_WRITECOPY,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
    PAGE_WRITECOPY,
    SEC_COMMIT,
    SEC_IMAGE,
    SEC_NOCACHE,
    SEC_RESERVE,
)
from ntmm.nt.status import Status
from ntmm.nt.win32 import Win32Error
from ntmm.win32 import psapi
from ntmm.win32.fileapi.create import CreateFileW
from ntmm.win32.handleapi import CloseHandle, DuplicateHandle
from ntmm.win32.memoryapi import mapping
from tests.win32.fake_call import BUFFER
from tests.win32.fake_sections import VIEW, FakeSections

MEMORY = -1
COPY, WRITE, READ, EXECUTE = 1, 2, 4, 0x20


@pytest.fixture
def mm(call: Any) -> FakeSections:
    call.kernel.mm = FakeSections(call.memory.pointer_size)
    return call.kernel.mm  # type: ignore[no-any-return]


def open_file(call: Any, access: int, name: str = "data.bin") -> int:
    return CreateFileW(call, call.wide(name), access, 7, 0, 4, 0x80, 0)


def create(call: Any, file: int, protect: int, size: int = 0, name: str | None = None) -> int:
    text = call.wide(name) if name is not None else 0
    return mapping.CreateFileMappingW(call, file, 0, protect, size >> 32, size & 0xFFFFFFFF, text)


def memory(call: Any, protect: int = PAGE_READWRITE, name: str | None = None) -> int:
    return create(call, MEMORY, protect, 0x5000, name)


@pytest.mark.parametrize("protect", [0, PAGE_NOACCESS, 0x10, PAGE_READWRITE | 0x100, PAGE_READWRITE | 0x200, 6])
def test_which_protections_does_no_mapping_have(call: Any, mm: FakeSections, protect: int) -> None:
    assert memory(call, protect) == 0
    assert (mm.calls, call.last_error) == ([], Win32Error.INVALID_PARAMETER)


def test_does_memory_need_a_size(call: Any, mm: FakeSections) -> None:
    assert create(call, MEMORY, PAGE_READWRITE) == 0
    assert (mm.calls, call.last_error) == ([], Win32Error.INVALID_PARAMETER)


@pytest.mark.parametrize(
    ("protect", "attributes"),
    [
        (PAGE_READWRITE, SEC_COMMIT),
        (PAGE_READWRITE | SEC_RESERVE, SEC_RESERVE),
        (PAGE_READWRITE | SEC_COMMIT | SEC_NOCACHE, SEC_COMMIT | SEC_NOCACHE),
    ],
)
def test_what_is_the_section_made_of(call: Any, mm: FakeSections, protect: int, attributes: int) -> None:
    assert create(call, MEMORY, protect, 0x123456789) == 4
    assert mm.calls == [("section", None, 0x123456789, PAGE_READWRITE, attributes)]
    assert call.last_error == 0


@pytest.mark.parametrize(
    "attributes", [SEC_COMMIT | SEC_RESERVE, SEC_IMAGE | SEC_COMMIT, SEC_NOCACHE, 0x800000 | SEC_COMMIT]
)
def test_which_attributes_exclude_each_other(call: Any, mm: FakeSections, attributes: int) -> None:
    assert memory(call, PAGE_READWRITE | attributes) == 0
    assert (mm.calls, call.last_error) == ([], Win32Error.INVALID_PARAMETER)


def test_is_a_file_mapped_with_the_size_it_has(call: Any, mm: FakeSections, tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(bytes(0x1234))
    handle = create(call, open_file(call, 0x80000000), PAGE_READONLY)
    section = call.process.handles.lookup(handle, Section)
    assert (section.size, mm.calls[0][1].name) == (0x1234, "\\data.bin")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (Status.MAPPED_FILE_SIZE_ZERO, 1006),
        (Status.SECTION_TOO_BIG, 8),
        (Status.COMMITMENT_LIMIT, 1455),
        (Status.INSUFFICIENT_RESOURCES, 1450),
        (Status.DISK_FULL, 112),
    ],
)
def test_is_the_reason_told_why_there_is_no_section(call: Any, mm: FakeSections, status: Status, error: int) -> None:
    mm.status = status
    assert create(call, open_file(call, 0xC0000000), PAGE_READWRITE, 1) == 0
    assert call.last_error == error


@pytest.mark.parametrize(
    ("access", "protect", "error"),
    [
        (0x80000000, PAGE_READWRITE, 5),
        (0x40000000, PAGE_READONLY, 5),
        (0, PAGE_READONLY, 5),
        (0x80000000, PAGE_EXECUTE_READ, 5),
        (0x80000000, PAGE_WRITECOPY, 0),
        (0xC0000000, PAGE_READWRITE, 0),
        (0xE0000000, PAGE_EXECUTE_READWRITE, 0),
    ],
)
def test_which_rights_must_the_file_have(call: Any, mm: FakeSections, access: int, protect: int, error: int) -> None:
    assert bool(create(call, open_file(call, access), protect, 10)) is (error == 0)
    assert call.last_error == error


def test_are_bad_handles_told(call: Any, mm: FakeSections) -> None:
    assert create(call, 0x444, PAGE_READONLY) == 0
    assert call.last_error == Win32Error.INVALID_HANDLE
    assert mapping.MapViewOfFile(call, 0x444, READ, 0, 0, 0) == 0
    assert call.last_error == Win32Error.INVALID_HANDLE
    assert mapping.MapViewOfFile(call, open_file(call, 0x80000000), READ, 0, 0, 0) == 0
    assert call.last_error == Win32Error.INVALID_HANDLE


def test_is_what_is_no_image_refused(call: Any, mm: FakeSections, tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"no image")
    file = open_file(call, 0x80000000)
    assert create(call, file, PAGE_READONLY | SEC_IMAGE) == 0
    assert call.last_error == Win32Error.BAD_EXE_FORMAT
    assert CloseHandle(call, file) == 1
    assert call.kernel.volume.changes() == []


def test_does_a_name_lead_to_the_section_that_has_it(call: Any, mm: FakeSections) -> None:
    first = memory(call, name="Local\\one")
    assert call.last_error == 0
    second = create(call, MEMORY, PAGE_READONLY, 0x9000, "one")
    assert call.last_error == Win32Error.ALREADY_EXISTS
    third = mapping.OpenFileMappingA(call, READ, 0, call.ansi("one"))
    sections = {call.process.handles.lookup(handle, Section) for handle in (first, second, third)}
    assert [section.size for section in sections] == [0x5000]
    assert mm.calls[-1] == ("released",)
    for handle in (first, second, third):
        CloseHandle(call, handle)
    assert mapping.OpenFileMappingW(call, READ, 0, call.wide("one")) == 0
    assert call.last_error == Win32Error.FILE_NOT_FOUND


def test_is_the_name_of_another_object_refused(call: Any, mm: FakeSections) -> None:
    event = Event(SimpleNamespace(), True, False)  # type: ignore[arg-type]
    call.process.handles.insert(event)
    call.kernel.names.insert("event", event)
    assert memory(call, name="event") == 0
    assert call.last_error == Win32Error.INVALID_HANDLE
    assert mapping.OpenFileMappingW(call, READ, 0, call.wide("event")) == 0
    assert call.last_error == Win32Error.INVALID_HANDLE
    assert mapping.OpenFileMappingW(call, READ, 0, 0) == 0
    assert call.last_error == Win32Error.INVALID_PARAMETER


@pytest.mark.parametrize(
    ("access", "protection"),
    [
        (0, PAGE_NOACCESS),
        (COPY, PAGE_WRITECOPY),
        (READ, PAGE_READONLY),
        (WRITE, PAGE_READWRITE),
        (READ | WRITE, PAGE_READWRITE),
        (COPY | WRITE, PAGE_READWRITE),
        (COPY | READ, PAGE_READONLY),
        (0xF001F, PAGE_READWRITE),
        (EXECUTE, PAGE_NOACCESS),
        (READ | EXECUTE, PAGE_EXECUTE_READ),
        (WRITE | EXECUTE, PAGE_EXECUTE_READWRITE),
        (COPY | EXECUTE, PAGE_EXECUTE_WRITECOPY),
    ],
)
def test_what_may_be_done_in_a_view(call: Any, mm: FakeSections, access: int, protection: int) -> None:
    assert mapping.view_protection(access) == protection
    handle = memory(call, PAGE_EXECUTE_READWRITE)
    assert mapping.MapViewOfFile(call, handle, access, 1, 0x20000, 0x3000) == VIEW
    section = call.process.handles.lookup(handle)
    assert mm.calls[-1] == ("map", section, 0, 0, 0, 0x1_0002_0000, 0x3000, 2, 0, protection)


@pytest.mark.parametrize(
    ("protect", "access", "error"),
    [
        (PAGE_READONLY, WRITE, 5),
        (PAGE_WRITECOPY, WRITE, 5),
        (PAGE_READWRITE, READ | EXECUTE, 5),
        (PAGE_READONLY, COPY, 0),
        (PAGE_EXECUTE_READ, READ | EXECUTE, 0),
    ],
)
def test_which_views_does_the_creators_handle_allow(
    call: Any, mm: FakeSections, protect: int, access: int, error: int
) -> None:
    assert bool(mapping.MapViewOfFile(call, memory(call, protect), access, 0, 0, 0)) is (error == 0)
    assert call.last_error == error


@pytest.mark.parametrize(
    ("opened", "access", "error"),
    [
        (READ, READ, 0),
        (READ, WRITE, 5),
        (READ, COPY, 0),
        (READ, 0, 0),
        (WRITE, WRITE, 0),
        (WRITE, READ, 5),
        (COPY, COPY, 0),
        (COPY, READ, 0),
        (COPY, WRITE, 5),
        (EXECUTE | READ, READ | EXECUTE, 0),
        (0xF001F, WRITE, 0),
    ],
)
def test_which_views_does_an_opened_handle_allow(
    call: Any, mm: FakeSections, opened: int, access: int, error: int
) -> None:
    memory(call, PAGE_EXECUTE_READWRITE, "shared")
    handle = mapping.OpenFileMappingW(call, opened, 0, call.wide("shared"))
    call.last_error = 0
    assert bool(mapping.MapViewOfFile(call, handle, access, 0, 0, 0)) is (error == 0)
    assert call.last_error == error


def test_does_a_duplicate_with_fewer_rights_allow_less(call: Any, mm: FakeSections) -> None:
    assert DuplicateHandle(call, -1, memory(call), -1, BUFFER, READ, 0, 0) == 1
    duplicate = call.memory.read_u32(BUFFER)
    assert mapping.MapViewOfFile(call, duplicate, WRITE, 0, 0, 0) == 0
    assert call.last_error == Win32Error.ACCESS_DENIED
    assert mapping.MapViewOfFile(call, duplicate, READ, 0, 0, 0) == VIEW


@pytest.mark.parametrize(
    ("low", "base", "error"), [(0x1000, 0, 1132), (0x18000, 0, 1132), (0, 0x250010, 1132), (0, 0x7FFFFFFF0000, 87)]
)
def test_which_places_can_no_view_have(call: Any, mm: FakeSections, low: int, base: int, error: int) -> None:
    base = min(base, 0xFFFF0000) if call.memory.pointer_size == 4 else base
    assert mapping.MapViewOfFileEx(call, memory(call), READ, 0, low, 0, base) == 0
    assert call.last_error == error
    assert mm.calls[-1][0] == "section"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (Status.CONFLICTING_ADDRESSES, 487),
        (Status.INVALID_VIEW_SIZE, 5),
        (Status.NO_MEMORY, 8),
        (Status.COMMITMENT_LIMIT, 1455),
        (Status.SECTION_PROTECTION, 87),
    ],
)
def test_is_the_reason_told_why_there_is_no_view(call: Any, mm: FakeSections, status: Status, error: int) -> None:
    handle = memory(call)
    mm.status = status
    assert mapping.MapViewOfFileEx(call, handle, READ, 0, 0, 0, 0x250000) == 0
    assert (call.last_error, mm.calls[-1][2]) == (error, 0x250000)


def test_is_an_image_that_lies_elsewhere_mapped(call: Any, mm: FakeSections) -> None:
    handle = memory(call)
    mm.status = Status.IMAGE_NOT_AT_BASE
    assert mapping.MapViewOfFile(call, handle, READ, 0, 0, 0) == VIEW


def test_is_a_view_unmapped_by_any_address(call: Any, mm: FakeSections) -> None:
    assert mapping.UnmapViewOfFile(call, VIEW + 5) == 1
    assert mm.calls == [("unmap", VIEW + 5)]
    mm.status = Status.NOT_MAPPED_VIEW
    assert mapping.UnmapViewOfFile(call, VIEW) == 0
    assert call.last_error == Win32Error.INVALID_ADDRESS


@pytest.mark.parametrize(
    ("status", "result", "error"),
    [
        (Status.SUCCESS, 1, 0),
        (Status.NOT_MAPPED_DATA, 1, 0),
        (Status.NOT_MAPPED_VIEW, 0, 487),
        (Status.DISK_FULL, 0, 112),
    ],
)
def test_what_does_flushing_tell(call: Any, mm: FakeSections, status: Status, result: int, error: int) -> None:
    mm.status, call.last_error = status, 0
    assert mapping.FlushViewOfFile(call, VIEW, 10) == result
    assert (mm.calls, call.last_error) == ([("flush", VIEW, 10)], error)


@pytest.mark.parametrize("name", ["GetMappedFileNameW", "K32GetMappedFileNameW"])
def test_is_the_mapped_file_named(call: Any, mm: FakeSections, name: str) -> None:
    function = getattr(psapi, name)
    assert function(call, -1, VIEW, BUFFER, 260) == len(mm.name)
    assert call.wide_at(BUFFER) == mm.name
    call.last_error = 0
    assert function(call, -1, VIEW, BUFFER, 8) == 7
    assert (call.wide_at(BUFFER), call.last_error) == ("\\Device", Win32Error.INSUFFICIENT_BUFFER)


@pytest.mark.parametrize("name", ["GetMappedFileNameA", "K32GetMappedFileNameA"])
def test_is_the_mapped_file_named_in_ansi(call: Any, mm: FakeSections, name: str) -> None:
    assert getattr(psapi, name)(call, -1, VIEW, BUFFER, 260) == len(mm.name)
    assert call.memory.read_cstring(BUFFER) == mm.name.encode()


@pytest.mark.parametrize(("status", "error"), [(Status.INVALID_ADDRESS, 487), (Status.FILE_INVALID, 1006)])
def test_where_is_no_mapped_file(call: Any, mm: FakeSections, status: Status, error: int) -> None:
    mm.status = status
    assert psapi.GetMappedFileNameW(call, -1, VIEW, BUFFER, 260) == 0
    assert call.last_error == error
    assert psapi.GetMappedFileNameW(call, -1, VIEW, BUFFER, 0) == 0
    assert call.last_error == Win32Error.INSUFFICIENT_BUFFER
    assert psapi.GetMappedFileNameW(call, 0x444, VIEW, BUFFER, 260) == 0
    assert call.last_error == Win32Error.INVALID_HANDLE
