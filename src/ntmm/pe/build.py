"""Writing DLL images: headers, a code section, an export table and a relocation section, always the same bytes.

The image is what a linker would make of a module of small position-independent functions:

    0000  headers            (file: 0000)
    1000  .text    R-X       the exported functions, 16-byte aligned
    ....  .rdata   R--       the export directory: addresses, names in order, name ordinals, texts
    ....  .reloc   R--       one block without entries: the image may lie anywhere and has nothing to correct
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ntmm.pe.sections import (
    SECTION_CODE,
    SECTION_DISCARDABLE,
    SECTION_EXECUTE,
    SECTION_INITIALIZED_DATA,
    SECTION_READ,
    round_up,
)

PAGE_SIZE: Final = 0x1000
FILE_ALIGNMENT: Final = 0x200
_STUB_ALIGNMENT: Final = 16
_INT3: Final = b"\xcc"
UNKNOWN_ORDINALS: Final = 0x8000
"""First ordinal of a DLL whose true ordinals are not given: above all that programs import by, so that an import by
ordinal finds nothing rather than the wrong function.
"""
_NEW_HEADER_OFFSET: Final = 0x80
_CHARACTERISTICS: Final = 0x2022  # DLL, large address aware, executable
_MACHINE_32_BIT: Final = 0x0100
_NX_COMPATIBLE: Final = 0x0100
_CODE_FLAGS: Final = SECTION_CODE | SECTION_EXECUTE | SECTION_READ
_DATA_FLAGS: Final = SECTION_INITIALIZED_DATA | SECTION_READ


@dataclass(frozen=True, slots=True)
class CodeExport:
    """A function: its name and its position-independent machine code."""

    name: str
    code: bytes
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class ForwarderExport:
    """A name that another DLL provides; `target` is "module.name" or "module.#ordinal"."""

    name: str
    target: str
    ordinal: int | None = None


Export = CodeExport | ForwarderExport


@dataclass(frozen=True, slots=True)
class _Section:
    name: bytes
    address: int
    content: bytes
    flags: int


def build_dll(name: str, is_64: bool, image_base: int, exports: Iterable[Export]) -> bytes:
    """The file of a DLL with these exports.

    Either all of them have ordinals or none; then they count up from UNKNOWN_ORDINALS in the order of names. `name`
    goes into the export directory. Raises ValueError for two exports of one name or ordinal, or none at all.
    """
    ordered = sorted(exports, key=lambda export: export.name.encode("ascii"))
    _refuse_duplicates(name, ordered)
    code, addresses = _lay_out_code(ordered)
    sections = [_Section(b".text", PAGE_SIZE, code, _CODE_FLAGS)]
    directory_address = _address_behind(sections[-1])
    exported = _export_section(name, ordered, addresses, directory_address)
    sections.append(_Section(b".rdata", directory_address, exported, _DATA_FLAGS))
    relocations = _empty_relocations()
    sections.append(_Section(b".reloc", _address_behind(sections[-1]), relocations, _DATA_FLAGS | SECTION_DISCARDABLE))
    directories = {0: (directory_address, len(exported)), 5: (sections[-1].address, len(relocations))}
    return _assemble(is_64, image_base, sections, directories)


def _refuse_duplicates(name: str, ordered: list[Export]) -> None:
    if not ordered:
        raise ValueError(f"{name} has no exports")
    ordinals = [export.ordinal for export in ordered if export.ordinal is not None]
    if len(set(ordinals)) != len(ordinals) or len(ordinals) not in (0, len(ordered)):
        raise ValueError(f"{name} has exports that share an ordinal, or only some with one")
    for export, following in pairwise(ordered):
        if export.name == following.name:
            raise ValueError(f"{name} exports {export.name} twice")


def _lay_out_code(ordered: list[Export]) -> tuple[bytes, dict[str, int]]:
    """The content of .text and the RVA of each function in it."""
    code = bytearray()
    addresses = {}
    for export in ordered:
        if isinstance(export, CodeExport):
            addresses[export.name] = PAGE_SIZE + len(code)
            code += export.code
            code += _INT3 * (-len(code) % _STUB_ALIGNMENT)
    return bytes(code or _INT3 * _STUB_ALIGNMENT), addresses


def _export_section(name: str, ordered: list[Export], addresses: dict[str, int], base: int) -> bytes:
    """The whole export directory; forwarder texts lie inside it, which is what makes them forwarders."""
    count = len(ordered)
    ordinals = [export.ordinal or UNKNOWN_ORDINALS + index for index, export in enumerate(ordered)]
    first = min(ordinals)
    functions = [0] * (max(ordinals) - first + 1)
    functions_at = base + 40
    names_at = functions_at + 4 * len(functions)
    ordinals_at = names_at + 4 * count
    texts_at = ordinals_at + 2 * count
    texts = bytearray()

    def text(value: str) -> int:
        address = texts_at + len(texts)
        texts.extend(value.encode("ascii") + b"\0")
        return address

    name_at = text(name)
    names = [text(export.name) for export in ordered]
    for export, ordinal in zip(ordered, ordinals, strict=True):
        functions[ordinal - first] = (
            text(export.target) if isinstance(export, ForwarderExport) else addresses[export.name]
        )
    places = (functions_at, names_at, ordinals_at)
    header = struct.pack("<IIHHIIIIIII", 0, 0, 0, 0, name_at, first, len(functions), count, *places)
    indices = [ordinal - first for ordinal in ordinals]
    tables = struct.pack(f"<{len(functions)}I{count}I{count}H", *functions, *names, *indices)
    return header + tables + bytes(texts)


def _empty_relocations() -> bytes:
    """One block for the first code page, without an entry."""
    return struct.pack("<II", PAGE_SIZE, 8)


def _address_behind(section: _Section) -> int:
    return round_up(section.address + len(section.content), PAGE_SIZE)


def _assemble(is_64: bool, image_base: int, sections: list[_Section], directories: dict[int, tuple[int, int]]) -> bytes:
    headers_size = round_up(_NEW_HEADER_OFFSET + 24 + (240 if is_64 else 224) + 40 * len(sections), FILE_ALIGNMENT)
    table = b""
    body = bytearray()
    for section in sections:
        raw_size = round_up(len(section.content), FILE_ALIGNMENT)
        table += struct.pack(
            "<8sIIIIIIHHI",
            section.name, len(section.content), section.address, raw_size, headers_size + len(body),
            0, 0, 0, 0, section.flags,
        )  # fmt: skip
        body += section.content.ljust(raw_size, b"\0")
    header = _dos_header() + b"PE\0\0" + _file_header(is_64, len(sections))
    header += _optional_header(is_64, image_base, sections, headers_size) + _data_directories(directories) + table
    return header.ljust(headers_size, b"\0") + bytes(body)


def _dos_header() -> bytes:
    """An MZ header of 64 bytes and no DOS program behind it."""
    start = b"MZ" + struct.pack("<13H", 0x90, 3, 0, 4, 0, 0xFFFF, 0, 0xB8, 0, 0, 0, 0x40, 0)
    return (start.ljust(0x3C, b"\0") + struct.pack("<I", _NEW_HEADER_OFFSET)).ljust(_NEW_HEADER_OFFSET, b"\0")


def _file_header(is_64: bool, section_count: int) -> bytes:
    machine, optional_size = (0x8664, 240) if is_64 else (0x14C, 224)
    flags = _CHARACTERISTICS | (0 if is_64 else _MACHINE_32_BIT)
    return struct.pack("<HHIIIHH", machine, section_count, 0, 0, 0, optional_size, flags)


def _optional_header(is_64: bool, image_base: int, sections: list[_Section], headers_size: int) -> bytes:
    """The fixed part of the optional header; a synthesized DLL has no entry point."""
    code, data = sections[0], sections[1:]
    code_size = round_up(len(code.content), FILE_ALIGNMENT)
    data_size = sum(round_up(len(section.content), FILE_ALIGNMENT) for section in data)
    header = struct.pack("<HBBIIIII", 0x20B if is_64 else 0x10B, 7, 10, code_size, data_size, 0, 0, code.address)
    header += struct.pack("<Q", image_base) if is_64 else struct.pack("<II", data[0].address, image_base)
    header += struct.pack("<IIHHHHHHI", PAGE_SIZE, FILE_ALIGNMENT, 5, 2, 5, 2, 4, 0, 0)
    header += struct.pack("<IIIHH", _address_behind(sections[-1]), headers_size, 0, 3, _NX_COMPATIBLE)
    sizes = (0x40000, 0x1000, 0x100000, 0x1000)
    return header + struct.pack("<4Q" if is_64 else "<4I", *sizes) + struct.pack("<II", 0, 16)


def _data_directories(directories: dict[int, tuple[int, int]]) -> bytes:
    return b"".join(struct.pack("<II", *directories.get(index, (0, 0))) for index in range(16))
