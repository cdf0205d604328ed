"""Making image pages writable while the loader corrects them, as Ldr does with NtProtectVirtualMemory."""

from collections.abc import Iterator
from contextlib import contextmanager

from ntmm.loader.modules import LoadedModule
from ntmm.loader.space import AddressSpace
from ntmm.nt.memory import PAGE_EXECUTE_READWRITE, PAGE_READWRITE
from ntmm.pe.sections import PeSection, round_up


@contextmanager
def writable(space: AddressSpace, module: LoadedModule, address: int, size: int) -> Iterator[None]:
    """Makes the RVAs [address, address + size) writable inside the block, section by section, then restores them."""
    changed = []
    try:
        for section in module.headers.sections:
            pages = _pages_to_change(section, address, address + size)
            if pages:
                protection = PAGE_EXECUTE_READWRITE if section.is_executable else PAGE_READWRITE
                old = space.protect(module.base + pages.start, len(pages), protection)
                changed.append((module.base + pages.start, len(pages), old))
        yield
    finally:
        for start, length, old in changed:
            space.protect(start, length, old)


def _pages_to_change(section: PeSection, start: int, end: int) -> range:
    """The whole pages of a read-only section that a range of RVAs touches."""
    if section.is_writable:
        return range(0)
    section_end = round_up(section.virtual_address + section.virtual_size, 0x1000)
    first = max(start & -0x1000, section.virtual_address)
    return range(first, min(round_up(end, 0x1000), section_end))
