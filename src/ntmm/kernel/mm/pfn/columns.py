"""Columns of the PFN database: one field of all entries, as an array that Python and numpy index by frame."""

import ctypes
import mmap
from typing import Any, Final, Literal

Code = Literal["B", "H", "I", "Q"]

_NORESERVE: Final = 0x4000
_BYTES: Final = {"B": 1, "H": 2, "I": 4, "Q": 8}
_FORMATS: Final = {"B": b"B", "H": b"H", "I": b"I", "Q": b"Q"}
"""A view keeps only the address of its format, so these must stay."""


def sparse_column(count: int, code: Code) -> memoryview:
    """A zero-filled writable array of `count` items of struct code B, H, I or Q, sparse on the host."""
    size = max(1, count) * _BYTES[code]
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE)
    return memoryview(block).cast(code)


def field_column(entries: memoryview, offset: int, size: int, count: int, code: Code) -> memoryview:
    """The field at byte `offset` of each of `count` entries of `size` bytes that lie side by side from `entries` on.

    The array shows that memory. Its caller must keep `entries` as long as the array.
    """
    width = _BYTES[code]
    if offset % width == 0 == size % width:
        return entries.cast(code)[offset // width : size // width * count : size // width]
    return _unaligned_column(entries, offset, size, count, code)


class _Buffer(ctypes.Structure):
    """Python's Py_buffer."""

    _fields_ = (
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.POINTER(ctypes.c_ssize_t)),
        ("strides", ctypes.POINTER(ctypes.c_ssize_t)),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    )


def _unaligned_column(entries: memoryview, offset: int, size: int, count: int, code: Code) -> memoryview:
    """As `field_column`, where entries are no multiple of the field's size, which slices of a cast view must be."""
    assert offset + _BYTES[code] <= size and count * size <= len(entries)
    shape, strides = ctypes.c_ssize_t(count), ctypes.c_ssize_t(size)
    start = ctypes.addressof(ctypes.c_char.from_buffer(entries, offset))
    width, form = _BYTES[code], _FORMATS[code]
    buffer = _Buffer(
        start, None, count * width, width, 0, 1, form, ctypes.pointer(shape), ctypes.pointer(strides), None, None
    )
    make = ctypes.pythonapi.PyMemoryView_FromBuffer
    make.restype = ctypes.py_object
    made: memoryview = make(ctypes.byref(buffer))
    return made


def column(view: memoryview) -> Any:
    """A numpy array over the memory of a column, or of RAM as words; what is written to it is written there."""
    import numpy as np  # noqa: PLC0415 - seldom needed

    return np.asarray(view)
