"""What is known about a file: times, attributes, sizes, identity."""

from dataclasses import dataclass

from ntmm.kernel.io.constants import (
    FILE_ATTRIBUTE_ARCHIVE,
    FILE_ATTRIBUTE_DIRECTORY,
    FILE_ATTRIBUTE_NORMAL,
    FILE_ATTRIBUTE_READONLY,
)
from ntmm.kernel.io.stored import FileStatus
from ntmm.kernel.se import SecurityDescriptor


@dataclass(frozen=True, slots=True)
class FileInformation:
    """A snapshot; times are FILETIMEs, sizes bytes, `index` the same for all names of one file."""

    attributes: int
    creation_time: int
    access_time: int
    write_time: int
    size: int
    allocation_size: int
    index: int
    links: int
    is_directory: bool
    delete_pending: bool


@dataclass(frozen=True, slots=True)
class TimeChange:
    """New times as FILETIMEs; None leaves one as it is."""

    creation: int | None = None
    access: int | None = None
    write: int | None = None


@dataclass(slots=True)
class Marks:
    """What Windows keeps for a file and the host does not; lost when the machine is closed."""

    attributes: int | None = None
    creation_time: int | None = None
    access_time: int | None = None
    security: SecurityDescriptor | None = None


def attributes_of(status: FileStatus, is_directory: bool, marks: Marks) -> int:
    """FILE_ATTRIBUTE_* of a file: archive unless set otherwise, read-only from the host, NORMAL if there is none."""
    default = 0 if is_directory else FILE_ATTRIBUTE_ARCHIVE
    attributes = default if marks.attributes is None else marks.attributes
    if is_directory:
        return attributes | FILE_ATTRIBUTE_DIRECTORY
    if not status.st_mode & 0o200:
        attributes |= FILE_ATTRIBUTE_READONLY
    return attributes or FILE_ATTRIBUTE_NORMAL
