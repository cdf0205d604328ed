"""NtQuerySection, and the name of a mapped file (class MemorySectionName of NtQueryVirtualMemory)."""

import struct
from typing import Final

from ntmm.kernel.mm.section import Section
from ntmm.kernel.ps import Process
from ntmm.native.call import Call
from ntmm.native.file import answers_status
from ntmm.native.named_section import section_of
from ntmm.native.section import image_headers
from ntmm.native.service_table import service
from ntmm.nt.memory import SEC_BASED, SEC_COMMIT, SEC_FILE, SEC_IMAGE, SEC_RESERVE, SECTION_QUERY
from ntmm.nt.status import Status

SECTION_BASIC_INFORMATION: Final = 0
SECTION_IMAGE_INFORMATION: Final = 1

_BASIC: Final = {4: struct.Struct("<IIQ"), 8: struct.Struct("<QI4xQ")}
_IMAGE: Final = {4: struct.Struct("<4I I HH I HHHBB III"), 8: struct.Struct("<QI4xQQ I HH I HHHBB III")}


def section_attributes(section: Section) -> int:
    """The SEC_* flags that Windows tells: SEC_FILE for files, how it was committed for memory."""
    based = section.attributes & SEC_BASED
    if section.attributes & SEC_IMAGE:
        return based | SEC_FILE | SEC_IMAGE
    if section.attributes & SEC_FILE:
        return based | SEC_FILE
    return based | section.attributes & (SEC_COMMIT | SEC_RESERVE)


def _basic_information(call: Call, section: Section) -> bytes:
    """SECTION_BASIC_INFORMATION, 16 or 24 bytes."""
    form = _BASIC[call.memory.pointer_size]
    return form.pack(section.based_address, section_attributes(section), section.size)


def _image_information(call: Call, section: Section) -> bytes:
    """SECTION_IMAGE_INFORMATION, 48 or 64 bytes; the entry point is that at the preferred base."""
    headers = image_headers(section)
    entry = headers.image_base + headers.entry_point if headers.entry_point else 0
    major, minor = headers.subsystem_version
    largest = (1 << 8 * call.memory.pointer_size) - 1
    return _IMAGE[call.memory.pointer_size].pack(
        entry & largest,
        0,
        headers.stack_reserve & largest,
        headers.stack_commit & largest,
        headers.subsystem,
        minor,
        major,
        0,
        headers.characteristics,
        headers.dll_characteristics,
        headers.machine,
        int(any(part.is_executable for part in headers.sections)),
        0,
        0,
        section.control_area.backing.size,
        headers.checksum,
    )


@service("ntdll", "NtQuerySection", "h u32 p p p")
@answers_status
def NtQuerySection(
    call: Call, handle: int, information_class: int, buffer: int, length: int, return_length: int
) -> int:
    """Base, attributes and size of a section, or what the headers of an image section say."""
    sizes = {SECTION_BASIC_INFORMATION: _BASIC, SECTION_IMAGE_INFORMATION: _IMAGE}
    if information_class not in sizes:
        return Status.INVALID_INFO_CLASS
    if length < sizes[information_class][call.memory.pointer_size].size:
        return Status.INFO_LENGTH_MISMATCH
    section = section_of(call, handle, SECTION_QUERY)
    if information_class == SECTION_IMAGE_INFORMATION and not section.attributes & SEC_IMAGE:
        return Status.SECTION_NOT_IMAGE
    query = _image_information if information_class == SECTION_IMAGE_INFORMATION else _basic_information
    data = query(call, section)
    call.memory.write(buffer, data)
    if return_length:
        call.memory.write_pointer(return_length, len(data))
    return Status.SUCCESS


def query_section_name(
    call: Call, process: Process, address: int, buffer: int, length: int, return_length: int
) -> Status:
    """MEMORY_SECTION_NAME: a UNICODE_STRING with its text behind it; BUFFER_OVERFLOW if the text does not fit."""
    status, name = call.kernel.mm.mapped_file_name(process, address)
    if status != Status.SUCCESS:
        return status
    pointer = call.memory.pointer_size
    text = name.encode("utf-16-le", "surrogatepass")
    needed = 2 * pointer + len(text) + 2
    if return_length:
        call.memory.write_pointer(return_length, needed)
    if length < 2 * pointer:
        return Status.INFO_LENGTH_MISMATCH
    if length < needed:
        return Status.BUFFER_OVERFLOW
    place = buffer + 2 * pointer
    call.memory.write(buffer, struct.pack("<HH", len(text), len(text) + 2).ljust(pointer, b"\0"))
    call.memory.write_pointer(buffer + pointer, place)
    call.memory.write(place, text + b"\0\0")
    return Status.SUCCESS
