"""Figures about a machine's memory, as frozen values that services and reports read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryStatus:
    """What GlobalMemoryStatus tells of the machine and one process; all in bytes."""

    total_physical: int
    available_physical: int
    commit_limit: int
    commit_available: int
    total_virtual: int
    available_virtual: int
