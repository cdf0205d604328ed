"""Constants of the virtual-memory API (winnt.h) and the 5-bit MM_* protection codes kept in software PTEs."""

from typing import Final

MEM_COMMIT: Final = 0x1000
MEM_RESERVE: Final = 0x2000
MEM_DECOMMIT: Final = 0x4000
MEM_RELEASE: Final = 0x8000
MEM_FREE: Final = 0x10000
MEM_PRIVATE: Final = 0x20000
MEM_MAPPED: Final = 0x40000
MEM_RESET: Final = 0x80000
MEM_TOP_DOWN: Final = 0x100000
MEM_WRITE_WATCH: Final = 0x200000
MEM_PHYSICAL: Final = 0x400000
MEM_IMAGE: Final = 0x1000000
MEM_LARGE_PAGES: Final = 0x20000000

SEC_BASED: Final = 0x200000
SEC_NO_CHANGE: Final = 0x400000
SEC_FILE: Final = 0x800000
SEC_IMAGE: Final = 0x1000000
SEC_RESERVE: Final = 0x4000000
SEC_COMMIT: Final = 0x8000000
SEC_NOCACHE: Final = 0x10000000
SEC_LARGE_PAGES: Final = 0x80000000

SECTION_QUERY: Final = 0x01
SECTION_MAP_WRITE: Final = 0x02
SECTION_MAP_READ: Final = 0x04
SECTION_MAP_EXECUTE: Final = 0x08
SECTION_EXTEND_SIZE: Final = 0x10
SECTION_MAP_EXECUTE_EXPLICIT: Final = 0x20
SECTION_ALL_ACCESS: Final = 0xF001F

VIEW_SHARE: Final = 1
VIEW_UNMAP: Final = 2
"""Whether a child process gets a view as well."""

MAP_PROCESS: Final = 1
MAP_SYSTEM: Final = 2
"""What NtLockVirtualMemory locks: pages in the working set, or in RAM."""

PAGE_NOACCESS: Final = 0x01
PAGE_READONLY: Final = 0x02
PAGE_READWRITE: Final = 0x04
PAGE_WRITECOPY: Final = 0x08
PAGE_EXECUTE: Final = 0x10
PAGE_EXECUTE_READ: Final = 0x20
PAGE_EXECUTE_READWRITE: Final = 0x40
PAGE_EXECUTE_WRITECOPY: Final = 0x80
PAGE_GUARD: Final = 0x100
PAGE_NOCACHE: Final = 0x200
PAGE_WRITECOMBINE: Final = 0x400

# The 5-bit protection code: bit 0 read, bit 1 execute, bit 2 write, except that 5 and 7 (write and read)
# mean copy-on-write while plain read/write is 4 and 6. Bits 3-4 are the modifier.
MM_ZERO_ACCESS: Final = 0x00
MM_READONLY: Final = 0x01
MM_EXECUTE: Final = 0x02
MM_EXECUTE_READ: Final = 0x03
MM_READWRITE: Final = 0x04
MM_WRITECOPY: Final = 0x05
MM_EXECUTE_READWRITE: Final = 0x06
MM_EXECUTE_WRITECOPY: Final = 0x07
MM_NOCACHE: Final = 0x08
MM_GUARD_PAGE: Final = 0x10
MM_WRITECOMBINE: Final = 0x18
MM_DECOMMIT: Final = 0x10
MM_NOACCESS: Final = 0x18
MM_OUTSWAPPED_KSTACK: Final = 0x1F
"""A page of a kernel stack that is out of memory."""
MM_MODIFIER_MASK: Final = 0x18
MM_ACCESS_MASK: Final = 0x07

ALLOCATION_GRANULARITY: Final = 0x10000

_BASE_TO_MM: Final = {
    PAGE_READONLY: MM_READONLY,
    PAGE_READWRITE: MM_READWRITE,
    PAGE_WRITECOPY: MM_WRITECOPY,
    PAGE_EXECUTE: MM_EXECUTE,
    PAGE_EXECUTE_READ: MM_EXECUTE_READ,
    PAGE_EXECUTE_READWRITE: MM_EXECUTE_READWRITE,
    PAGE_EXECUTE_WRITECOPY: MM_EXECUTE_WRITECOPY,
}
_MM_TO_BASE: Final = {mm: page for page, mm in _BASE_TO_MM.items()}
_MODIFIER_TO_MM: Final = {0: 0, PAGE_NOCACHE: MM_NOCACHE, PAGE_GUARD: MM_GUARD_PAGE, PAGE_WRITECOMBINE: MM_WRITECOMBINE}
_MM_TO_MODIFIER: Final = {mm: page for page, mm in _MODIFIER_TO_MM.items()}


def make_protection_mask(page_protection: int) -> int | None:
    """The MM_* code of a PAGE_* value, or None if Windows refuses the combination (MiMakeProtectionMask).

    Exactly one base value is needed; at most one of GUARD, NOCACHE and WRITECOMBINE may be added, and none to NOACCESS.
    """
    if page_protection == PAGE_NOACCESS:
        return MM_NOACCESS
    base = _BASE_TO_MM.get(page_protection & 0xFF)
    modifier = _MODIFIER_TO_MM.get(page_protection & ~0xFF)
    return None if base is None or modifier is None else base | modifier


def page_protection(mask: int) -> int:
    """The PAGE_* value of an MM_* code; codes without access bits read as PAGE_NOACCESS (MmProtectToValue)."""
    base = _MM_TO_BASE.get(mask & MM_ACCESS_MASK)
    return PAGE_NOACCESS if base is None else base | _MM_TO_MODIFIER[mask & MM_MODIFIER_MASK]
