"""The full audit: every count of the memory manager, computed again from the page tables in RAM.

`audit(manager)` answers a list of sentences, one for each violated invariant; an empty list means that the books are
right. `findings` gathers what the tables say, `frames` compares the PFN database with it, `spaces` the working sets
and the commit charge. Reads everything, changes nothing; may use all of mm.
"""

from ntmm.kernel.mm.audit.findings import gather
from ntmm.kernel.mm.audit.frames import check_frames
from ntmm.kernel.mm.audit.spaces import check_commit, check_space
from ntmm.kernel.mm.manager import MemoryManager

__all__ = ["audit"]


def audit(manager: MemoryManager) -> list[str]:
    """What is wrong with a machine's memory; nothing if the list is empty."""
    findings = gather(manager)
    problems = list(findings.problems)
    problems += check_frames(manager, findings)
    for space in manager.spaces:
        problems += check_space(manager, space)
    problems += check_commit(manager)
    return problems
