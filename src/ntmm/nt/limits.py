"""Limits of the simulated machines, in bytes."""

from typing import Final

MINIMUM_RAM: Final = 4 << 20
"""Below 4 MB the system pages of the first process do not fit beside a working set."""

MAXIMUM_RAM: Final = {"x86": 4 << 30, "pae": 64 << 30, "x64": 1 << 40}
"""By architecture: the 20-bit frame number, the 36-bit physical address, and Server 2003's 1 TB."""

MAXIMUM_PROCESSORS: Final = 32
"""Bits of an affinity mask on 32-bit Windows."""

MAXIMUM_PAGING_FILES: Final = 16
"""A page-file PTE has four bits for the file's number."""

MINIMUM_PAGING_FILE: Final = 1 << 20
"""NtCreatePagingFile refuses less."""

MAXIMUM_PAGING_FILE: Final = {"x86": 4095 << 20, "pae": 1 << 44, "x64": 1 << 44}
"""By architecture: 20 bits of a page-file PTE without PAE, 32 bits with 8-byte entries (16 TB)."""
