"""Sparse arrays: one column of the PFN database, backed by memory the host gives only when it is touched."""

import mmap
from typing import Any, Literal

_NORESERVE = 0x4000
_BYTES = {"B": 1, "H": 2, "I": 4, "Q": 8}


def sparse_column(count: int, code: Literal["B", "H", "I", "Q"]) -> memoryview:
    """A zero-filled writable array of `count` items of struct code B, H, I or Q, sparse on the host."""
    size = max(1, count) * _BYTES[code]
    block = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE)
    return memoryview(block).cast(code)


def column(view: memoryview) -> Any:
    """A numpy array over the memory of a column, or of RAM as words; what is written to it is written there."""
    import numpy as np  # noqa: PLC0415 - seldom needed

    return np.frombuffer(view, dtype=f"u{view.itemsize}")
