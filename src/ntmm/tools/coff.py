"""COFF symbol tables, which MinGW's linkers put behind a program's sections unless they are told to strip it.

    symbol, 18 bytes   name 8 (or 0 and offset in the string table) | value 4 | section 2 | type 2 | class 1 | more 1

`more` further records of 18 bytes follow. The string table comes behind the last symbol; its first four bytes are its
size.
"""

import struct
from collections.abc import Iterator
from typing import Final

from ntmm.pe.headers import MACHINE_I386, PeHeaders
from ntmm.tools.image_file import ImageFile

_SYMBOL: Final = struct.Struct("<8sIhHBB")
_FUNCTION: Final = 0x20
_EXTERNAL, _STATIC = 2, 3
_MAXIMUM_SYMBOLS: Final = 0x40000
_MAXIMUM_STRINGS: Final = 0x1000000


def coff_symbols(image: ImageFile, headers: PeHeaders) -> Iterator[tuple[str, int, bool]]:
    """(name, offset in the image, is a function) of functions and global variables; raises ValueError, struct.error.

    The underscore that 32-bit compilers put before C names is taken off.
    """
    (pe_offset,) = struct.unpack("<I", image.read(0x3C, 4))
    table, count = struct.unpack("<II", image.read(pe_offset + 12, 8))
    if not table or not 0 < count <= _MAXIMUM_SYMBOLS:
        return
    data = image.read_file(table, count * _SYMBOL.size)
    strings = _strings(image, table + count * _SYMBOL.size)
    index = 0
    while index < count:
        name, value, section, kind, storage, more = _SYMBOL.unpack_from(data, index * _SYMBOL.size)
        index += 1 + more
        is_function = kind == _FUNCTION
        if not 0 < section <= len(headers.sections) or not _is_named(storage, is_function):
            continue
        text = _plain(_text(name, strings), headers)
        if text:
            yield text, headers.sections[section - 1].virtual_address + value, is_function


def _is_named(storage: int, is_function: bool) -> bool:
    """True for what a programmer has named; the other static symbols are sections and labels."""
    return storage == _EXTERNAL or (storage == _STATIC and is_function)


def _strings(image: ImageFile, place: int) -> bytes:
    (size,) = struct.unpack("<I", image.read_file(place, 4))
    return image.read_file(place, min(size, _MAXIMUM_STRINGS))


def _text(name: bytes, strings: bytes) -> str:
    if name[:4] != bytes(4):
        return name.rstrip(b"\0").decode("latin-1")
    (start,) = struct.unpack_from("<I", name, 4)
    return strings[start : strings.find(b"\0", start)].decode("latin-1")


def _plain(name: str, headers: PeHeaders) -> str:
    return name.removeprefix("_") if headers.machine == MACHINE_I386 else name
