"""Promises of memory: commit charge and its limit, resident-available pages, and the slot bitmaps of paging files.

The bitmaps live here, below the PFN database, because freeing a page of RAM frees its slot. May use `layout`.
"""

from ntmm.kernel.mm.commit.group import CommitGroup
from ntmm.kernel.mm.commit.ledger import CommitAccount, CommitLedger
from ntmm.kernel.mm.commit.resident import ResidentLedger
from ntmm.kernel.mm.commit.slots import MAXIMUM_PAGING_FILES, SlotBitmap, SlotRun

__all__ = [
    "MAXIMUM_PAGING_FILES",
    "CommitAccount",
    "CommitGroup",
    "CommitLedger",
    "ResidentLedger",
    "SlotBitmap",
    "SlotRun",
]
