"""How large a machine is taken to be: the class that MmQuerySystemSize answers, from which defaults follow."""

from enum import IntEnum
from typing import Final

_SMALL_MB: Final = 19
_LARGE_WORKSTATION_MB: Final = 32
_LARGE_SERVER_MB: Final = 64


class SystemSize(IntEnum):
    """MM_SYSTEMSIZE."""

    SMALL = 0
    MEDIUM = 1
    LARGE = 2


def system_size(ram: int, is_server: bool) -> SystemSize:
    """The class of a machine with so many bytes of RAM: a server must have twice as many to be a large machine."""
    megabytes = ram >> 20
    if megabytes <= _SMALL_MB:
        return SystemSize.SMALL
    large = _LARGE_SERVER_MB if is_server else _LARGE_WORKSTATION_MB
    return SystemSize.LARGE if megabytes >= large else SystemSize.MEDIUM
