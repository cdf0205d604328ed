"""What this floor asks of those above it: the pages of a file in RAM (`mm`), and the cache manager (`cc`)."""

from contextlib import AbstractContextManager
from typing import Any, Protocol


class FileData(Protocol):
    """The pages of a file that are in RAM, as its control block sees them."""

    def may_truncate(self) -> bool:
        """False while a program has the file mapped (MmCanFileBeTruncated)."""

    def size_changed(self, size: int) -> None:
        """The file has another size, in bytes; pages past a smaller one are dropped."""

    def may_delete(self) -> bool:
        """False while a program has the file mapped (MmFlushImageSection for delete)."""

    def read_over(self, offset: int, data: bytes) -> bytes:
        """What was read from the disk, with newer bytes that are only in RAM."""

    def write_over(self, offset: int, data: bytes) -> None:
        """Bytes went to the disk: pages in RAM get them as well."""

    def give_up(self) -> bool:
        """Writes what is dirty and lets go of the file; False if the disk refuses."""

    def discard(self) -> None:
        """The file is being deleted: nothing of it is written any more, and it is let go of."""


class ImageFiles(Protocol):
    """The images that the memory manager keeps of files, as the drive sees them; names begin with the drive."""

    def flush_image(self, name: str) -> bool:
        """The file is about to be changed or deleted; False while a program has its image mapped."""

    def rename_image(self, name: str, new_name: str) -> None:
        """The file has another name."""


class FileCache(Protocol):
    """The cache manager. `opened` is a file object, `block` its control block; sizes and offsets in bytes.

    All methods may wait and fail with IoFailure; `closed` does neither.
    """

    def read(self, opened: Any, offset: int, size: int) -> bytes:
        """Up to `size` bytes at `offset`."""

    def write(self, opened: Any, offset: int | None, data: bytes) -> int:
        """Writes all of `data` at `offset`, None for the end of the file, and answers its length."""

    def flush(self, block: Any) -> None:
        """Everything that was written is on the disk when this answers."""

    def closed(self, opened: Any) -> None:
        """A file object is gone."""

    def exclusive(self, block: Any) -> AbstractContextManager[None]:
        """While it lasts nobody else writes to the file or changes its size."""
