"""The full audit: every count of the memory manager, computed again from the page tables in RAM.

`audit(manager)` answers a list of sentences, one for each violated invariant; an empty list means that the books are
right. `findings` gathers what the tables say and `frames` compares the PFN database with it; `spaces` looks at working
sets and commit charge, `entries` at single user PTEs, `roots` at self-maps, `sections` at prototype PTEs, `pools` at
blocks, `locked_memory` at pages outside working sets, `system_ptes` at free system PTEs and kernel stacks,
`system_cache` at cached files. Reads everything, changes nothing; may use all of mm.
"""

from ntmm.kernel.mm.audit.entries import check_entries
from ntmm.kernel.mm.audit.findings import gather
from ntmm.kernel.mm.audit.frames import check_frames
from ntmm.kernel.mm.audit.locked_memory import check_locked_memory
from ntmm.kernel.mm.audit.pools import check_pools
from ntmm.kernel.mm.audit.roots import check_root
from ntmm.kernel.mm.audit.sections import check_sections
from ntmm.kernel.mm.audit.spaces import check_commit, check_slots, check_space, check_system_working_set
from ntmm.kernel.mm.audit.system_cache import check_system_cache
from ntmm.kernel.mm.audit.system_ptes import check_system_ptes
from ntmm.kernel.mm.manager import MemoryManager

__all__ = ["audit"]


def audit(manager: MemoryManager) -> list[str]:
    """What is wrong with a machine's memory; nothing if the list is empty."""
    findings = gather(manager)
    problems = list(findings.problems)
    problems += check_frames(manager, findings)
    for space in manager.spaces:
        if space.is_swapped_out:
            continue
        problems += check_root(manager, space)
        problems += check_space(manager, space)
        problems += check_entries(manager, space)
    problems += check_locked_memory(manager)
    problems += check_sections(manager)
    problems += check_pools(manager)
    problems += check_system_ptes(manager)
    problems += check_system_cache(manager)
    problems += check_commit(manager)
    problems += check_system_working_set(manager)
    problems += check_slots(manager, findings)
    return problems
