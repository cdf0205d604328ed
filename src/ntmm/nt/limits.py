"""Limits of the simulated machines, in bytes."""

from typing import Final

MINIMUM_RAM: Final = 4 << 20
"""Below 4 MB the system pages of the first process do not fit beside a working set."""

MAXIMUM_RAM: Final = {"x86": 4 << 30, "pae": 128 << 30, "x64": 1 << 40, "ia64": 1 << 40}
"""What a system of an architecture can use: the 20-bit frame number, what 32-bit Windows can keep account of on an x64
processor, and Server 2003's 1 TB.
"""

PHYSICAL_LIMIT: Final = {"x86": 64 << 30, "x86-nx": 64 << 30, "x64": 1 << 40, "ia64": 1 << 40}
"""What may be built in, by kind of processor: 36 address bits of a 32-bit one with PAE, 40 of a 64-bit one."""

MAXIMUM_PROCESSORS: Final = 32
"""Bits of an affinity mask on 32-bit Windows."""

MAXIMUM_PAGING_FILES: Final = 16
"""A page-file PTE has four bits for the file's number."""

MINIMUM_PAGING_FILE: Final = 1 << 20
"""NtCreatePagingFile refuses less."""

MAXIMUM_PAGING_FILE: Final = {"x86": 4095 << 20, "pae": 1 << 44, "x64": 1 << 44, "ia64": 32 << 40}
"""By architecture: 20 bits of a page-file PTE without PAE, 32 bits with 8-byte entries (16 TB; 32 TB of 8 KB pages)."""

PAGE_SIZE: Final = {"x86": 4096, "pae": 4096, "x64": 4096, "ia64": 8192}
"""Bytes of a page by architecture, for sizes that are checked before a machine exists."""
