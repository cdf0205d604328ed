"""Requests of files opened with FILE_NO_INTERMEDIATE_BUFFERING: to and from the disk, past the cache.

What the cache holds of the range is written first and, for a write, dropped; pages that programs have mapped get the
new bytes, so that a view and the disk agree.
"""

from ntmm.kernel.cc.shared_map import failure_of
from ntmm.kernel.io.constants import SECTOR_SIZE
from ntmm.kernel.io.control_block import FileControlBlock
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.ke.scheduler import Scheduler
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.section.file_data import DataPages
from ntmm.nt.status import Status


class Uncached:
    """Offsets and sizes must be multiples of a sector of 512 bytes, else INVALID_PARAMETER."""

    def __init__(self, mm: MemoryManager, scheduler: Scheduler) -> None:
        self._mm = mm
        self._scheduler = scheduler
        self._page = mm.architecture.page_size

    def read(self, block: FileControlBlock, offset: int, size: int) -> bytes:
        """Up to `size` bytes; none from the end on, which need not be a multiple of a sector."""
        if offset >= block.size:
            return b""
        _check(offset, size)
        self._flush(block, offset, offset + size)
        self._wait_for_disk(block, offset, min(size, max(0, block.size - offset)))
        return block.read(offset, size)

    def write(self, block: FileControlBlock, offset: int, data: bytes) -> int:
        """Writes all of `data`; the caller holds the file exclusively."""
        _check(offset, len(data))
        self._flush(block, offset, offset + len(data))
        self._wait_for_disk(block, offset, len(data))
        if isinstance(block.data, DataPages):
            block.data.drop_clean(offset // self._page, -(-(offset + len(data)) // self._page))
        return block.write(offset, data)

    def _flush(self, block: FileControlBlock, start: int, end: int) -> None:
        if isinstance(block.data, DataPages):
            first, stop = start // self._page, -(-end // self._page)
            refusal = self._mm.mapped_writer.flush(block.data.area, first, stop)
            if refusal is not None:
                raise failure_of(refusal)

    def _wait_for_disk(self, block: FileControlBlock, offset: int, size: int) -> None:
        """The time that the transfer takes."""
        if not size:
            return
        first, end = offset // self._page, -(-(offset + size) // self._page)
        due = self._mm.disk.transfer(block.full_name, first, end - first)
        if not self._scheduler.try_pass_time(due):
            thread = self._scheduler.current
            assert thread is not None
            left = max(0, due - self._scheduler.uptime_100ns())
            self._scheduler.wait(thread, (), timeout_100ns=left, for_system=True)


def _check(offset: int, size: int) -> None:
    if offset % SECTOR_SIZE or size % SECTOR_SIZE:
        raise IoFailure(Status.INVALID_PARAMETER)
