"""The full audit: every count of the memory manager, computed again from the page tables in RAM.

`audit(manager)` answers a list of sentences, one for each violated invariant; an empty list means that the books are
right. `findings` gathers what the tables say and `frames` compares the PFN database with it, `pfn_database` looks at
that database's own pages; `spaces` looks at working
sets and commit charge, `entries` at single user PTEs, `roots` at self-maps, `sections` at prototype PTEs, `pools` at
blocks, `locked_memory` at pages outside working sets, `system_ptes` at free system PTEs and kernel stacks,
`system_cache` at cached files, `sessions` at session space. Reads everything, changes nothing; may use all of mm.
"""

from collections.abc import Iterable, Iterator

from ntmm.kernel.mm.audit.contents import UnreadablePageError
from ntmm.kernel.mm.audit.entries import check_entries
from ntmm.kernel.mm.audit.findings import gather
from ntmm.kernel.mm.audit.frames import check_frames
from ntmm.kernel.mm.audit.locked_memory import check_locked_memory
from ntmm.kernel.mm.audit.pfn_database import check_pfn_database
from ntmm.kernel.mm.audit.pools import check_pools
from ntmm.kernel.mm.audit.roots import check_root
from ntmm.kernel.mm.audit.sections import check_sections
from ntmm.kernel.mm.audit.sessions import check_sessions
from ntmm.kernel.mm.audit.spaces import check_commit, check_slots, check_space, check_system_working_set
from ntmm.kernel.mm.audit.system_cache import check_system_cache
from ntmm.kernel.mm.audit.system_ptes import check_system_ptes
from ntmm.kernel.mm.manager import MemoryManager

__all__ = ["audit"]


def audit(manager: MemoryManager) -> list[str]:
    """What is wrong with a machine's memory; nothing if the list is empty.

    A table that a paging file does not give back is a finding too: what comes after it was not looked at.
    """
    problems: list[str] = []
    try:
        for found in _checks(manager):
            problems += found
    except UnreadablePageError as refusal:
        problems.append(f"{refusal}, so that the audit could not be finished")
    return problems


def _checks(manager: MemoryManager) -> Iterator[Iterable[str]]:
    """What each part of the audit finds, one after another."""
    findings = gather(manager)
    yield findings.problems
    yield check_frames(manager, findings)
    yield check_pfn_database(manager, findings)
    for space in manager.spaces:
        if not space.is_swapped_out:
            yield check_root(manager, space)
            yield check_space(manager, space)
            yield check_entries(manager, space)
    yield check_locked_memory(manager)
    yield check_sections(manager)
    yield check_pools(manager)
    yield check_system_ptes(manager)
    yield check_system_cache(manager)
    yield check_sessions(manager)
    yield check_commit(manager)
    yield check_system_working_set(manager)
    yield check_slots(manager, findings)
