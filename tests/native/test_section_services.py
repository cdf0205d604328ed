import struct
from pathlib import Path
from typing import Any

import pytest

from ntmm.kernel.ke.access import GuestFault
from ntmm.kernel.mm.section import Section
from ntmm.kernel.ob import InvalidHandle
from ntmm.native.memory import NtQueryVirtualMemory
from ntmm.native.section import (
    NtAreMappedFilesTheSame,
    NtCreateSection,
    NtExtendSection,
    NtFlushVirtualMemory,
    NtMapViewOfSection,
    NtOpenSection,
    NtUnmapViewOfSection,
)
from ntmm.native.section_information import NtQuerySection
from ntmm.nt.memory import (
    MEM_COMMIT,
    PAGE_EXECUTE_READ,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
    SEC_BASED,
    SEC_COMMIT,
    SEC_FILE,
    SEC_IMAGE,
    SEC_LARGE_PAGES,
    SEC_NO_CHANGE,
    SEC_RESERVE,
    SECTION_ALL_ACCESS,
    SECTION_EXTEND_SIZE,
    SECTION_MAP_READ,
    SECTION_QUERY,
)
from ntmm.nt.status import Status
from ntmm.win32.fileapi.create import CreateFileW
from tests.native.test_file_services import object_attributes
from tests.win32.fake_call import BUFFER
from tests.win32.fake_sections import VIEW, FakeSections

SELF = -1
HANDLE, SIZE, BASE, OFFSET, IO_STATUS, DATA = (BUFFER + 0x40 * at for at in range(6))
PROGRAM = Path(__file__).parents[2] / "programs" / "bin" / "x86" / "hello.exe"


@pytest.fixture
def mm(call: Any) -> FakeSections:
    call.kernel.mm = FakeSections(call.memory.pointer_size)
    return call.kernel.mm  # type: ignore[no-any-return]


def create(
    call: Any,
    size: int = 0x5000,
    protection: int = PAGE_READWRITE,
    attributes: int = SEC_COMMIT,
    file: int = 0,
    access: int = SECTION_ALL_ACCESS,
    named: int = 0,
) -> int:
    call.memory.write_u64(SIZE, size)
    return NtCreateSection(call, HANDLE, access, named, SIZE if size else 0, protection, attributes, file)


def made(call: Any, **more: int) -> int:
    assert create(call, **more) == Status.SUCCESS
    return int(call.memory.read_u32(HANDLE))


def open_file(call: Any, access: int = 0x80000000, name: str = "f") -> int:
    return CreateFileW(call, call.wide(name), access, 7, 0, 4, 0x80, 0)


def map_view(
    call: Any,
    section: int,
    base: int = 0,
    zero_bits: int = 0,
    commit: int = 0,
    offset: int = 0,
    size: int = 0,
    inherit: int = 2,
    allocation_type: int = 0,
    protection: int = PAGE_READWRITE,
) -> int:
    call.memory.write_pointer(BASE, base)
    call.memory.write_u64(OFFSET, offset)
    call.memory.write_pointer(SIZE, size)
    return NtMapViewOfSection(
        call, section, SELF, BASE, zero_bits, commit, OFFSET, SIZE, inherit, allocation_type, protection
    )


@pytest.mark.parametrize(
    ("attributes", "protection", "size", "status"),
    [
        (0, PAGE_READWRITE, 1, Status.INVALID_PARAMETER_6),
        (1 | SEC_COMMIT, PAGE_READWRITE, 1, Status.INVALID_PARAMETER_6),
        (SEC_COMMIT | SEC_RESERVE, PAGE_READWRITE, 1, Status.INVALID_PARAMETER_6),
        (SEC_IMAGE | SEC_COMMIT, PAGE_READWRITE, 1, Status.INVALID_PARAMETER_6),
        (SEC_IMAGE | SEC_LARGE_PAGES, PAGE_READWRITE, 1, Status.INVALID_PARAMETER_6),
        (SEC_IMAGE | SEC_NO_CHANGE, PAGE_READWRITE, 1, Status.INVALID_PARAMETER_6),
        (SEC_COMMIT, 0, 1, Status.INVALID_PAGE_PROTECTION),
        (SEC_COMMIT, PAGE_NOACCESS, 1 << 39, Status.INVALID_PAGE_PROTECTION),
        (SEC_COMMIT, PAGE_READWRITE | 0x100, 1, Status.INVALID_PAGE_PROTECTION),
        (SEC_COMMIT, PAGE_READWRITE | 0x200, 1, Status.INVALID_PAGE_PROTECTION),
        (SEC_COMMIT, PAGE_READWRITE, 0, Status.INVALID_PARAMETER_4),
        (SEC_IMAGE, PAGE_READWRITE, 0, Status.INVALID_FILE_FOR_SECTION),
        (SEC_COMMIT, PAGE_READWRITE, (1 << 64) - 1, Status.SECTION_TOO_BIG),
    ],
)
def test_which_sections_are_refused(
    call: Any, mm: FakeSections, attributes: int, protection: int, size: int, status: Status
) -> None:
    assert create(call, size, protection, attributes) == status
    assert (mm.calls, len(call.process.handles)) == ([], 0)


def test_are_parameters_looked_at_before_handles(call: Any, mm: FakeSections) -> None:
    assert create(call, attributes=0, file=0x444) == Status.INVALID_PARAMETER_6
    assert create(call, file=0x444) == Status.INVALID_HANDLE
    assert map_view(call, 0x444, zero_bits=60) == Status.INVALID_PARAMETER_4
    assert map_view(call, 0x444) == Status.INVALID_HANDLE


def test_does_a_folder_have_no_section(call: Any, mm: FakeSections, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    folder = CreateFileW(call, call.wide("d"), 0x80000000, 7, 0, 3, 0x02000000, 0)
    assert create(call, protection=PAGE_READONLY, file=folder) == Status.INVALID_FILE_FOR_SECTION
    nothing = open_file(call, 0x80000000, "NUL")
    assert create(call, protection=PAGE_READONLY, file=nothing) == Status.INVALID_FILE_FOR_SECTION


def test_must_the_file_be_open_for_what_the_section_allows(call: Any, mm: FakeSections) -> None:
    assert create(call, file=open_file(call)) == Status.ACCESS_DENIED
    assert create(call, protection=PAGE_EXECUTE_READ, file=open_file(call)) == Status.ACCESS_DENIED
    assert create(call, file=open_file(call, 0xC0000000)) == Status.SUCCESS


def test_is_a_section_found_by_its_name(call: Any, mm: FakeSections) -> None:
    named = object_attributes(call, "\\BaseNamedObjects\\one")
    first = call.process.handles.lookup(made(call, named=named))
    assert create(call, named=named) == Status.OBJECT_NAME_COLLISION
    call.memory.write_u32(named + 3 * call.memory.pointer_size, 0x80)
    assert create(call, named=named) == Status.OBJECT_NAME_EXISTS
    assert call.process.handles.lookup(call.memory.read_u32(HANDLE)) is first
    assert NtOpenSection(call, HANDLE, SECTION_MAP_READ, named) == Status.SUCCESS
    entry = call.process.handles.entry(call.memory.read_u32(HANDLE))
    assert (entry.object, entry.access) == (first, SECTION_MAP_READ)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("\\BaseNamedObjects\\none", Status.OBJECT_NAME_NOT_FOUND),
        ("\\Nowhere\\none", Status.OBJECT_PATH_NOT_FOUND),
        ("none", Status.OBJECT_PATH_SYNTAX_BAD),
    ],
)
def test_which_names_lead_nowhere(call: Any, mm: FakeSections, name: str, status: Status) -> None:
    assert NtOpenSection(call, HANDLE, SECTION_MAP_READ, object_attributes(call, name)) == status


@pytest.mark.parametrize(
    ("generic", "specific"),
    [(0x80000000, 0x20005), (0x40000000, 0x20002), (0x20000000, 0x20008), (0x10000000, 0xF001F)],
)
def test_what_do_generic_rights_mean(call: Any, mm: FakeSections, generic: int, specific: int) -> None:
    assert call.process.handles.entry(made(call, access=generic)).access == specific


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"zero_bits": 60}, Status.INVALID_PARAMETER_4),
        ({"inherit": 0}, Status.INVALID_PARAMETER_8),
        ({"inherit": 3}, Status.INVALID_PARAMETER_8),
        ({"allocation_type": MEM_COMMIT}, Status.INVALID_PARAMETER_9),
        ({"protection": 0}, Status.INVALID_PAGE_PROTECTION),
        ({"base": 0xFFFF0000}, Status.INVALID_PARAMETER_3),
        ({"size": 0xFFFFFFFF}, Status.INVALID_PARAMETER_3),
        ({"base": 0x30001000}, Status.MAPPED_ALIGNMENT),
        ({"offset": 0x1000}, Status.MAPPED_ALIGNMENT),
    ],
)
def test_which_views_are_refused(call: Any, mm: FakeSections, request_: dict[str, int], status: Status) -> None:
    section = made(call)
    if call.memory.pointer_size == 8:
        request_ = {
            name: value | 0xFFFFFFFF00000000 if value >= 0xFFFF0000 else value for name, value in request_.items()
        }
    assert map_view(call, section, **request_) == status
    assert [name for name, *_ in mm.calls] == ["section"]


def test_does_a_view_need_the_right_to_map(call: Any, mm: FakeSections) -> None:
    assert map_view(call, made(call, access=SECTION_QUERY)) == Status.ACCESS_DENIED
    assert map_view(call, made(call, access=SECTION_MAP_READ)) == Status.ACCESS_DENIED
    assert map_view(call, made(call, access=SECTION_MAP_READ), protection=PAGE_READONLY) == Status.SUCCESS


def test_is_told_where_the_view_lies(call: Any, mm: FakeSections) -> None:
    section = made(call)
    assert map_view(call, section, 0x40000000, 0, 0x1000, 0x10000, 0x2000, 1, 0x100000) == Status.SUCCESS
    found = call.process.handles.lookup(section, Section)
    assert mm.calls[-1] == ("map", found, 0x40000000, 0, 0x1000, 0x10000, 0x2000, 1, 0x100000, PAGE_READWRITE)
    told = (call.memory.read_pointer(BASE), call.memory.read_u64(OFFSET), call.memory.read_pointer(SIZE))
    assert told == (VIEW, 0x10000, 0x2000)


def test_is_nothing_told_of_a_view_that_is_not(call: Any, mm: FakeSections) -> None:
    section = made(call)
    mm.status = Status.CONFLICTING_ADDRESSES
    assert map_view(call, section, 0x40000000) == Status.CONFLICTING_ADDRESSES
    assert call.memory.read_pointer(BASE) == 0x40000000
    with pytest.raises(GuestFault):
        NtMapViewOfSection(call, section, SELF, 0, 0, 0, 0, SIZE, 2, 0, PAGE_READWRITE)
    assert NtMapViewOfSection(call, section, 0x444, BASE, 0, 0, 0, SIZE, 2, 0, PAGE_READWRITE) == Status.INVALID_HANDLE


def test_is_a_view_unmapped(call: Any, mm: FakeSections) -> None:
    assert NtUnmapViewOfSection(call, SELF, VIEW) == Status.SUCCESS
    assert mm.calls == [("unmap", VIEW)]
    assert NtUnmapViewOfSection(call, 0x444, VIEW) == Status.INVALID_HANDLE


def test_does_a_section_grow_only_by_a_handle_for_that(call: Any, mm: FakeSections) -> None:
    call_size = SIZE + 8
    weak, strong = made(call, access=SECTION_MAP_READ), made(call, access=SECTION_EXTEND_SIZE)
    call.memory.write_u64(call_size, 0x9000)
    assert NtExtendSection(call, weak, call_size) == Status.ACCESS_DENIED
    assert NtExtendSection(call, strong, call_size) == Status.SUCCESS
    call.memory.write_u64(call_size, 0x1000)
    assert NtExtendSection(call, strong, call_size) == Status.SUCCESS
    assert call.memory.read_u64(call_size) == 0x5000
    mm.status = Status.SECTION_NOT_EXTENDED
    assert NtExtendSection(call, strong, call_size) == Status.SECTION_NOT_EXTENDED


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        (SEC_COMMIT, SEC_COMMIT),
        (SEC_RESERVE, SEC_RESERVE),
        (SEC_COMMIT | SEC_BASED, SEC_COMMIT | SEC_BASED),
    ],
)
def test_what_is_known_of_a_section(call: Any, mm: FakeSections, attributes: int, told: int) -> None:
    handle, is_64 = made(call, attributes=attributes), call.memory.pointer_size == 8
    form = struct.Struct("<QI4xQ" if is_64 else "<IIQ")
    assert NtQuerySection(call, handle, 0, DATA, form.size, SIZE) == Status.SUCCESS
    assert form.unpack(call.memory.read(DATA, form.size)) == (0, told, 0x5000)
    assert call.memory.read_pointer(SIZE) == form.size
    assert NtQuerySection(call, handle, 0, DATA, form.size - 1, 0) == Status.INFO_LENGTH_MISMATCH
    assert NtQuerySection(call, handle, 1, DATA, 64, 0) == Status.SECTION_NOT_IMAGE
    assert NtQuerySection(call, handle, 7, DATA, 64, 0) == Status.INVALID_INFO_CLASS


def test_is_a_file_told_of_as_a_file(call: Any, mm: FakeSections) -> None:
    handle = made(call, file=open_file(call, 0xC0000000))
    NtQuerySection(call, handle, 0, DATA, 24, 0)
    assert call.memory.read_u32(DATA + call.memory.pointer_size) == SEC_FILE


def test_is_the_right_to_query_needed(call: Any, mm: FakeSections) -> None:
    assert NtQuerySection(call, made(call, access=SECTION_MAP_READ), 0, DATA, 24, 0) == Status.ACCESS_DENIED


def test_what_is_known_of_an_image(call: Any, mm: FakeSections, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(PROGRAM.read_bytes())
    handle = made(call, size=0, protection=PAGE_READONLY, attributes=SEC_IMAGE, file=open_file(call))
    assert mm.calls[0][:2] == ("image", "c:\\f")
    length = 64 if call.memory.pointer_size == 8 else 48
    assert NtQuerySection(call, handle, 1, DATA, length, SIZE) == Status.SUCCESS
    form = "<QI4xQQ I HH I HHHBB III" if length == 64 else "<4I I HH I HHHBB III"
    entry, _, reserve, _, subsystem, _, _, _, _, _, machine, code, *_ = struct.unpack(
        form, call.memory.read(DATA, length)
    )
    assert (subsystem, machine, code, reserve) == (3, 0x14C, 1, 0x100000)
    assert 0x400000 < entry < 0x500000
    expected = Status.SUCCESS if length == 48 else Status.IMAGE_MACHINE_TYPE_MISMATCH
    assert map_view(call, handle, protection=PAGE_READONLY) == expected
    assert NtQuerySection(call, handle, 0, DATA, 24, 0) == Status.SUCCESS
    assert call.memory.read_u32(DATA + call.memory.pointer_size) == SEC_FILE | SEC_IMAGE


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", Status.INVALID_FILE_FOR_SECTION),
        (b"text", Status.INVALID_IMAGE_NOT_MZ),
        (b"MZ" + bytes(100), Status.INVALID_IMAGE_PROTECT),
        (b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"NE" + bytes(100), Status.INVALID_IMAGE_WIN_16),
    ],
)
def test_which_files_are_no_images(call: Any, mm: FakeSections, tmp_path: Path, data: bytes, status: Status) -> None:
    (tmp_path / "f").write_bytes(data)
    assert create(call, 0, PAGE_READONLY, SEC_IMAGE, open_file(call)) == status


def test_is_the_range_told_that_was_flushed(call: Any, mm: FakeSections) -> None:
    call.memory.write_pointer(BASE, VIEW + 0x123)
    call.memory.write_pointer(SIZE, 0x2001)
    assert NtFlushVirtualMemory(call, SELF, BASE, SIZE, IO_STATUS) == Status.SUCCESS
    assert mm.calls == [("flush", VIEW + 0x123, 0x2001)]
    assert (call.memory.read_pointer(BASE), call.memory.read_pointer(SIZE)) == (VIEW, 0x3000)
    mm.status = Status.NOT_MAPPED_VIEW
    assert NtFlushVirtualMemory(call, SELF, BASE, SIZE, IO_STATUS) == Status.NOT_MAPPED_VIEW
    assert call.memory.read_u32(IO_STATUS) == Status.NOT_MAPPED_VIEW


def test_are_two_views_compared(call: Any, mm: FakeSections) -> None:
    mm.status = Status.NOT_SAME_DEVICE
    assert NtAreMappedFilesTheSame(call, 0x10000, 0x20000) == Status.NOT_SAME_DEVICE
    assert mm.calls == [("same", 0x10000, 0x20000)]


def test_is_a_mapped_file_named(call: Any, mm: FakeSections) -> None:
    pointer, length = call.memory.pointer_size, 2 * len(mm.name)
    needed = 2 * pointer + length + 2
    assert NtQueryVirtualMemory(call, SELF, VIEW, 2, DATA, needed, SIZE) == Status.SUCCESS
    assert struct.unpack("<HH", call.memory.read(DATA, 4)) == (length, length + 2)
    assert call.wide_at(call.memory.read_pointer(DATA + pointer)) == mm.name
    assert NtQueryVirtualMemory(call, SELF, VIEW, 2, DATA, needed - 1, SIZE) == Status.BUFFER_OVERFLOW
    assert call.memory.read_pointer(SIZE) == needed
    assert NtQueryVirtualMemory(call, SELF, VIEW, 2, DATA, 4, 0) == Status.INFO_LENGTH_MISMATCH
    mm.status = Status.INVALID_ADDRESS
    assert NtQueryVirtualMemory(call, SELF, VIEW, 2, DATA, needed, 0) == Status.INVALID_ADDRESS
    with pytest.raises(InvalidHandle):
        NtQueryVirtualMemory(call, 0x444, VIEW, 2, DATA, needed, 0)
