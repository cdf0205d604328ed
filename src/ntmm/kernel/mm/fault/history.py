"""The page faults of one process, kept for whoever watches its working set (PsWatchWorkingSet)."""

from collections.abc import Callable
from typing import Final, NamedTuple

from ntmm.kernel.mm.fault.outcome import FaultKind, FaultOutcome, Resolution

CAPACITY: Final = 1024
"""Faults that are kept until somebody asks; those that come when the room is used up are lost."""

_HARD: Final = (FaultKind.IN_PAGE, FaultKind.PAGING_FILE)


class WatchedFault(NamedTuple):
    """The addresses of the instruction and of what it touched, and whether a page had to be read."""

    instruction: int
    address: int
    is_hard: bool


class FaultHistory:
    """`instruction_of` tells where the current thread is; 0 outside the process's own code."""

    def __init__(self, instruction_of: Callable[[], int]) -> None:
        self._instruction_of = instruction_of
        self._faults: list[WatchedFault] = []

    def note(self, address: int, result: FaultOutcome) -> None:
        """One more fault; those that raise an exception did not change the working set."""
        if result.resolution is Resolution.RESOLVED and len(self._faults) < CAPACITY:
            self._faults.append(WatchedFault(self._instruction_of(), address, result.kind in _HARD))

    def __len__(self) -> int:
        return len(self._faults)

    def take(self) -> list[WatchedFault]:
        """All that were kept; from now on they are forgotten."""
        taken, self._faults = self._faults, []
        return taken
