"""Working sets: the list of pages that a process has valid. May use `pool`, `vad` and lower."""

from ntmm.kernel.mm.working_set.working_set import WorkingSet

__all__ = ["WorkingSet"]
