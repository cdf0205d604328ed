"""What a read or a write must respect before it moves bytes: byte-range locks, and whole sectors without a cache."""

from collections.abc import Hashable
from typing import Final

from ntmm.kernel.io.constants import SECTOR_SIZE
from ntmm.kernel.io.failure import IoFailure
from ntmm.kernel.io.file import File, FileObject
from ntmm.kernel.io.locks import ByteRange
from ntmm.native.call import Call
from ntmm.nt.status import Status

BUFFER_ALIGNMENT: Final = 4
"""Bytes: what the disk asks of buffers that it fills itself (FILE_LONG_ALIGNMENT)."""


WRITE_TO_END: Final = (1 << 64) - 1
"""FILE_WRITE_TO_END_OF_FILE with its high half, -1: bytes are put behind the last."""


def lock_owner(call: Call, key: int = 0) -> Hashable:
    """Whom a lock belongs to beside the open of the file: the process and the key that it gave."""
    return call.process.id, key


def check_position(file: File, position: int) -> None:
    """Without a cache a position is a multiple of the sector: else INVALID_PARAMETER."""
    if file.is_unbuffered and position % SECTOR_SIZE:
        raise IoFailure(Status.INVALID_PARAMETER)


def start_of(file: File, offset: int, is_write: bool) -> int:
    """Where a request begins that names its offset as 64 bits; all ones mean the end of the file, for writes only.

    Pipes and consoles have no offsets: theirs are ignored. Raises IoFailure(INVALID_PARAMETER) for a negative one.
    """
    if offset >> 63 == 0 or not isinstance(file, FileObject):
        return offset
    if is_write and offset == WRITE_TO_END:
        return file.size
    raise IoFailure(Status.INVALID_PARAMETER)


def _check_sectors(buffer: int, size: int, offset: int) -> None:
    if size % SECTOR_SIZE or offset % SECTOR_SIZE or buffer % BUFFER_ALIGNMENT:
        raise IoFailure(Status.INVALID_PARAMETER)


def check_read(
    call: Call, file: File, buffer: int, size: int, offset: int, key: int = 0, is_current: bool = False
) -> None:
    """Refuses a read that another owner's exclusive lock forbids, or that is not of whole sectors. Raises IoFailure.

    A read of the last sector leaves the current position inside of it, at the end of the file: a read from there finds
    the end, as programs expect that read a whole file.
    """
    if file.is_unbuffered:
        _check_sectors(buffer, size, 0 if is_current and offset >= file.size else offset)
    if isinstance(file, FileObject) and file.block.locks:
        file.block.locks.check_read(ByteRange(offset, size), file, lock_owner(call, key))


def check_write(call: Call, file: File, buffer: int, size: int, offset: int, key: int = 0) -> None:
    """Refuses a write that a lock forbids, or that is not of whole sectors. Raises IoFailure."""
    if file.is_unbuffered:
        _check_sectors(buffer, size, offset)
    if isinstance(file, FileObject) and file.block.locks:
        file.block.locks.check_write(ByteRange(offset, size), file, lock_owner(call, key))
