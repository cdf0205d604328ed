"""Small DLLs with every kind of section: code, read-only, copy-on-write, shared, and zeroes behind the file's bytes."""

import struct
from typing import Final

from ntmm.pe.build import CodeExport, build_dll
from tests.kernel.mm.machine import PAGE, BytesBacking

PREFERRED_BASE: Final = 0x10000000
CODE, DATA, TAIL = 0x1000, 0x3000, 0x4000
"""RVAs: two pages of code, one of data, and the tail: one page with bytes in the file, one without."""

COPY_ON_WRITE: Final = 0xC0000040
SHARED: Final = 0xD0000040
READ_ONLY: Final = 0x40000040

_SECTION_TABLE: Final = {False: 0x80 + 24 + 224, True: 0x80 + 24 + 240}
_SIZE_OF_IMAGE: Final = 0x80 + 24 + 56


def image(name: str, is_64: bool, data: int = COPY_ON_WRITE, tail: int = SHARED) -> BytesBacking:
    """A DLL whose second and third section have these characteristics."""
    content = bytearray(build_dll(name, is_64, PREFERRED_BASE, [CodeExport("f", bytes(range(1, 256)) * 20)]))
    table = _SECTION_TABLE[is_64]
    for number, flags in ((1, data), (2, tail)):
        struct.pack_into("<I", content, table + 40 * number + 36, flags)
    struct.pack_into("<I", content, table + 40 * 2 + 8, 2 * PAGE)
    struct.pack_into("<I", content, _SIZE_OF_IMAGE, TAIL + 2 * PAGE)
    return BytesBacking(name, bytes(content))
