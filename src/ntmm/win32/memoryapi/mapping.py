"""File mappings: CreateFileMapping, OpenFileMapping, MapViewOfFile and its family. Sizes and offsets in bytes."""

from typing import Final

from ntmm.kernel.mm.space.map import ViewRequest
from ntmm.native.call import Call
from ntmm.native.named_section import open_section
from ntmm.native.section import SectionRequest, create_section, map_view
from ntmm.native.service_table import service
from ntmm.nt.memory import (
    PAGE_EXECUTE_READ,
    PAGE_EXECUTE_READWRITE,
    PAGE_EXECUTE_WRITECOPY,
    PAGE_NOACCESS,
    PAGE_READONLY,
    PAGE_READWRITE,
    PAGE_WRITECOPY,
    SEC_COMMIT,
    SEC_FILE,
    SEC_IMAGE,
    SEC_LARGE_PAGES,
    SEC_NOCACHE,
    SEC_RESERVE,
    SECTION_MAP_EXECUTE,
    SECTION_MAP_READ,
    SECTION_MAP_WRITE,
    SECTION_QUERY,
    VIEW_UNMAP,
)
from ntmm.nt.status import Status, is_success
from ntmm.nt.win32 import Win32Error
from ntmm.win32.failing import INVALID_HANDLE_VALUE, Win32Failure, failing
from ntmm.win32.named_objects import creating, opening, read_object_name
from ntmm.win32.text import ANSI, WIDE, StringKind

FILE_MAP_COPY: Final = 0x01
FILE_MAP_WRITE: Final = 0x02
FILE_MAP_READ: Final = 0x04
FILE_MAP_EXECUTE: Final = 0x20

_SECTION_FLAGS: Final = SEC_FILE | SEC_IMAGE | SEC_RESERVE | SEC_COMMIT | SEC_NOCACHE | SEC_LARGE_PAGES
_STANDARD_RIGHTS_REQUIRED: Final = 0xF0000
_READABLE: Final = _STANDARD_RIGHTS_REQUIRED | SECTION_QUERY | SECTION_MAP_READ
_GRANTED: Final = {
    PAGE_READONLY: _READABLE,
    PAGE_WRITECOPY: _READABLE,
    PAGE_READWRITE: _READABLE | SECTION_MAP_WRITE,
    PAGE_EXECUTE_READ: _READABLE | SECTION_MAP_EXECUTE,
    PAGE_EXECUTE_WRITECOPY: _READABLE | SECTION_MAP_EXECUTE,
    PAGE_EXECUTE_READWRITE: _READABLE | SECTION_MAP_WRITE | SECTION_MAP_EXECUTE,
}
"""By page protection: the rights of the handle that CreateFileMapping answers."""


def _create(call: Call, file: int, security: int, protect: int, size: int, name: str) -> int:
    attributes, protection = protect & _SECTION_FLAGS, protect & ~_SECTION_FLAGS
    if protection not in _GRANTED:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if file == INVALID_HANDLE_VALUE:
        if not size:
            raise Win32Failure(Win32Error.INVALID_PARAMETER)
        file = 0
    request = SectionRequest(_GRANTED[protection], size, protection, attributes or SEC_COMMIT, file)
    status, handle = create_section(call, request, creating(call, name, security))
    if not is_success(status):
        return call.fail(status)
    call.set_last_error(Win32Error.ALREADY_EXISTS if status == Status.OBJECT_NAME_EXISTS else Win32Error.SUCCESS)
    return handle


@service("kernel32", "CreateFileMappingW", "h p u32 u32 u32 p")
@failing(0)
def CreateFileMappingW(call: Call, file: int, security: int, protect: int, high: int, low: int, name: int) -> int:
    """A section over a file, or over the paging file for INVALID_HANDLE_VALUE; size 0 means that of the file.

    A name that exists gives a handle to that section, whose size stays what it is, and last error ALREADY_EXISTS (183).
    """
    return _create(call, file, security, protect, high << 32 | low, read_object_name(call, WIDE, name))


@service("kernel32", "CreateFileMappingA", "h p u32 u32 u32 p")
@failing(0)
def CreateFileMappingA(call: Call, file: int, security: int, protect: int, high: int, low: int, name: int) -> int:
    """CreateFileMappingW with an ANSI name."""
    return _create(call, file, security, protect, high << 32 | low, read_object_name(call, ANSI, name))


def _open(call: Call, access: int, inherit: int, kind: StringKind, name: int) -> int:
    if not name:
        raise Win32Failure(Win32Error.INVALID_PARAMETER)
    if access == FILE_MAP_COPY:
        access = SECTION_MAP_READ
    elif access & FILE_MAP_EXECUTE:
        access = access & ~FILE_MAP_EXECUTE | SECTION_MAP_EXECUTE
    return open_section(call, access, opening(call, read_object_name(call, kind, name), inherit))


@service("kernel32", "OpenFileMappingW", "u32 u32 p")
@failing(0)
def OpenFileMappingW(call: Call, access: int, inherit: int, name: int) -> int:
    """A handle to a named section; FILE_NOT_FOUND (2) if there is none. FILE_MAP_COPY alone asks for reading."""
    return _open(call, access, inherit, WIDE, name)


@service("kernel32", "OpenFileMappingA", "u32 u32 p")
@failing(0)
def OpenFileMappingA(call: Call, access: int, inherit: int, name: int) -> int:
    """OpenFileMappingW with an ANSI name."""
    return _open(call, access, inherit, ANSI, name)


def view_protection(access: int) -> int:
    """The PAGE_* value for FILE_MAP_* rights; without any the view cannot be touched."""
    executable = bool(access & FILE_MAP_EXECUTE)
    if access & ~FILE_MAP_EXECUTE == FILE_MAP_COPY:
        return PAGE_EXECUTE_WRITECOPY if executable else PAGE_WRITECOPY
    if access & FILE_MAP_WRITE:
        return PAGE_EXECUTE_READWRITE if executable else PAGE_READWRITE
    if access & FILE_MAP_READ:
        return PAGE_EXECUTE_READ if executable else PAGE_READONLY
    return PAGE_NOACCESS


@service("kernel32", "MapViewOfFile", "h u32 u32 u32 p")
@failing(0)
def MapViewOfFile(call: Call, mapping: int, access: int, high: int, low: int, size: int) -> int:
    """MapViewOfFileEx at an address that the system chooses."""
    return MapViewOfFileEx(call, mapping, access, high, low, size, 0)


@service("kernel32", "MapViewOfFileEx", "h u32 u32 u32 p p")
@failing(0)
def MapViewOfFileEx(call: Call, mapping: int, access: int, high: int, low: int, size: int, base: int) -> int:
    """The address of a view; size 0 means the rest of the section. Offset and base are multiples of 64 KB (1132)."""
    request = ViewRequest(base, 0, 0, high << 32 | low, size, VIEW_UNMAP, 0, view_protection(access))
    view = map_view(call, mapping, call.process, request)
    return view.base if is_success(view.status) else call.fail(view.status)


@service("kernel32", "UnmapViewOfFile", "p")
def UnmapViewOfFile(call: Call, address: int) -> int:
    """Removes the view that holds an address; INVALID_ADDRESS (487) if none does."""
    status = call.kernel.mm.unmap_view(call.process, address)
    return 1 if is_success(status) else call.fail(status)


@service("kernel32", "FlushViewOfFile", "p p")
def FlushViewOfFile(call: Call, address: int, size: int) -> int:
    """Writes what was changed through a view to its file; size 0 means to its end. Memory without a file needs none."""
    status = call.kernel.mm.flush_view(call.process, address, size).status
    return 1 if is_success(status) or status == Status.NOT_MAPPED_DATA else call.fail(status)
