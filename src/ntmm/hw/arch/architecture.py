"""The geometry of one paging architecture and the bits of its hardware PTE.

    63  62      52 51        M-1         12 11 10  9  8  7  6  5   4   3   2  1  0
    NX  (software)  (reserved)   frame       -  P  C  G  L  D  A  PCD PWT U/S W  V

NX only with 8-byte entries; M-1 = 31 (x86), 37 (PAE), 39 (x64); L = large page (in a directory entry);
C, P = copy-on-write and prototype, software's. Levels are numbered from the top table, 0, to the page table.
"""

from dataclasses import dataclass
from functools import cached_property

VALID = 0x1
WRITE = 0x2
OWNER = 0x4
WRITE_THROUGH = 0x8
CACHE_DISABLE = 0x10
ACCESSED = 0x20
DIRTY = 0x40
LARGE = 0x80
GLOBAL = 0x100
COPY_ON_WRITE = 0x200
PROTOTYPE = 0x400


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """One paging architecture; all sizes in bytes, all addresses virtual unless named physical."""

    name: str
    bits: int
    virtual_bits: int
    pointer_size: int
    page_shift: int
    pte_size: int
    index_bits: tuple[int, ...]
    """Virtual-address bits that index the table of each level, top first."""
    shifts: tuple[int, ...]
    """Right shift that brings a level's index to bit 0, top first."""
    table_bases: tuple[int, ...]
    """Self-map address of the first entry of each level, top first; the last one is PTE_BASE."""
    self_map_index: int
    """Index of the (first) self-mapping entry in the top table; on PAE counted over the four directories together."""
    frame_mask: int
    """The frame field within a PTE."""
    large_frame_mask: int
    """The frame field within a directory entry that maps a large page."""
    no_execute: int
    """The no-execute bit of a PTE, or 0."""
    directory_entry_bits: int
    """Bits of a top-level entry the CPU allows beside the frame; PAE's top entries have neither W nor U/S."""
    maximum_frames: int
    """Frames this CPU engine can address."""
    top_table_pages: int
    """Frames a new address space needs for its fixed top tables (PAE: directory pointers and four directories)."""
    allocation_granularity: int = 0x10000
    frame_shift: int = 12

    VALID = VALID
    WRITE = WRITE
    OWNER = OWNER
    WRITE_THROUGH = WRITE_THROUGH
    CACHE_DISABLE = CACHE_DISABLE
    ACCESSED = ACCESSED
    DIRTY = DIRTY
    LARGE = LARGE
    GLOBAL = GLOBAL
    COPY_ON_WRITE = COPY_ON_WRITE
    PROTOTYPE = PROTOTYPE

    # geometry

    @cached_property
    def levels(self) -> int:
        """Number of table levels the CPU walks."""
        return len(self.shifts)

    @cached_property
    def page_size(self) -> int:
        """Bytes of a small page."""
        return 1 << self.page_shift

    @cached_property
    def page_mask(self) -> int:
        """The offset bits: page_size - 1."""
        return (1 << self.page_shift) - 1

    @cached_property
    def large_page_shift(self) -> int:
        """log2 of a large page."""
        return self.shifts[-2]

    @cached_property
    def large_page_size(self) -> int:
        """Bytes mapped by one directory entry with LARGE set."""
        return 1 << self.shifts[-2]

    @cached_property
    def entries_of_large_page(self) -> int:
        """Adjacent directory entries that name one large page: several where it is larger than what one entry maps."""
        return self.large_page_size >> self.shifts[-2]

    @cached_property
    def entries_per_table(self) -> tuple[int, ...]:
        """Entries of one table at each level, top first."""
        return tuple(1 << bits for bits in self.index_bits)

    @cached_property
    def tables_per_level(self) -> tuple[int, ...]:
        """Tables at each level, top first, when the whole virtual address space is mapped."""
        return tuple(
            1 << (self.virtual_bits - shift - bits) for shift, bits in zip(self.shifts, self.index_bits, strict=True)
        )

    @cached_property
    def has_no_execute(self) -> bool:
        """Whether a PTE can forbid instruction fetches."""
        return self.no_execute != 0

    @cached_property
    def address_mask(self) -> int:
        """All bits of a pointer."""
        return (1 << self.bits) - 1

    @cached_property
    def virtual_mask(self) -> int:
        """The bits of a pointer that take part in translation."""
        return (1 << self.virtual_bits) - 1

    # virtual addresses

    def canonical(self, address: int) -> int:
        """The address the CPU accepts for these low virtual-address bits (sign-extended on x64)."""
        address &= self.virtual_mask
        if self.bits > self.virtual_bits and address >> self.virtual_bits - 1:
            address |= self.address_mask ^ self.virtual_mask
        return address

    def is_canonical(self, address: int) -> bool:
        """Whether the CPU accepts this address; on x64 the others raise a general protection fault."""
        return self.canonical(address) == address

    def table_index(self, level: int, address: int) -> int:
        """Index of the entry for `address` within its table at `level`."""
        return address >> self.shifts[level] & (1 << self.index_bits[level]) - 1

    def split(self, address: int) -> tuple[int, ...]:
        """The index at each level, top first."""
        return tuple(
            address >> shift & (1 << bits) - 1 for shift, bits in zip(self.shifts, self.index_bits, strict=True)
        )

    # self map

    @cached_property
    def pte_base(self) -> int:
        """PTE_BASE: where the self map shows the page tables."""
        return self.table_bases[-1]

    @cached_property
    def pde_base(self) -> int:
        """PDE_BASE: where the self map shows the page directories."""
        return self.table_bases[-2]

    @cached_property
    def pte_top(self) -> int:
        """Last byte of the self map's window."""
        return self.pte_base + (1 << self.virtual_bits - self.page_shift) * self.pte_size - 1

    def entry_address(self, level: int, address: int) -> int:
        """Self-map address of the entry for `address` at `level`."""
        return self.table_bases[level] + ((address & self.virtual_mask) >> self.shifts[level]) * self.pte_size

    def pte_address(self, address: int) -> int:
        """MiGetPteAddress."""
        return self.pte_base + ((address & self.virtual_mask) >> self.page_shift) * self.pte_size

    def pde_address(self, address: int) -> int:
        """MiGetPdeAddress."""
        return self.entry_address(-2, address)

    def address_of_pte(self, pte_address: int) -> int:
        """MiGetVirtualAddressMappedByPte: the first address a page-table entry maps."""
        return self.canonical((pte_address - self.pte_base) // self.pte_size << self.page_shift)

    # hardware PTEs

    def make_pte(self, frame: int, bits: int) -> int:
        """A hardware entry for `frame` with these bits (VALID is not implied)."""
        return frame << self.frame_shift & self.frame_mask | bits

    def frame_of(self, pte: int) -> int:
        """The frame number in a hardware entry."""
        return (pte & self.frame_mask) >> self.frame_shift

    def is_valid(self, pte: int) -> bool:
        """Whether the CPU translates through this entry."""
        return bool(pte & VALID)
