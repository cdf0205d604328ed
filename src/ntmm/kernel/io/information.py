"""What is known about a file: times, attributes, sizes, identity."""

from dataclasses import dataclass

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
