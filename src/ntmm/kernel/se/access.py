"""Access masks: standard and generic rights, and what the generic ones mean for a type (RtlMapGenericMask).

31..28        25               24                       20..16           15..0
R W X A     | MAXIMUM_ALLOWED | ACCESS_SYSTEM_SECURITY | standard rights | of the type
"""

from dataclasses import dataclass
from typing import Final

DELETE: Final = 0x00010000
READ_CONTROL: Final = 0x00020000
WRITE_DAC: Final = 0x00040000
WRITE_OWNER: Final = 0x00080000
SYNCHRONIZE: Final = 0x00100000
STANDARD_RIGHTS_REQUIRED: Final = 0x000F0000
STANDARD_RIGHTS_ALL: Final = 0x001F0000
SPECIFIC_RIGHTS_ALL: Final = 0x0000FFFF
ACCESS_SYSTEM_SECURITY: Final = 0x01000000
MAXIMUM_ALLOWED: Final = 0x02000000
GENERIC_ALL: Final = 0x10000000
GENERIC_EXECUTE: Final = 0x20000000
GENERIC_WRITE: Final = 0x40000000
GENERIC_READ: Final = 0x80000000
GENERIC_RIGHTS: Final = 0xF0000000


@dataclass(frozen=True, slots=True)
class GenericMapping:
    """What GENERIC_READ, _WRITE, _EXECUTE and _ALL mean for objects of a type (GENERIC_MAPPING)."""

    read: int
    write: int
    execute: int
    all: int

    def map(self, mask: int) -> int:
        """The mask without generic rights."""
        for generic, specific in (
            (GENERIC_READ, self.read),
            (GENERIC_WRITE, self.write),
            (GENERIC_EXECUTE, self.execute),
            (GENERIC_ALL, self.all),
        ):
            if mask & generic:
                mask = mask & ~generic | specific
        return mask


FILE_MAPPING: Final = GenericMapping(0x00120089, 0x00120116, 0x001200A0, 0x001F01FF)
EVENT_MAPPING: Final = GenericMapping(0x00020001, 0x00020002, 0x00120000, 0x001F0003)
SEMAPHORE_MAPPING: Final = EVENT_MAPPING
MUTANT_MAPPING: Final = GenericMapping(0x00020001, 0x00020000, 0x00120000, 0x001F0001)
SECTION_MAPPING: Final = GenericMapping(0x00020005, 0x00020002, 0x00020008, 0x000F001F)
PROCESS_MAPPING: Final = GenericMapping(0x00020410, 0x00020BEB, 0x00120000, 0x001F0FFF)
THREAD_MAPPING: Final = GenericMapping(0x00020048, 0x00020037, 0x00120000, 0x001F03FF)
TOKEN_MAPPING: Final = GenericMapping(0x00020008, 0x000200E0, 0x00020000, 0x000F01FF)
DIRECTORY_MAPPING: Final = GenericMapping(0x00020003, 0x0002000C, 0x00020003, 0x000F000F)
SYMBOLIC_LINK_MAPPING: Final = GenericMapping(0x00020001, 0x00020000, 0x00020001, 0x000F0001)
IO_COMPLETION_MAPPING: Final = GenericMapping(0x00020001, 0x00020002, 0x00120000, 0x001F0003)
JOB_MAPPING: Final = GenericMapping(0x00020004, 0x0002000B, 0x00120000, 0x001F001F)
PORT_MAPPING: Final = GenericMapping(0x00020001, 0x00010001, 0x00000000, 0x001F0001)
