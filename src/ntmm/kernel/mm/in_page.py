"""Reading pages from their file into frames (MiDispatchFault's in-page path, IoPageRead). May use `section`, lower."""

from ntmm.hw.ram import Ram
from ntmm.kernel.ke.clock import Clock
from ntmm.kernel.mm.section import Subsection

READ_LATENCY_100NS = 80_000
"""Modelled time of one paging read: 8 ms, a disk of the time."""


class InPage:
    """Paging reads and their counts: `reads` I/Os, `pages` filled by them."""

    def __init__(self, ram: Ram, clock: Clock, page_size: int) -> None:
        self._bytes = ram.bytes
        self._clock = clock
        self._page_size = page_size
        self.reads = 0
        self.pages = 0

    def read_page(self, subsection: Subsection, page: int, frame: int) -> bool:
        """Fills a frame with a page of a segment; bytes past the file's part are zero. False if the read failed."""
        offset, size = subsection.bytes_of_page(page)
        try:
            data = subsection.control_area.backing.read(offset, size)
        except OSError:
            return False
        start = frame * self._page_size
        self._bytes[start : start + self._page_size] = data[: self._page_size].ljust(self._page_size, b"\0")
        self._clock.advance(READ_LATENCY_100NS)
        self.reads += 1
        self.pages += 1
        return True
