"""What the page lists tell the system threads: the levels at which they call, and the slots that are called."""

from collections.abc import Callable
from typing import Final

ZERO_PAGE_LEVEL: Final = 8
"""Pages on the free list that wake the zero-page thread."""


def _nothing() -> None:
    """An unfilled slot."""


class PageSignals:
    """Levels in pages. `pageout` sets the levels and fills the slots; each is called whenever its level is passed."""

    def __init__(self, frames: int) -> None:
        self.low_water = 0
        """Fewer available pages than this: memory is short."""
        self.plenty = 0
        """More available pages than this: working sets may grow beyond their maximum."""
        self.watch_from_frame = frames
        """No look is taken while frames from this one up were never handed out."""
        self.modified_maximum = frames
        self.free_for_zeroing = ZERO_PAGE_LEVEL
        self.waiters = 0
        """Threads that wait for an available page."""
        self.memory_short: Callable[[], None] = _nothing
        self.modified_over_maximum: Callable[[], None] = _nothing
        self.mapped_page_queued: Callable[[], None] = _nothing
        """A dirty page of a mapped file has lost its last mapping."""
        self.pages_to_zero: Callable[[], None] = _nothing
        self.page_available: Callable[[], None] = _nothing

    def pages_taken(self, available: int) -> None:
        """A page was taken: memory may be short now."""
        if available < self.low_water:
            self.memory_short()
