"""Protections and entries in words: MM_* codes, and the bits of a hardware entry as WinDbg writes them."""

from typing import Final

from ntmm.hw.arch import (
    ACCESSED,
    CACHE_DISABLE,
    COPY_ON_WRITE,
    DIRTY,
    GLOBAL,
    LARGE,
    OWNER,
    VALID,
    WRITE,
    WRITE_THROUGH,
    Architecture,
)
from ntmm.nt.memory import (
    MM_ACCESS_MASK,
    MM_DECOMMIT,
    MM_GUARD_PAGE,
    MM_MODIFIER_MASK,
    MM_NOACCESS,
    MM_NOCACHE,
    MM_WRITECOMBINE,
)

_ACCESS: Final = (
    "NO_ACCESS", "READONLY", "EXECUTE", "EXECUTE_READ",
    "READWRITE", "WRITECOPY", "EXECUTE_READWRITE", "EXECUTE_WRITECOPY",
)  # fmt: skip
_MODIFIERS: Final = {0: "", MM_NOCACHE: "|NOCACHE", MM_GUARD_PAGE: "|GUARD", MM_WRITECOMBINE: "|WRITECOMBINE"}
_ALONE: Final = {MM_NOACCESS: "NO_ACCESS", MM_DECOMMIT: "DECOMMITTED"}


def protection_name(code: int) -> str:
    """An MM_* code by name."""
    return _ALONE.get(code) or _ACCESS[code & MM_ACCESS_MASK] + _MODIFIERS[code & MM_MODIFIER_MASK]


def hardware_bits(architecture: Architecture, entry: int, is_directory: bool, executes_data: bool = False) -> str:
    """A valid entry's bits in WinDbg's order: copy on write, global, large, dirty, accessed, no cache, write-through,
    user or kernel, write or read, execute, valid.

    In a process without DEP every user page that can be read can be executed, whether it was already or not.
    """
    letters = (
        (COPY_ON_WRITE, "C"),
        (GLOBAL, "G"),
        (LARGE if is_directory else 0, "L"),
        (DIRTY, "D"),
        (ACCESSED, "A"),
        (CACHE_DISABLE, "N"),
        (WRITE_THROUGH, "T"),
    )
    text = "".join(letter if entry & bit else "-" for bit, letter in letters)
    text += "U" if entry & OWNER else "K"
    text += "W" if entry & WRITE else "R"
    is_free = executes_data and bool(entry & OWNER)
    text += "-" if entry & architecture.no_execute and not is_free else "E"
    return text + ("V" if entry & VALID else "-")
