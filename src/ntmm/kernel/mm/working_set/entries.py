"""What a working-set list tells of its entries: single ones, and where all of them lie."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Entry:
    """One valid WSLE."""

    index: int
    vpn: int
    protection: int
    age: int
    locked: int


class ListPlaces(NamedTuple):
    """Where a list's entries lie in RAM: each frame has 1 << `slot_shift` words, `header` come first."""

    header: int
    slot_shift: int
    frames: tuple[int, ...]
