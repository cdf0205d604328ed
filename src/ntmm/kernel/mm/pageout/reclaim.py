"""Slots of paging files that pages in RAM hold: where no slot is free, such pages give theirs back.

A page that was read from a paging file keeps its slot while it is unchanged, so that it need not be written again. When
all slots are used that is a luxury: the page counts as modified from then on, and pages that are only in RAM get slots.
"""

from typing import Final

import numpy as np

from ntmm.kernel.mm.pfn import PageState, PfnDatabase
from ntmm.kernel.mm.pfn.columns import column
from ntmm.kernel.mm.pfn.state import MODIFIED_FLAG, WRITE_FLAG

_SOFTWARE_FORM: Final = 0xC01
"""Bits that are clear in the PTE of a page in a paging file."""


def reclaim_slots(pfn: PfnDatabase, wanted: int) -> int:
    """Takes the slots of up to `wanted` mapped pages; answers how many it took."""
    end = pfn.high_water
    original = column(pfn.original_pte)[:end].astype(np.uint64)
    holds = (original >> np.uint64(pfn.slot_shift) != 0) & (original & np.uint64(_SOFTWARE_FORM) == 0)
    mapped = (column(pfn.state)[:end] == PageState.ACTIVE) & (column(pfn.flags)[:end] & WRITE_FLAG == 0)
    frames = np.flatnonzero(holds & mapped)[:wanted].tolist()
    for frame in frames:
        pfn.flags[frame] |= MODIFIED_FLAG
        pfn.forget_slot(frame)
    return len(frames)
