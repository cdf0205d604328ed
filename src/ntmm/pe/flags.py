"""Flags in the headers of an image file that decide about its memory, and setting them on a copy of the file."""

import struct
from typing import Final

from ntmm.pe.headers import DLL_NX_COMPATIBLE, FILE_LARGE_ADDRESS_AWARE
from ntmm.pe.malformed import MalformedImage

_HEADER: Final = 24
_CHARACTERISTICS: Final = 22
_CHECKSUM: Final = _HEADER + 64
_DLL_CHARACTERISTICS: Final = _HEADER + 70


def with_large_address_aware(image: bytes, wanted: bool) -> bytes:
    """A copy of an image file with the flag IMAGE_FILE_LARGE_ADDRESS_AWARE set or cleared. Raises MalformedImage."""
    return _with_flag(image, _CHARACTERISTICS, FILE_LARGE_ADDRESS_AWARE, wanted)


def with_nx_compatible(image: bytes, wanted: bool) -> bytes:
    """As `with_large_address_aware`, for the flag IMAGE_DLLCHARACTERISTICS_NX_COMPAT."""
    return _with_flag(image, _DLL_CHARACTERISTICS, DLL_NX_COMPATIBLE, wanted)


def _with_flag(image: bytes, field: int, flag: int, wanted: bool) -> bytes:
    """The checksum follows, if the file has one."""
    copy = bytearray(image)
    try:
        (start,) = struct.unpack_from("<I", copy, 0x3C)
        (old,) = struct.unpack_from("<H", copy, start + field)
        struct.pack_into("<H", copy, start + field, old | flag if wanted else old & ~flag)
        (checksum,) = struct.unpack_from("<I", copy, start + _CHECKSUM)
        if checksum:
            struct.pack_into("<I", copy, start + _CHECKSUM, 0)
            struct.pack_into("<I", copy, start + _CHECKSUM, image_checksum(copy))
    except struct.error:
        raise MalformedImage("the file ends within its headers") from None
    return bytes(copy)


def image_checksum(image: bytes | bytearray) -> int:
    """The checksum of an image file whose own field holds 0: a folded sum of its 16-bit words, and its length."""
    padded = bytes(image) + bytes(len(image) & 1)
    total: int = sum(struct.unpack(f"<{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total + len(image)
