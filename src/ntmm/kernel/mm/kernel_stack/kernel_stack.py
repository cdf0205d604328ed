"""One kernel stack.

base      first byte above it (InitialStack)
pointer   lowest byte in use while the thread waits outside memory (KernelStack); the signature lies below
limit     lowest committed byte (StackLimit)
lowest    lowest byte that it may grow to; the page below is never mapped
"""

from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class KernelStack:
    """Addresses in bytes; all but `pointer` begin a page."""

    base: int
    limit: int
    lowest: int
    pointer: int
    resident: bool = True
    """False while its pages are not the thread's: in transition, or in a paging file."""

    @property
    def is_large(self) -> bool:
        """It may grow: the thread has used the window manager."""
        return self.lowest < self.limit
