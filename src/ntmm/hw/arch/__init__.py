"""What each paging architecture fixes, as one frozen object per architecture.

`architecture`  the Architecture type: geometry, PTE bits, self-map arithmetic
`x86`           2-level tables, 4-byte PTEs, 4 KB and 4 MB pages, no no-execute bit
`pae`           3-level tables, 8-byte PTEs, 4 KB and 2 MB pages, no-execute
`x64`           4-level tables, 8-byte PTEs, 4 KB and 2 MB pages, no-execute
`ia64`          regions with 3-level tables, 8-byte PTEs, 8 KB and 16 MB pages; no processor engine
"""

from ntmm.hw.arch.architecture import (
    ACCESSED,
    CACHE_DISABLE,
    COPY_ON_WRITE,
    DIRTY,
    GLOBAL,
    LARGE,
    OWNER,
    PROTOTYPE,
    VALID,
    WRITE,
    WRITE_THROUGH,
    Architecture,
)
from ntmm.hw.arch.ia64 import IA64
from ntmm.hw.arch.pae import PAE
from ntmm.hw.arch.x64 import X64
from ntmm.hw.arch.x86 import X86

ARCHITECTURES = {architecture.name: architecture for architecture in (X86, PAE, X64, IA64)}


def architecture_named(name: str) -> Architecture:
    """The architecture "x86", "pae", "x64" or "ia64"; raises ValueError for another name."""
    try:
        return ARCHITECTURES[name]
    except KeyError:
        raise ValueError(f"No architecture is named {name!r}; there are {', '.join(ARCHITECTURES)}.") from None


__all__ = [
    "ACCESSED",
    "ARCHITECTURES",
    "CACHE_DISABLE",
    "COPY_ON_WRITE",
    "DIRTY",
    "GLOBAL",
    "IA64",
    "LARGE",
    "OWNER",
    "PAE",
    "PROTOTYPE",
    "VALID",
    "WRITE",
    "WRITE_THROUGH",
    "X64",
    "X86",
    "Architecture",
    "architecture_named",
]
