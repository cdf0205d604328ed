"""The section table of an image file: where each part of the file goes in memory."""

from dataclasses import dataclass
from typing import Any, Final

from ntmm.pe import structures
from ntmm.pe.malformed import require

SECTION_CODE: Final = 0x00000020
SECTION_INITIALIZED_DATA: Final = 0x00000040
SECTION_UNINITIALIZED_DATA: Final = 0x00000080
SECTION_DISCARDABLE: Final = 0x02000000
SECTION_SHARED: Final = 0x10000000
SECTION_EXECUTE: Final = 0x20000000
SECTION_READ: Final = 0x40000000
SECTION_WRITE: Final = 0x80000000

MAXIMUM_SECTIONS: Final = 96
"""Documented limit of the Windows loader up to Server 2003."""

_SECTOR: Final = 512


@dataclass(frozen=True, slots=True)
class PeSection:
    """One section. `virtual_address` is an RVA, `raw_offset` a file offset, sizes are in bytes.

    `virtual_size` is never zero (a zero in the file stands for the raw size); `raw_size` is zero when nothing comes
    from the file, and may exceed the pages of `virtual_size`: `file_bytes` is the part that is mapped.
    """

    name: str
    virtual_address: int
    virtual_size: int
    raw_offset: int
    raw_size: int
    characteristics: int

    @property
    def file_bytes(self) -> int:
        """How many bytes of the file are mapped: the raw size, cut at the section's last page."""
        return min(self.raw_size, round_up(self.virtual_size, 0x1000))

    @property
    def is_writable(self) -> bool:
        """True if programs may write the section."""
        return bool(self.characteristics & SECTION_WRITE)

    @property
    def is_executable(self) -> bool:
        """True if the section holds code."""
        return bool(self.characteristics & SECTION_EXECUTE)


def round_up(value: int, alignment: int) -> int:
    """The value rounded up to a power of two."""
    return (value + alignment - 1) & -alignment


def read_sections(image: bytes, table: int, count: int, optional: Any, file_size: int) -> tuple[PeSection, ...]:
    """The verified sections of the table at a file offset; raises MalformedImage.

    As Windows demands: in order, each beginning where the one before ended (rounded to the section alignment), inside
    SizeOfImage, and with its raw data inside the file.
    """
    require(count > 0, "the image has no sections")
    require(count <= MAXIMUM_SECTIONS, f"the image claims {count} sections, more than Windows accepts (96)")
    expected = round_up(optional.SizeOfHeaders, optional.SectionAlignment)
    end_of_image = round_up(optional.SizeOfImage, 0x1000)
    size = structures.size_of(structures.SECTION_HEADER)
    sections = []
    for index in range(count):
        section = _read_section(image, table + index * size, index, file_size)
        _verify_place(section, expected, end_of_image)
        sections.append(section)
        expected = round_up(section.virtual_address + section.virtual_size, optional.SectionAlignment)
    return tuple(sections)


def _read_section(image: bytes, offset: int, index: int, file_size: int) -> PeSection:
    header = structures.decode(structures.SECTION_HEADER, image, offset, "section table")
    name = bytes(header.Name).rstrip(b"\0").decode("latin-1")
    has_file_data = header.PointerToRawData != 0 and header.SizeOfRawData != 0
    raw_offset, raw_size = (header.PointerToRawData, header.SizeOfRawData) if has_file_data else (0, 0)
    virtual_size = header.Misc_VirtualSize or header.SizeOfRawData
    require(virtual_size > 0, f"section {index + 1} ({name!r}) is empty")
    require(raw_offset % _SECTOR == 0, f"section {name!r} begins at file offset {raw_offset:#x}, not on a disk sector")
    require(raw_offset + raw_size <= file_size, f"the data of section {name!r} goes beyond the end of the file")
    return PeSection(name, header.VirtualAddress, virtual_size, raw_offset, raw_size, header.Characteristics)


def _verify_place(section: PeSection, expected: int, end_of_image: int) -> None:
    address, name = section.virtual_address, section.name
    require(address >= expected, f"section {name!r} at {address:#x} overlaps what comes before it, up to {expected:#x}")
    require(address == expected, f"section {name!r} is at {address:#x}, not behind the part before it at {expected:#x}")
    require(
        address + section.virtual_size <= end_of_image,
        f"section {name!r} goes beyond the size of the image, {end_of_image:#x}",
    )
