"""When system space is mapped with large pages: the machine is a large one, by release of Windows."""

from typing import Final

NEVER: Final = 0xFFFFFFFF
"""The registry's LargePageMinimum that forbids them."""

_MB: Final = 1 << 20
_MORE_THAN: Final = {"2000": 127 * _MB, "xp": 255 * _MB, "2003": 255 * _MB}
"""The lecture's "large memory system"; NT 4 has no such mapping."""


def has_large_system_pages(release: str, ram: int, minimum: int | None = None) -> bool:
    """True if the kernel, HAL and nonpaged pool of a machine with `ram` bytes are mapped with large pages.

    `minimum` is the registry's LargePageMinimum, in bytes: RAM must be more than that.
    """
    if release not in _MORE_THAN or minimum == NEVER:
        return False
    return ram > (_MORE_THAN[release] if minimum is None else minimum)
