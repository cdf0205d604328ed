"""How large the system cache's region is (MmSizeOfSystemCacheInPages), in bytes."""

from typing import Final

from ntmm.kernel.mm.layout import MB

SMALL: Final = 64 * MB
"""Up to 16 MB of RAM, and with /3GB: system space is half as large then."""
USUAL_LIMIT: Final = 512 * MB
LARGE_LIMIT: Final = 960 * MB
"""With LargeSystemCache, where system space has room for it."""

_FIRST: Final = 128 * MB
_SMALL_RAM: Final = 4032 << 12
_STEP: Final = 4 * MB


def system_cache_bytes(ram: int, room: int, three_gb: bool = False, large: bool = False) -> int:
    """The region of a machine with `ram` bytes whose layout has `room` bytes for it.

    128 MB beyond 16 MB of RAM, and 64 MB more for each further 4 MB, up to 512 MB; 960 MB if `large`.
    """
    if large:
        wanted = LARGE_LIMIT
    elif three_gb or ram <= _SMALL_RAM:
        wanted = SMALL
    else:
        wanted = min(USUAL_LIMIT, _FIRST + (ram - _SMALL_RAM) // _STEP * SMALL)
    return min(wanted, room)
