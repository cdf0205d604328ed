"""The CPU's page-table walk in Python, for the few questions the CPU room has about its own frames."""

from ntmm.hw.arch import VALID, Architecture
from ntmm.hw.ram import Ram


def translate(ram: Ram, architecture: Architecture, page_directory: int, address: int) -> int | None:
    """The frame a virtual address lies in, by the tables under this CR3 value; None if absent."""
    words = ram.u32 if architecture.pte_size == 4 else ram.u64
    table = page_directory
    last = architecture.levels - 1
    for level, index in enumerate(architecture.split(address)):
        entry = words[table // architecture.pte_size + index]
        if not entry & VALID:
            return None
        if entry & architecture.LARGE and level == last - 1:
            offset = address & architecture.large_page_size - 1
            return (entry & architecture.large_frame_mask | offset) >> architecture.page_shift
        table = entry & architecture.frame_mask
    return table >> architecture.page_shift
