"""Sections and views: NtCreateSection, NtOpenSection, NtMapViewOfSection, NtUnmapViewOfSection, NtExtendSection.

The Windows API's file mappings use what is here: `create_section`, `map_view`.
"""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import FileObject
from ntmm.kernel.io.image import MappedImage
from ntmm.kernel.mm.pool import PoolExhausted
from ntmm.kernel.mm.section import Section
from ntmm.kernel.mm.section.create import NEEDED_ACCESS, check_creation
from ntmm.kernel.mm.space.map import View, ViewRequest, check_request
from ntmm.kernel.ob import InvalidHandle, ObjectAttributes
from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.native.file import answers_status, lookup_file
from ntmm.native.handles import PROCESS_VM_OPERATION, TargetProcess
from ntmm.native.io_request import write_io_status
from ntmm.native.named_section import insert_section, open_section, section_of
from ntmm.native.object_attributes import read_object_attributes
from ntmm.native.probe import probe_pointers
from ntmm.native.service_table import service
from ntmm.nt.memory import (
    MM_ACCESS_MASK,
    SEC_IMAGE,
    SECTION_EXTEND_SIZE,
    SECTION_MAP_EXECUTE,
    SECTION_MAP_READ,
    SECTION_MAP_WRITE,
    make_protection_mask,
)
from ntmm.nt.status import Status, is_success
from ntmm.pe.headers import PeHeaders, parse_headers
from ntmm.pe.malformed import MalformedImage

_HEADER_BYTES: Final = 0x10000
_MACHINE_OF_POINTER_SIZE: Final = {4: 0x14C, 8: 0x8664}

_VIEW_ACCESS: Final = (
    SECTION_MAP_READ,
    SECTION_MAP_READ,
    SECTION_MAP_EXECUTE,
    SECTION_MAP_EXECUTE | SECTION_MAP_READ,
    SECTION_MAP_WRITE,
    SECTION_MAP_READ,
    SECTION_MAP_EXECUTE | SECTION_MAP_WRITE,
    SECTION_MAP_EXECUTE | SECTION_MAP_READ,
)
"""Rights that a section's handle must have for a view, by the access bits of its MM_* code."""


@dataclass(frozen=True, slots=True)
class SectionRequest:
    """The parameters of NtCreateSection beside the name: size in bytes, PAGE_* and SEC_* values, a file or 0."""

    access: int
    size: int
    protection: int
    attributes: int
    file: int = 0


def create_section(call: Call, request: SectionRequest, named: ObjectAttributes) -> tuple[Status, int]:
    """(status, handle): OBJECT_NAME_EXISTS with a handle to the section that had the name.

    Raises InvalidHandle and IoFailure.
    """
    refusal = check_creation(request.attributes, request.protection, request.size, bool(request.file))
    if refusal is not None:
        return refusal, 0
    file = _file_for_section(call, request) if request.file else None
    if request.attributes & SEC_IMAGE:
        assert file is not None
        return insert_section(call, _create_image(call, file), request.access, named)
    status, section = call.kernel.mm.create_section(file, request.size, request.protection, request.attributes)
    if section is None:
        return status, 0
    return insert_section(call, section, request.access, named)


def _file_for_section(call: Call, request: SectionRequest) -> FileObject:
    file = lookup_file(call, request.file)
    needed = NEEDED_ACCESS[request.protection & 0xFF]
    if call.process.handles.entry(request.file).access & needed != needed:
        raise InvalidHandle(Status.ACCESS_DENIED)
    if not isinstance(file, FileObject) or file.is_directory:
        raise IoFailure(Status.INVALID_FILE_FOR_SECTION)
    return file


def _create_image(call: Call, file: FileObject) -> Section:
    """A section over an image file. Raises IoFailure with the refusal of what is no image."""
    if not file.size:
        raise IoFailure(Status.INVALID_FILE_FOR_SECTION)
    image, section = MappedImage(file), None
    try:
        headers = parse_headers(image.read(0, _HEADER_BYTES), image.size)
        section = call.kernel.mm.create_image_section(image, headers)
    except MalformedImage as refused:
        raise IoFailure(Status(refused.status)) from refused
    except OSError as error:
        raise IoFailure(Status.UNEXPECTED_IO_ERROR) from error
    except PoolExhausted as error:
        raise IoFailure(Status.INSUFFICIENT_RESOURCES) from error
    finally:
        if section is None or section.control_area.backing is not image:
            image.close()
    return section


def image_headers(section: Section) -> PeHeaders:
    """The headers of the file behind an image section."""
    backing = section.control_area.backing
    return parse_headers(backing.read(0, _HEADER_BYTES), backing.size)


def map_view(call: Call, handle: int, process: Process, request: ViewRequest) -> View:
    """Maps a view of a section by its handle. Raises InvalidHandle, also for rights that the handle lacks."""
    mm = call.kernel.mm
    protection = make_protection_mask(request.protection)
    refusal = check_request(mm.machine, request, protection)
    if refusal is not None:
        return View(refusal)
    assert protection is not None
    section = section_of(call, handle, _VIEW_ACCESS[protection & MM_ACCESS_MASK])
    view = mm.map_view(
        process,
        section,
        request.base,
        request.zero_bits,
        request.commit_size,
        request.offset,
        request.view_size,
        request.inherit,
        request.allocation_type,
        request.protection,
    )
    if is_success(view.status) and section.attributes & SEC_IMAGE and _is_foreign(call, section):
        return view._replace(status=Status.IMAGE_MACHINE_TYPE_MISMATCH)
    return view


def _is_foreign(call: Call, section: Section) -> bool:
    return image_headers(section).machine != _MACHINE_OF_POINTER_SIZE[call.memory.pointer_size]


@service("ntdll", "NtCreateSection", "p u32 p p u32 u32 h", lacks="large pages")
@answers_status
def NtCreateSection(
    call: Call,
    handle_address: int,
    access: int,
    attributes: int,
    size_address: int,
    protection: int,
    section_attributes: int,
    file: int,
) -> int:
    """A section over a file, an image or the paging file; without a size that of the file."""
    probe_pointers(call, handle_address)
    size = call.memory.read_u64(size_address) if size_address else 0
    named = read_object_attributes(call, attributes)
    status, handle = create_section(
        call, SectionRequest(access, size, protection, section_attributes, file & 0xFFFFFFFF), named
    )
    if is_success(status):
        call.memory.write_pointer(handle_address, handle)
    return status


@service("ntdll", "NtOpenSection", "p u32 p")
@answers_status
def NtOpenSection(call: Call, handle_address: int, access: int, attributes: int) -> int:
    """A handle to a named section."""
    probe_pointers(call, handle_address)
    named = read_object_attributes(call, attributes)
    if not named.name and named.root is None:
        return Status.OBJECT_PATH_SYNTAX_BAD
    call.memory.write_pointer(handle_address, open_section(call, access, named))
    return Status.SUCCESS


@service("ntdll", "NtMapViewOfSection", "h h p p p p p u32 u32 u32", lacks="large pages, MEM_RESERVE")
@answers_status
def NtMapViewOfSection(
    call: Call,
    section: int,
    process: int,
    base_address: int,
    zero_bits: int,
    commit_size: int,
    offset_address: int,
    size_address: int,
    inherit: int,
    allocation_type: int,
    protection: int,
) -> int:
    """Maps a view; base, offset and size are read and written back rounded. IMAGE_NOT_AT_BASE is a success."""
    memory = call.memory
    probe_pointers(call, base_address, size_address)
    offset = memory.read_u64(offset_address) if offset_address else 0
    request = ViewRequest(
        memory.read_pointer(base_address),
        zero_bits,
        commit_size,
        offset,
        memory.read_pointer(size_address),
        inherit,
        allocation_type,
        protection,
    )
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        view = map_view(call, section, target, request)
    if is_success(view.status):
        memory.write_pointer(base_address, view.base)
        memory.write_pointer(size_address, view.size)
        if offset_address:
            memory.write_u64(offset_address, view.offset)
    return view.status


@service("ntdll", "NtUnmapViewOfSection", "h p")
@answers_status
def NtUnmapViewOfSection(call: Call, process: int, address: int) -> int:
    """Removes the view that holds an address, which need not be its first."""
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        return call.kernel.mm.unmap_view(target, address)


@service("ntdll", "NtExtendSection", "h p")
@answers_status
def NtExtendSection(call: Call, handle: int, size_address: int) -> int:
    """Makes a section and its file larger; a smaller size is answered with the size it has."""
    size = call.memory.read_u64(size_address)
    call.memory.write_u64(size_address, size)
    section = section_of(call, handle, SECTION_EXTEND_SIZE)
    status, size = call.kernel.mm.extend_section(section, size)
    if is_success(status):
        call.memory.write_u64(size_address, size)
    return status


@service("ntdll", "NtFlushVirtualMemory", "h p p p")
@answers_status
def NtFlushVirtualMemory(call: Call, process: int, base_address: int, size_address: int, io_status: int) -> int:
    """Writes what was changed through a view to its file; base and size are written back rounded."""
    memory = call.memory
    probe_pointers(call, base_address, size_address)
    write_io_status(call, io_status, Status.SUCCESS, 0)
    base, size = memory.read_pointer(base_address), memory.read_pointer(size_address)
    with TargetProcess(call, process, PROCESS_VM_OPERATION) as target:
        status, base, size = call.kernel.mm.flush_view(target, base, size)
    if is_success(status):
        memory.write_pointer(base_address, base)
        memory.write_pointer(size_address, size)
    write_io_status(call, io_status, status, size if is_success(status) else 0)
    return status


@service("ntdll", "NtAreMappedFilesTheSame", "p p")
@answers_status
def NtAreMappedFilesTheSame(call: Call, one: int, other: int) -> int:
    """SUCCESS if two addresses lie in views of the same image file, NOT_SAME_DEVICE if not."""
    return call.kernel.mm.are_mapped_files_the_same(call.process, one, other)
