"""How large Windows makes its pools and other parts of 32-bit system space, computed from RAM. All in bytes but counts.

Sources: the sizing rules that Windows Internals 4th ed. ch. 7 and Microsoft's KB 126402 describe; documented maxima.
"""

from typing import Final

from ntmm.kernel.mm.layout.address_layout import KB, MB

_BASE_RAM: Final = 4 * MB
_LARGE_RAM: Final = 496 * MB
INITIAL_NONPAGED_CAP: Final = 128 * MB
NONPAGED_CAP: Final = 256 * MB
NONPAGED_CAP_3GB: Final = 128 * MB
PAGED_MINIMUM: Final = 32 * MB
PAGED_CAP: Final = {"nt4": 192 * MB, "2000": 350 * MB, "xp": 490 * MB, "2003": 530 * MB}
"""The documented maxima of paged pool, by family of releases."""
_TABLE_SPAN: Final = 4 * MB


def initial_nonpaged_pool(ram: int) -> int:
    """256 KB, and 32 KB for each MB of RAM above 4 MB."""
    return min(INITIAL_NONPAGED_CAP, 256 * KB + max(0, ram - _BASE_RAM) // MB * 32 * KB)


def maximum_nonpaged_pool(ram: int, three_gb: bool, pfn_entry: int, page: int = 4096) -> int:
    """1 MB, the PFN database, 400 KB for each MB above 4 MB; from 496 MB on 200 KB for each, and at least 128 MB."""
    cap = NONPAGED_CAP_3GB if three_gb else NONPAGED_CAP
    above = max(0, ram - _BASE_RAM) // MB
    if ram >= _LARGE_RAM:
        size = max(128 * MB, 1 * MB + 200 * KB * above)
    else:
        size = 1 * MB + ram // page * pfn_entry + 400 * KB * above
    return min(cap, max(size, initial_nonpaged_pool(ram) + 16 * page))


def paged_pool(nonpaged: int, family: str) -> int:
    """Twice the nonpaged pool, at least 32 MB, whole page tables, at most what the release can have."""
    size = max(PAGED_MINIMUM, 2 * nonpaged)
    return min(-(-size // _TABLE_SPAN) * _TABLE_SPAN, PAGED_CAP[family])
