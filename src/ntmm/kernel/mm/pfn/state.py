"""The states of a physical page (MMLISTS) and what an active page is used for."""

from enum import IntEnum


class PageState(IntEnum):
    """Where a page is. Transitions, by the method of PfnDatabase that makes them:

    ZEROED, FREE, STANDBY -> ACTIVE        take_zeroed, take_any, take_zeroed_frame
    ACTIVE -> STANDBY, MODIFIED            drop_share (last share gone; contents kept for a soft fault)
    STANDBY, MODIFIED -> ACTIVE            reactivate
    ACTIVE, STANDBY, MODIFIED -> FREE      free (owner deleted)
    STANDBY -> ACTIVE of another owner     take_* when nothing else is left: the old PTE gets its original contents
    FREE -> ZEROED                         the zero-page thread
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
