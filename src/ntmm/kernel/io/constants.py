"""Constants of the file API (winnt.h, ntifs.h): access rights, sharing, dispositions, options, attributes."""

from enum import IntEnum
from typing import Final

FILE_READ_DATA: Final = 0x0001
FILE_WRITE_DATA: Final = 0x0002
FILE_APPEND_DATA: Final = 0x0004
FILE_EXECUTE: Final = 0x0020
FILE_READ_ATTRIBUTES: Final = 0x0080
FILE_WRITE_ATTRIBUTES: Final = 0x0100
DELETE: Final = 0x00010000
SYNCHRONIZE: Final = 0x00100000
GENERIC_ALL: Final = 0x10000000
GENERIC_EXECUTE: Final = 0x20000000
GENERIC_WRITE: Final = 0x40000000
GENERIC_READ: Final = 0x80000000
MAXIMUM_ALLOWED: Final = 0x02000000

FILE_GENERIC_READ: Final = 0x00120089
FILE_GENERIC_WRITE: Final = 0x00120116
FILE_GENERIC_EXECUTE: Final = 0x001200A0
FILE_ALL_ACCESS: Final = 0x001F01FF

FILE_SHARE_READ: Final = 1
FILE_SHARE_WRITE: Final = 2
FILE_SHARE_DELETE: Final = 4

FILE_DIRECTORY_FILE: Final = 0x00000001
FILE_WRITE_THROUGH: Final = 0x00000002
FILE_SEQUENTIAL_ONLY: Final = 0x00000004
FILE_NO_INTERMEDIATE_BUFFERING: Final = 0x00000008
FILE_SYNCHRONOUS_IO_ALERT: Final = 0x00000010
FILE_SYNCHRONOUS_IO_NONALERT: Final = 0x00000020
FILE_NON_DIRECTORY_FILE: Final = 0x00000040
FILE_RANDOM_ACCESS: Final = 0x00000800
FILE_DELETE_ON_CLOSE: Final = 0x00001000
FILE_OPEN_FOR_BACKUP_INTENT: Final = 0x00004000

SECTOR_SIZE: Final = 512

FILE_ATTRIBUTE_READONLY: Final = 0x01
FILE_ATTRIBUTE_HIDDEN: Final = 0x02
FILE_ATTRIBUTE_SYSTEM: Final = 0x04
FILE_ATTRIBUTE_DIRECTORY: Final = 0x10
FILE_ATTRIBUTE_ARCHIVE: Final = 0x20
FILE_ATTRIBUTE_NORMAL: Final = 0x80
FILE_ATTRIBUTE_TEMPORARY: Final = 0x100
FILE_ATTRIBUTE_NOT_CONTENT_INDEXED: Final = 0x2000
SETTABLE_ATTRIBUTES: Final = 0x2127
"""Read-only, hidden, system, archive, temporary, not content indexed."""

_GENERIC_RIGHTS: Final = {
    GENERIC_READ: FILE_GENERIC_READ,
    GENERIC_WRITE: FILE_GENERIC_WRITE,
    GENERIC_EXECUTE: FILE_GENERIC_EXECUTE,
    GENERIC_ALL: FILE_ALL_ACCESS,
    MAXIMUM_ALLOWED: FILE_ALL_ACCESS,
}


class Disposition(IntEnum):
    """What to do when the file exists or does not (NtCreateFile)."""

    SUPERSEDE = 0
    OPEN = 1
    CREATE = 2
    OPEN_IF = 3
    OVERWRITE = 4
    OVERWRITE_IF = 5


class OpenAction(IntEnum):
    """What an open did (IO_STATUS_BLOCK.Information of NtCreateFile)."""

    SUPERSEDED = 0
    OPENED = 1
    CREATED = 2
    OVERWRITTEN = 3


class FileType(IntEnum):
    """The answer of GetFileType."""

    UNKNOWN = 0
    DISK = 1
    CHARACTER = 2
    PIPE = 3


def map_generic_access(access: int) -> int:
    """Specific file rights for a mask that may hold generic ones (RtlMapGenericMask)."""
    for generic, specific in _GENERIC_RIGHTS.items():
        if access & generic:
            access = access & ~generic | specific
    return access
