"""The states of a physical page (MMLISTS), what an active page is used for, and its flags."""

from enum import IntEnum
from typing import Final


class PageState(IntEnum):
    """Where a page is. Transitions, by the method of PfnDatabase that makes them:

    ZEROED, FREE, STANDBY -> ACTIVE         take_zeroed, take_any (STANDBY: its old PTE gets its original contents)
    ZEROED, FREE, STANDBY -> TRANSITION     take_for_read (the frame of a page that is being read)
    ACTIVE -> STANDBY, MODIFIED, MODIFIED_NO_WRITE   drop_share (last share gone; kept for a soft fault)
    ACTIVE -> TRANSITION                    drop_share, while I/O or a lock still refers to the page
    MODIFIED -> TRANSITION                  begin_write
    TRANSITION -> STANDBY, MODIFIED, FREE   dereference (I/O or lock ended; FREE if the owner has gone meanwhile)
    STANDBY, MODIFIED, MODIFIED_NO_WRITE, TRANSITION -> ACTIVE   reactivate (soft fault)
    TRANSITION -> ACTIVE                    end_read_in_use (the page is mapped as soon as it is read)
    MODIFIED_NO_WRITE -> MODIFIED           allow_write
    any with an owner -> FREE               free (owner deleted); TRANSITION stays until its references end
    FREE -> ZEROED                          zero_one (the zero-page thread)
    FREE, ZEROED -> BAD                     retire
    """

    ZEROED = 0
    FREE = 1
    STANDBY = 2
    MODIFIED = 3
    MODIFIED_NO_WRITE = 4
    BAD = 5
    ACTIVE = 6
    TRANSITION = 7


class PageUse(IntEnum):
    """What a page serves; kept for views and reports."""

    UNUSED = 0
    PROCESS_PRIVATE = 1
    IMAGE = 2
    MAPPED_FILE = 3
    SHARED_MEMORY = 4
    PAGE_TABLE = 5
    PAGED_POOL = 6
    NONPAGED_POOL = 7
    WORKING_SET_LIST = 8
    KERNEL = 9
    FIRMWARE = 10
    KERNEL_STACK = 11
    USER_PHYSICAL = 12
    """Taken by AllocateUserPhysicalPages (AWE)."""
    LARGE_PAGE = 13
    """Part of a large page of a process."""
    DRIVER = 14
    PFN_DATABASE = 15
    """The end of RAM, which holds the PFN entries; views say so, the entries do not."""


MODIFIED_FLAG: Final = 1
"""The contents are newer than what the file or paging file holds."""
PROTOTYPE_FLAG: Final = 2
"""The PFN entry names a prototype PTE: the page belongs to a section."""
READ_FLAG: Final = 4
"""ReadInProgress."""
WRITE_FLAG: Final = 8
"""WriteInProgress."""
DELETED_FLAG: Final = 16
"""The owner has gone; the page is freed with its last reference (bit 0 of PteAddress in Windows)."""
NO_WRITE_FLAG: Final = 32
"""The page may not be written yet: it goes to the modified-no-write list."""
