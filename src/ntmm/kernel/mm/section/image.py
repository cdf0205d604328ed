"""Image sections (MiCreateImageFileMap): prototype PTEs from the section table of a PE file."""

from typing import Final

from ntmm.kernel.mm.pool import Pool, PoolExhausted
from ntmm.kernel.mm.section.control_area import AreaKind, Backing, ControlArea, Subsection
from ntmm.kernel.mm.tables import PageTables
from ntmm.nt.memory import (
    MM_ACCESS_MASK,
    MM_EXECUTE,
    MM_EXECUTE_READ,
    MM_EXECUTE_READWRITE,
    MM_EXECUTE_WRITECOPY,
    MM_NOACCESS,
    MM_READONLY,
    MM_READWRITE,
    MM_WRITECOPY,
)
from ntmm.pe.headers import PeHeaders

_SHARED: Final = 0x10000000
_EXECUTE: Final = 0x20000000
_READ: Final = 0x40000000
_WRITE: Final = 0x80000000
_SUBSECTION_BYTES: Final = 0x20
_COPY_CODES: Final = (MM_WRITECOPY, MM_EXECUTE_WRITECOPY)


def section_protection(characteristics: int) -> int:
    """The MM_* code of a PE section: writable ones are copied on write unless marked shared (MiGetImageProtection)."""
    if characteristics & _WRITE:
        if characteristics & _SHARED:
            return MM_EXECUTE_READWRITE if characteristics & _EXECUTE else MM_READWRITE
        return MM_EXECUTE_WRITECOPY if characteristics & _EXECUTE else MM_WRITECOPY
    if characteristics & _EXECUTE:
        return MM_EXECUTE_READ if characteristics & _READ else MM_EXECUTE
    return MM_READONLY if characteristics & _READ else MM_NOACCESS


def create_image_control_area(
    index: int, backing: Backing, headers: PeHeaders, tables: PageTables, paged_pool: Pool, nonpaged_pool: Pool
) -> ControlArea:
    """A control area whose prototype PTEs lead into `backing`; raises PoolExhausted.

    `tables` are the system's, through which the prototype PTEs in paged pool are written.
    """
    architecture = tables.memory.architecture
    page = architecture.page_size
    total = -(-headers.size_of_image // page)
    prototypes = paged_pool.allocate(total * architecture.pte_size, "MmSt")
    area = ControlArea(
        index,
        AreaKind.IMAGE,
        backing.name,
        backing,
        page,
        architecture.pte_size,
        total,
        prototypes,
        preferred_base=headers.image_base,
    )
    for first_page, pages, protection, offset, size in _runs(headers, page, total):
        try:
            address = nonpaged_pool.allocate(_SUBSECTION_BYTES, "MmCi")
        except PoolExhausted:
            free_blocks(area, paged_pool, nonpaged_pool)
            raise
        area.subsections.append(
            Subsection(
                area,
                address,
                first_page,
                pages,
                protection,
                offset,
                size,
                prototypes + first_page * architecture.pte_size,
            )
        )
        if protection in _COPY_CODES:
            area.copy_pages += pages
    for subsection in area.subsections:
        _write_prototypes(subsection, tables, paged_pool)
    return area


def free_blocks(area: ControlArea, paged_pool: Pool, nonpaged_pool: Pool) -> None:
    """Gives back what a control area has taken that could not be finished."""
    paged_pool.free(area.first_prototype)
    for subsection in area.subsections:
        nonpaged_pool.free(subsection.address)


def _runs(headers: PeHeaders, page: int, total: int) -> list[tuple[int, int, int, int, int]]:
    """(first page, pages, protection, file offset, file bytes) of the headers and of every section."""
    if headers.section_alignment < page:
        return [(0, total, MM_EXECUTE_WRITECOPY, 0, headers.size_of_image)]
    header_pages = min(total, max(1, -(-headers.size_of_headers // page)))
    runs = [(0, header_pages, MM_READONLY, 0, headers.size_of_headers)]
    for section in headers.sections:
        size = section.virtual_size or section.raw_size
        pages = min(-(-size // page), total - section.virtual_address // page)
        if pages > 0:
            protection = section_protection(section.characteristics)
            runs.append((section.virtual_address // page, pages, protection, section.raw_offset, section.raw_size))
    return runs


def _write_prototypes(subsection: Subsection, tables: PageTables, paged_pool: Pool) -> None:
    """Subsection PTEs for pages with bytes in the file, demand-zero ones behind them, no access where none is given."""
    memory, pte_format = tables.memory, tables.memory.format
    pte_size = memory.architecture.pte_size
    address = subsection.control_area.first_prototype + subsection.first_page * pte_size
    for page in range(subsection.first_page, subsection.first_page + subsection.pages):
        if not subsection.protection & MM_ACCESS_MASK:
            pte = 0
        elif subsection.bytes_of_page(page)[1]:
            pte = pte_format.pointers.subsection(subsection.address, subsection.protection)
        else:
            pte = pte_format.demand_zero(subsection.protection)
        memory.write(paged_pool.word(address), pte)
        address += pte_size
