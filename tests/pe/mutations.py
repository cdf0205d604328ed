"""Deterministic damage to PE files: named variants of an image, from targeted lies to random byte flips.

Used by the tests of the header reader and by the end-to-end test that runs every variant: each must run or be
refused with a sentence, and never hang or break the machine.
"""

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_EXTREMES = (0, 1, 0xFFF, 0x1001, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_DIRECTORY_NAMES = {0: "export", 1: "import", 5: "relocation", 9: "tls", 10: "load_config", 11: "bound", 12: "iat"}


@dataclass(frozen=True)
class _Layout:
    """File offsets of the headers of an intact image."""

    pe: int
    optional: int
    directories: int
    sections: int
    section_count: int
    is_64: bool


def mutations(data: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yields (unique name, damaged bytes); at least 300 of them for any intact PE file, the same for the same seed."""
    layout = _layout(data)
    source = random.Random(seed)
    yield from _truncations(data, layout)
    yield from _wrong_headers(data, layout)
    yield from _wrong_sections(data, layout)
    yield from _wrong_directories(data, layout)
    yield from _wrong_imports(data, layout)
    yield from _wrong_exports(data, layout)
    yield from _wrong_relocations(data, layout)
    yield from _wrong_tls(data, layout)
    yield from _random_damage(data, layout, source)


def _layout(data: bytes) -> _Layout:
    pe = _u32(data, 0x3C)
    count, optional_size = _u16(data, pe + 6), _u16(data, pe + 20)
    is_64 = _u16(data, pe + 24) == 0x20B
    return _Layout(pe, pe + 24, pe + 24 + (112 if is_64 else 96), pe + 24 + optional_size, count, is_64)


def _u16(data: bytes, offset: int) -> int:
    return int(struct.unpack_from("<H", data, offset)[0])


def _u32(data: bytes, offset: int) -> int:
    return int(struct.unpack_from("<I", data, offset)[0])


def _patch(data: bytes, *changes: tuple[int, str, int]) -> bytes:
    """The image with integers replaced; changes outside the file are left out."""
    result = bytearray(data)
    for offset, kind, value in changes:
        size = struct.calcsize("<" + kind)
        if 0 <= offset <= len(result) - size:
            struct.pack_into("<" + kind, result, offset, value & ((1 << 8 * size) - 1))
    return bytes(result)


def _file_offset(data: bytes, layout: _Layout, address: int) -> int | None:
    for index in range(layout.section_count):
        size, start, raw_size, raw = struct.unpack_from("<IIII", data, layout.sections + 40 * index + 8)
        if start <= address < start + min(max(size, raw_size), raw_size):
            return int(address - start + raw)
    return None


def _directory(data: bytes, layout: _Layout, index: int) -> tuple[int, int, int | None]:
    """RVA, size and file offset of a data directory; the offset is None if the image has none."""
    address, size = struct.unpack_from("<II", data, layout.directories + 8 * index)
    return address, size, _file_offset(data, layout, address) if address else None


def _truncations(data: bytes, layout: _Layout) -> Iterator[tuple[str, bytes]]:
    ends = [0, 1, 2, 63, 64, layout.pe, layout.pe + 4, layout.optional, layout.directories, layout.sections]
    ends += [layout.sections + 40 * index + 17 for index in range(layout.section_count)]
    ends += [len(data) * part // 16 for part in range(1, 16)] + [len(data) - 1, len(data) - 511, len(data) - 512]
    for end in sorted({end for end in ends if 0 <= end < len(data)}):
        yield f"truncated_to_{end}", data[:end]
    yield "trailing_bytes", data + b"\xcc" * 777


def _wrong_headers(data: bytes, layout: _Layout) -> Iterator[tuple[str, bytes]]:
    fields = [
        ("dos_magic", 0, "H"), ("new_header", 0x3C, "I"), ("signature", layout.pe, "I"),
        ("machine", layout.pe + 4, "H"), ("section_count", layout.pe + 6, "H"),
        ("symbol_table", layout.pe + 12, "I"), ("optional_size", layout.pe + 20, "H"),
        ("characteristics", layout.pe + 22, "H"), ("magic", layout.optional, "H"),
        ("entry_point", layout.optional + 16, "I"), ("image_base", layout.optional + (24 if layout.is_64 else 28), "I"),
        ("section_alignment", layout.optional + 32, "I"), ("file_alignment", layout.optional + 36, "I"),
        ("size_of_image", layout.optional + 56, "I"), ("size_of_headers", layout.optional + 60, "I"),
        ("checksum", layout.optional + 64, "I"), ("subsystem", layout.optional + 68, "H"),
        ("dll_characteristics", layout.optional + 70, "H"), ("stack_reserve", layout.optional + 72, "I"),
        ("stack_commit", layout.optional + (80 if layout.is_64 else 76), "I"),
        ("directory_count", layout.directories - 4, "I"),
    ]  # fmt: skip
    for name, offset, kind in fields:
        for value in _EXTREMES:
            yield f"header_{name}_{value:#x}", _patch(data, (offset, kind, value))
    for value in (0x200, 0x1F000000, 0x77000000, 0x77000001):
        yield f"header_size_of_image_{value:#x}", _patch(data, (layout.optional + 56, "I", value))
    yield "program_is_dll", _patch(data, (layout.pe + 22, "H", _u16(data, layout.pe + 22) ^ 0x2000))
    yield "relocations_stripped_bit", _patch(data, (layout.pe + 22, "H", _u16(data, layout.pe + 22) ^ 1))
    yield "base_in_kernel", _patch(data, (layout.optional + (24 if layout.is_64 else 28), "I", 0x90000000))
    yield "base_zero_page", _patch(data, (layout.optional + (24 if layout.is_64 else 28), "I", 0))


def _wrong_sections(data: bytes, layout: _Layout) -> Iterator[tuple[str, bytes]]:
    fields = [("virtual_size", 8), ("address", 12), ("raw_size", 16), ("raw_offset", 20), ("flags", 36)]
    for index in range(min(layout.section_count, 4)):
        header = layout.sections + 40 * index
        for name, offset in fields:
            for value in _EXTREMES:
                yield f"section_{index}_{name}_{value:#x}", _patch(data, (header + offset, "I", value))
        yield f"section_{index}_same_place_as_first", _patch(data, (header + 12, "I", _u32(data, layout.sections + 12)))
    if layout.section_count > 1:
        first, second = layout.sections, layout.sections + 40
        swapped = data[:first] + data[second : second + 40] + data[first : first + 40] + data[second + 40 :]
        yield "sections_swapped", swapped


def _wrong_directories(data: bytes, layout: _Layout) -> Iterator[tuple[str, bytes]]:
    size_of_image = _u32(data, layout.optional + 56)
    for index, name in _DIRECTORY_NAMES.items():
        entry = layout.directories + 8 * index
        address = _u32(data, entry) or 0x1000
        for place in (1, 0x10, 0xFFF, size_of_image - 1, size_of_image, 0x7FFFFFFF, 0xFFFFFFF0):
            yield f"directory_{name}_at_{place:#x}", _patch(data, (entry, "I", place), (entry + 4, "I", 0x1000))
        for size in (0, 1, 0xFFFFFFFF):
            yield f"directory_{name}_size_{size:#x}", _patch(data, (entry, "I", address), (entry + 4, "I", size))


def _wrong_imports(data: bytes, layout: _Layout) -> Iterator[tuple[str, bytes]]:
    _, size, at = _directory(data, layout, 1)
    if at is None:
        return
    for name, offset in (("names", 0), ("dll_name", 12), ("addresses", 16)):
        for value in (*_EXTREMES, _u32(data, layout.optional + 56) - 2):
            yield f"import_{name}_{value:#x}", _patch(data, (at + offset, "I", value))
    yield "import_without_end", data[:at] + data[at : at + 20] * max(size // 20, 1) + data[at + size // 20 * 20 :]
    names_at = _file_offset(data, layout, _u32(data, at))
    if names_at is None:
        return
    kind, ordinal = ("Q", 1 << 63) if layout.is_64 else ("I", 1 << 31)
    for value in (ordinal, ordinal | 0xFFFF, ordinal - 1, 1, 0x7FFFFFF0):
        yield f"import_thunk_{value:#x}", _patch(data, (names_at, kind, value))
    hint_at = _file_offset(data, layout, _u32(data, names_at))
    if hint_at is not None:
        yield "import_hint_wild", _patch(data, (hint_at, "H", 0xFFFF))
        yield "import_name_binary", _patch(data, (hint_at + 2, "I", 0xFFFEFDFC))
        yield "import_name_empty", _patch(data, (hint_at + 2, "B", 0))


def _wrong_exports(data: bytes, layout: _Layout) -> Iterator[tuple[str, bytes]]:
    address, size, at = _directory(data, layout, 0)
    if at is None:
        yield from _invented_exports(data, layout)
        return
    for name, offset in (("base", 16), ("functions", 20), ("names", 24), ("functions_at", 28), ("names_at", 32),
                         ("ordinals_at", 36)):  # fmt: skip
        for value in _EXTREMES:
            yield f"export_{name}_{value:#x}", _patch(data, (at + offset, "I", value))
    functions_at = _file_offset(data, layout, _u32(data, at + 28))
    if functions_at is not None:
        # Every function becomes a forwarder: whatever text the end of the directory holds.
        wild = [(functions_at + 4 * index, "I", address + size - 2) for index in range(min(_u32(data, at + 20), 4000))]
        yield "export_all_forwarders_to_rubbish", _patch(data, *wild)
    end = at + size
    own = data[_file_offset(data, layout, _u32(data, at + 12)) or at :].split(b"\0", 1)[0].split(b".")[0]
    text = own + b".#1\0"
    if functions_at is not None and len(text) < size:
        cyclic = bytearray(data)
        cyclic[end - len(text) : end] = text
        where = address + size - len(text)
        for index in range(min(_u32(data, at + 20), 4000)):
            struct.pack_into("<I", cyclic, functions_at + 4 * index, where)
        yield "export_forwarders_in_a_circle", bytes(cyclic)


def _invented_exports(data: bytes, layout: _Layout) -> Iterator[tuple[str, bytes]]:
    """A program without exports is told that its code, its imports or its headers are an export directory."""
    import_address = _u32(data, layout.directories + 8)
    for name, place in (("code", 0x1000), ("headers", 0x40), ("imports", import_address or 0x1000)):
        entry = layout.directories
        yield f"export_directory_is_{name}", _patch(data, (entry, "I", place), (entry + 4, "I", 0x200))


def _wrong_relocations(data: bytes, layout: _Layout) -> Iterator[tuple[str, bytes]]:
    _, size, at = _directory(data, layout, 5)
    base_offset = layout.optional + (24 if layout.is_64 else 28)
    # A base in the kernel's half makes every loader relocate.
    moved = _patch(data, (base_offset, "I", 0x90000000))
    if at is None:
        return
    for value in (0, 1, 7, 8, 9, 0x7FFFFFFF, 0xFFFFFFFF):
        yield f"relocation_block_size_{value:#x}", _patch(moved, (at + 4, "I", value))
    for value in (1, 0xFFF, 0x7FFFF000, 0xFFFFF000):
        yield f"relocation_page_{value:#x}", _patch(moved, (at, "I", value))
    for kind in range(1, 16):
        yield f"relocation_type_{kind}", _patch(moved, (at + 8, "H", kind << 12 | 0xFFD))
    yield "relocation_all_ones", moved[: at + 8] + b"\xff" * min(size - 8, len(data) - at - 8) + moved[at + size :]
    entry = layout.directories + 40
    yield "relocation_directory_is_code", _patch(moved, (entry, "I", 0x1000), (entry + 4, "I", 0x400))
    yield "relocation_directory_huge", _patch(moved, (entry + 4, "I", 0x7FFFFFFF))


def _wrong_tls(data: bytes, layout: _Layout) -> Iterator[tuple[str, bytes]]:
    _, _, at = _directory(data, layout, 9)
    if at is None:
        return
    kind, width = ("Q", 8) if layout.is_64 else ("I", 4)
    for name, index in (("start", 0), ("end", 1), ("index", 2), ("callbacks", 3)):
        for value in (0, 1, 0x7FFFFFFF, (1 << 8 * width) - 1):
            yield f"tls_{name}_{value:#x}", _patch(data, (at + width * index, kind, value))
    yield "tls_zero_fill_huge", _patch(data, (at + 4 * width, "I", 0xFFFFFFFF))


def _random_damage(data: bytes, layout: _Layout, source: random.Random) -> Iterator[tuple[str, bytes]]:
    headers_end = layout.sections + 40 * layout.section_count
    for number in range(60):
        yield f"flip_headers_{number}", _flip(data, source, range(layout.pe, headers_end), 1 + number % 4)
    for number in range(40):
        yield f"flip_directories_{number}", _flip(data, source, range(layout.directories, layout.sections), 2)
    for index, name in _DIRECTORY_NAMES.items():
        _, size, at = _directory(data, layout, index)
        if at is not None and size:
            for number in range(12):
                end = min(at + size, len(data))
                yield f"flip_{name}_{number}", _flip(data, source, range(at, end), 1 + number % 5)
    for number in range(20):
        yield f"flip_anywhere_{number}", _flip(data, source, range(len(data)), 16)


def _flip(data: bytes, source: random.Random, where: range, count: int) -> bytes:
    result = bytearray(data)
    for _ in range(count):
        result[source.choice(where)] ^= 1 << source.randrange(8)
    return bytes(result)
