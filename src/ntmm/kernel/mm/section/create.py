"""NtCreateSection's checks, in the order of Windows, up to the control area."""

from typing import Final

from ntmm.kernel.io.constants import FILE_EXECUTE, FILE_READ_DATA, FILE_WRITE_DATA
from ntmm.nt.memory import (
    MM_ACCESS_MASK,
    MM_MODIFIER_MASK,
    PAGE_EXECUTE,
    PAGE_EXECUTE_READ,
    PAGE_EXECUTE_READWRITE,
    PAGE_EXECUTE_WRITECOPY,
    PAGE_READONLY,
    PAGE_READWRITE,
    PAGE_WRITECOPY,
    SEC_BASED,
    SEC_COMMIT,
    SEC_IMAGE,
    SEC_LARGE_PAGES,
    SEC_NO_CHANGE,
    SEC_NOCACHE,
    SEC_RESERVE,
    make_protection_mask,
)
from ntmm.nt.status import Status

_KNOWN: Final = SEC_BASED | SEC_NO_CHANGE | SEC_IMAGE | SEC_RESERVE | SEC_COMMIT | SEC_NOCACHE | SEC_LARGE_PAGES
_NOT_WITH_IMAGE: Final = SEC_COMMIT | SEC_RESERVE | SEC_LARGE_PAGES | SEC_NOCACHE | SEC_NO_CHANGE

LARGEST_SECTION: Final = (1 << 63) - 1

NEEDED_ACCESS: Final = {
    PAGE_READONLY: FILE_READ_DATA,
    PAGE_READWRITE: FILE_READ_DATA | FILE_WRITE_DATA,
    PAGE_WRITECOPY: FILE_READ_DATA,
    PAGE_EXECUTE: FILE_EXECUTE,
    PAGE_EXECUTE_READ: FILE_EXECUTE | FILE_READ_DATA,
    PAGE_EXECUTE_READWRITE: FILE_EXECUTE | FILE_READ_DATA | FILE_WRITE_DATA,
    PAGE_EXECUTE_WRITECOPY: FILE_EXECUTE | FILE_READ_DATA,
}
"""Rights that the file's handle must have for a section of a PAGE_* value."""


def check_creation(attributes: int, page_protection: int, maximum_size: int, has_file: bool) -> Status | None:
    """The refusal of a combination that no section can have."""
    if attributes & ~_KNOWN or not attributes & (SEC_COMMIT | SEC_RESERVE | SEC_IMAGE):
        return Status.INVALID_PARAMETER_6
    if attributes & SEC_IMAGE and attributes & _NOT_WITH_IMAGE:
        return Status.INVALID_PARAMETER_6
    if attributes & SEC_COMMIT and attributes & SEC_RESERVE:
        return Status.INVALID_PARAMETER_6
    protection = make_protection_mask(page_protection)
    if protection is None or not protection & MM_ACCESS_MASK or protection & MM_MODIFIER_MASK:
        return Status.INVALID_PAGE_PROTECTION
    if attributes & SEC_LARGE_PAGES:
        return Status.INVALID_PARAMETER_6 if has_file else Status.NOT_IMPLEMENTED
    if not has_file and attributes & SEC_IMAGE:
        return Status.INVALID_FILE_FOR_SECTION
    if not has_file and not maximum_size:
        return Status.INVALID_PARAMETER_4
    return Status.SECTION_TOO_BIG if not 0 <= maximum_size < LARGEST_SECTION else None


def may_write(page_protection: int) -> bool:
    """True if views of a section of a PAGE_* value can change the file."""
    return page_protection & 0xFF in (PAGE_READWRITE, PAGE_EXECUTE_READWRITE)
