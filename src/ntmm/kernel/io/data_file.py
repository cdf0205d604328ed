"""The bytes behind a section of a data file: the file's control block, held open for as long as the section lives."""

from ntmm.kernel.io.control_block import FileControlBlock
from ntmm.kernel.io.failure import FileRefused, IoFailure


class DataFile:
    """Reads and writes of pages go past the file's own cache of pages; every method raises FileRefused."""

    def __init__(self, block: FileControlBlock) -> None:
        self._block = block
        self.name = block.full_name

    @property
    def size(self) -> int:
        """Length in bytes."""
        try:
            return self._block.size
        except IoFailure as failure:
            raise FileRefused(failure.status) from failure

    @property
    def is_doomed(self) -> bool:
        """True if the file goes with its last close: nothing need be written any more."""
        return self._block.delete_pending and not self._block.opens

    def read(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`."""
        try:
            return self._block.read_file(offset, size)
        except IoFailure as failure:
            raise FileRefused(failure.status) from failure

    def write(self, offset: int, data: bytes) -> None:
        """Writes all of `data`."""
        try:
            self._block.write_pages(offset, data)
        except IoFailure as failure:
            raise FileRefused(failure.status) from failure

    def set_size(self, size: int) -> None:
        """Extends with zeros."""
        try:
            self._block.set_size(size)
        except IoFailure as failure:
            raise FileRefused(failure.status) from failure

    def close(self) -> None:
        """Lets go of the file."""
        self._block.let_go()
