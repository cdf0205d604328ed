"""Reading and verifying the headers of an image file, as Windows does before it makes a section of it.

The rules are those of MmCreateSection for images (MiVerifyImageHeader, MiCreateImageFileMap): what it refuses is
refused here, so whoever maps the image may trust every field that this file has looked at. The contents of the data
directories are not looked at; that is the loader's task once the image is mapped. Images aligned to less than a page
(drivers, hand-made tiny programs) are refused too, which Windows would map.
"""

from dataclasses import dataclass
from typing import Any, Final

from ntmm.pe import structures
from ntmm.pe.malformed import (
    INVALID_IMAGE_LE_FORMAT,
    INVALID_IMAGE_NOT_MZ,
    INVALID_IMAGE_PROTECT,
    INVALID_IMAGE_WIN_16,
    MalformedImage,
    require,
)
from ntmm.pe.sections import PeSection, read_sections

__all__ = ["MalformedImage", "PeHeaders", "PeSection", "parse_headers", "require_program"]

MACHINE_I386: Final = 0x14C
MACHINE_AMD64: Final = 0x8664
DIRECTORY_COUNT: Final = 16
DIRECTORY_EXPORT, DIRECTORY_IMPORT, DIRECTORY_BASE_RELOCATION, DIRECTORY_TLS = 0, 1, 5, 9
FILE_RELOCATIONS_STRIPPED: Final = 0x0001
FILE_EXECUTABLE_IMAGE: Final = 0x0002
FILE_LARGE_ADDRESS_AWARE: Final = 0x0020
FILE_DLL: Final = 0x2000
DLL_NX_COMPATIBLE: Final = 0x0100
SUBSYSTEM_GUI, SUBSYSTEM_CONSOLE = 2, 3

PAGE_SIZE: Final = 0x1000
IMAGE_BASE_ALIGNMENT: Final = 0x10000
LARGEST_IMAGE: Final = 0x77000000
"""The largest SizeOfImage that Windows maps (MM_SIZE_OF_LARGEST_IMAGE): about 1.9 GB."""

_OPTIONAL_MAGIC: Final = {MACHINE_I386: 0x10B, MACHINE_AMD64: 0x20B}
_OTHER_SIGNATURES: Final = {
    b"NE": ("a 16-bit Windows program", INVALID_IMAGE_WIN_16),
    b"LE": ("a VxD or OS/2 program", INVALID_IMAGE_LE_FORMAT),
    b"LX": ("an OS/2 program", INVALID_IMAGE_LE_FORMAT),
}
_FOREIGN_MACHINES: Final = {0xAA64: "ARM64", 0x1C0: "ARM", 0x1C4: "ARM", 0x200: "Itanium", 0x184: "Alpha"}


@dataclass(frozen=True, slots=True)
class PeHeaders:
    """The verified headers of an image. Addresses without `base` in their name are RVAs; sizes are in bytes."""

    machine: int
    is_64: bool
    image_base: int
    entry_point: int
    size_of_image: int
    size_of_headers: int
    section_alignment: int
    file_alignment: int
    stack_reserve: int
    stack_commit: int
    heap_reserve: int
    heap_commit: int
    subsystem: int
    subsystem_version: tuple[int, int]
    characteristics: int
    dll_characteristics: int
    time_stamp: int
    checksum: int
    directories: tuple[tuple[int, int], ...]
    sections: tuple[PeSection, ...]

    @property
    def is_dll(self) -> bool:
        """True for a DLL, false for a program."""
        return bool(self.characteristics & FILE_DLL)

    @property
    def is_relocatable(self) -> bool:
        """True if the image carries base relocations, so that it can live away from its preferred base."""
        return not self.characteristics & FILE_RELOCATIONS_STRIPPED

    @property
    def is_nx_compatible(self) -> bool:
        """True if the image says that it executes no data."""
        return bool(self.dll_characteristics & DLL_NX_COMPATIBLE)

    @property
    def is_large_address_aware(self) -> bool:
        """True if the image accepts addresses above 2 GB."""
        return bool(self.characteristics & FILE_LARGE_ADDRESS_AWARE)


def parse_headers(data: bytes | memoryview, file_size: int | None = None) -> PeHeaders:
    """The headers of an image file. Raises MalformedImage with a sentence, never anything else.

    `data` is the file or its first part, which must hold the headers; then `file_size` tells its whole length in bytes.
    """
    image = data if isinstance(data, bytes) else bytes(data)
    offset = _find_pe_header(image)
    file_header = structures.decode(structures.FILE_HEADER, image, offset + 4, "file header")
    _verify_file_header(file_header)
    optional_offset = offset + 4 + structures.size_of(structures.FILE_HEADER)
    optional, directories = _read_optional_header(image, optional_offset, file_header)
    _verify_alignments(optional)
    _verify_sizes(optional)
    sections = read_sections(
        image,
        optional_offset + file_header.SizeOfOptionalHeader,
        file_header.NumberOfSections,
        optional,
        len(image) if file_size is None else file_size,
    )
    return _gather(file_header, optional, directories, sections)


def require_program(headers: PeHeaders) -> None:
    """Raises MalformedImage unless the image can be started as a process: a GUI or console program with an entry."""
    require(not headers.is_dll, "this is a DLL, not a program")
    require(
        headers.subsystem in (SUBSYSTEM_GUI, SUBSYSTEM_CONSOLE),
        f"the program is made for subsystem {headers.subsystem}, not for Windows (2 or 3)",
    )
    require(headers.entry_point != 0, "the program has no entry point")


def _find_pe_header(image: bytes) -> int:
    require(image[:2] == b"MZ", "the file is not a Windows program: it does not begin with MZ", INVALID_IMAGE_NOT_MZ)
    dos = structures.decode(structures.DOS_HEADER, image, 0, "DOS header", INVALID_IMAGE_PROTECT)
    offset: int = dos.e_lfanew
    signature = image[offset : offset + 4]
    if signature[:2] in _OTHER_SIGNATURES:
        kind, status = _OTHER_SIGNATURES[signature[:2]]
        raise MalformedImage(f"the file is {kind}, not a 32-bit or 64-bit Windows program", status)
    require(
        signature == b"PE\0\0", "the file is a DOS program: there is no PE header behind its MZ", INVALID_IMAGE_PROTECT
    )
    require(offset % 4 == 0, f"the PE header is at offset {offset:#x}, which is not a multiple of 4")
    return offset


def _verify_file_header(header: Any) -> None:
    machine = header.Machine
    if machine not in _OPTIONAL_MAGIC:
        name = _FOREIGN_MACHINES.get(machine, "another processor")
        raise MalformedImage(f"the image is for {name} (machine {machine:#x}), neither for x86 nor for x64")
    require(bool(header.Characteristics & FILE_EXECUTABLE_IMAGE), "the file is not marked as an executable image")


def _read_optional_header(image: bytes, offset: int, file_header: Any) -> tuple[Any, tuple[tuple[int, int], ...]]:
    is_64 = file_header.Machine == MACHINE_AMD64
    layout = structures.OPTIONAL_HEADER_64 if is_64 else structures.OPTIONAL_HEADER
    header = structures.decode(layout, image, offset, "optional header")
    expected = _OPTIONAL_MAGIC[file_header.Machine]
    require(header.Magic == expected, f"the optional header's magic is {header.Magic:#x}, not {expected:#x}")
    fixed = structures.size_of(layout)
    entry = structures.size_of(structures.DATA_DIRECTORY)
    count = min(header.NumberOfRvaAndSizes, DIRECTORY_COUNT)
    require(
        file_header.SizeOfOptionalHeader >= fixed + count * entry,
        f"the optional header of {file_header.SizeOfOptionalHeader} bytes is too small for its fields",
    )
    directories = [_read_directory(image, offset + fixed + index * entry) for index in range(count)]
    return header, tuple(directories + [(0, 0)] * (DIRECTORY_COUNT - count))


def _read_directory(image: bytes, offset: int) -> tuple[int, int]:
    directory = structures.decode(structures.DATA_DIRECTORY, image, offset, "data directories")
    return directory.VirtualAddress, directory.Size


def _verify_alignments(header: Any) -> None:
    section, file = header.SectionAlignment, header.FileAlignment
    require(_is_power_of_two(file), f"the file alignment {file:#x} is not a power of two")
    require(_is_power_of_two(section), f"the section alignment {section:#x} is not a power of two")
    require(section >= file, f"the section alignment {section:#x} is smaller than the file alignment {file:#x}")
    require(section >= PAGE_SIZE, f"the section alignment {section:#x} is smaller than a page")
    require(file >= 512, f"the file alignment {file:#x} is smaller than a disk sector")
    require(
        header.ImageBase % IMAGE_BASE_ALIGNMENT == 0, f"the image base {header.ImageBase:#x} is not a multiple of 64 KB"
    )


def _is_power_of_two(value: int) -> bool:
    return value > 0 and value & (value - 1) == 0


def _verify_sizes(header: Any) -> None:
    size = header.SizeOfImage
    require(size > 0, "the image has a size of zero")
    require(size <= LARGEST_IMAGE, f"the image claims {size:#x} bytes, more than Windows maps ({LARGEST_IMAGE:#x})")
    require(
        0 < header.SizeOfHeaders < size, f"the headers claim {header.SizeOfHeaders:#x} bytes of an image of {size:#x}"
    )
    entry = header.AddressOfEntryPoint
    require(entry < size, f"the entry point {entry:#x} is outside the image of {size:#x} bytes")


def _gather(
    file_header: Any, optional: Any, directories: tuple[tuple[int, int], ...], sections: tuple[PeSection, ...]
) -> PeHeaders:
    return PeHeaders(
        machine=file_header.Machine,
        is_64=file_header.Machine == MACHINE_AMD64,
        image_base=optional.ImageBase,
        entry_point=optional.AddressOfEntryPoint,
        size_of_image=optional.SizeOfImage,
        size_of_headers=optional.SizeOfHeaders,
        section_alignment=optional.SectionAlignment,
        file_alignment=optional.FileAlignment,
        stack_reserve=optional.SizeOfStackReserve,
        stack_commit=optional.SizeOfStackCommit,
        heap_reserve=optional.SizeOfHeapReserve,
        heap_commit=optional.SizeOfHeapCommit,
        subsystem=optional.Subsystem,
        subsystem_version=(optional.MajorSubsystemVersion, optional.MinorSubsystemVersion),
        characteristics=file_header.Characteristics,
        dll_characteristics=optional.DllCharacteristics,
        time_stamp=file_header.TimeDateStamp,
        checksum=optional.CheckSum,
        directories=directories,
        sections=sections,
    )
