"""The PFN database's own pages: each is mapped at its place, and nowhere else."""

from collections.abc import Iterator

from ntmm.hw.arch import LARGE
from ntmm.kernel.mm.audit.findings import Findings
from ntmm.kernel.mm.manager import MemoryManager
from ntmm.kernel.mm.pfn import PageState


def check_pfn_database(manager: MemoryManager, findings: Findings) -> Iterator[str]:
    """Every entry names the frame that it should, as the kernel's own data; no other entry names one of them."""
    memory, mapping = manager.table_memory, manager.system.pfn_mapping
    architecture = memory.architecture
    step = architecture.large_page_size // architecture.page_size if mapping.is_large else 1
    for frame in mapping.frames[::step]:
        index, _ = mapping.entry_of(frame)
        entry = memory.entries[index] if index >= 0 else 0
        is_right = memory.format.frame(entry) == frame and bool(entry & LARGE) == mapping.is_large
        if not entry & 1 or entry & architecture.OWNER or not is_right:
            yield f"frame {frame:#x} of the PFN database is mapped by {entry:#x}"
    wanted = 0 if mapping.is_large else len(mapping.frames)
    if findings.database_entries != wanted:
        yield f"{findings.database_entries} PTEs map the PFN database instead of {wanted}"
    if any(manager.pfn.state[frame] != PageState.ZEROED for frame in manager.pfn.database[:64]):
        yield "a frame of the PFN database was given away"
