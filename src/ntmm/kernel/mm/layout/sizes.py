"""How large Windows makes its pools and other parts of 32-bit system space, computed from RAM. All in bytes but counts.

Sources: the sizing rules that Windows Internals 4th ed. ch. 7 and Microsoft's KB 126402 describe; documented maxima.
"""

from dataclasses import dataclass
from typing import Final

from ntmm.kernel.mm.layout.address_layout import GB, KB, MB
from ntmm.nt.limits import PAGE_SIZE
from ntmm.nt.profile import SystemProfile

_BASE_RAM: Final = 4 * MB
_LARGE_RAM: Final = 496 * MB
INITIAL_NONPAGED_CAP: Final = 128 * MB
NONPAGED_CAP: Final = 256 * MB
NONPAGED_CAP_3GB: Final = 128 * MB
PAGED_MINIMUM: Final = 32 * MB
PAGED_CAP: Final = {"nt4": 192 * MB, "2000": 350 * MB, "xp": 490 * MB, "2003": 530 * MB}
"""The documented maxima of paged pool, by family of releases."""
POOL_CAP_64: Final = 128 * GB
"""Of both pools on 64 bits."""
PFN_ENTRY_BYTES: Final = {"x86": 0x18, "pae": 0x1C, "x64": 0x30, "ia64": 0x30}
"""Of the PFN database, for each page of RAM."""
_TABLE_SPAN: Final = 4 * MB


@dataclass(frozen=True, slots=True)
class PoolSizes:
    """The most bytes that the pools may have."""

    paged: int
    nonpaged: int


def initial_nonpaged_pool(ram: int) -> int:
    """256 KB, and 32 KB for each MB of RAM above 4 MB."""
    return min(INITIAL_NONPAGED_CAP, 256 * KB + max(0, ram - _BASE_RAM) // MB * 32 * KB)


def maximum_nonpaged_pool(ram: int, cap: int, pfn_entry: int, page: int = 4096) -> int:
    """1 MB, the PFN database, 400 KB for each MB above 4 MB; from 496 MB on 200 KB for each, and at least 128 MB.

    `cap` is the documented maximum.
    """
    above = max(0, ram - _BASE_RAM) // MB
    if ram >= _LARGE_RAM:
        size = max(128 * MB, 1 * MB + 200 * KB * above)
    else:
        size = 1 * MB + ram // page * pfn_entry + 400 * KB * above
    return min(cap, max(size, initial_nonpaged_pool(ram) + 16 * page))


def pfn_database(ram: int, architecture: str) -> int:
    """Bytes of the PFN database: an entry for each page."""
    return ram // PAGE_SIZE[architecture] * PFN_ENTRY_BYTES[architecture]


def paged_pool(nonpaged: int, cap: int) -> int:
    """Twice the nonpaged pool, at least 32 MB, whole page tables, at most `cap`."""
    size = max(PAGED_MINIMUM, 2 * nonpaged)
    return min(-(-size // _TABLE_SPAN) * _TABLE_SPAN, cap)


def computed_pools(profile: SystemProfile) -> PoolSizes:
    """What Windows computes for a machine's RAM, whatever room its address map has."""
    architecture, page = profile.architecture, PAGE_SIZE[profile.architecture]
    if architecture in ("x86", "pae"):
        cap, paged_cap = NONPAGED_CAP_3GB if profile.boot.three_gb else NONPAGED_CAP, PAGED_CAP[profile.family]
    else:
        cap = paged_cap = POOL_CAP_64
    nonpaged = maximum_nonpaged_pool(profile.usable_ram, cap, PFN_ENTRY_BYTES[architecture], page)
    return PoolSizes(paged_pool(nonpaged, paged_cap), nonpaged)
