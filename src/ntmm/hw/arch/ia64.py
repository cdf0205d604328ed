"""IA-64: 8 KB pages, three levels of 1024 entries in each of eight regions. No processor of this kind is simulated.

    63 61 60          43 42      33 32      23 22      13 12       0
    region  must be 0    directory  directory  page       offset

The manager's own walker goes through one more table above the three levels, whose eight entries are the regions'
directories (on the hardware a register has each). Region 6, which Windows leaves empty, shows all page tables: so the
self-map works as on x64, though Windows maps each region's tables at the region's own end.

    63  62        54 53 52 51 50 49         13 12 11 10 9  8  7  6  5  4   2  1  0
    NX  (software)   C  ED (-)   frame         -  (-) W  X  PL L  D  A  MA    -  P

P, MA, A, D, PL, access rights and frame lie where the VHPT's short format has them. That format allows execution by a
bit; what the manager asks is the opposite bit, which is kept among those of software (63). Of the privilege level only
the upper bit is used; the lower one, L, marks large pages, whose size, 16 MB, the processor takes from a translation
register and not from the entry. Here both directory entries that a large page spans name it.
"""

from functools import cached_property
from typing import Final

from ntmm.hw.arch.architecture import Architecture

PAGE_SIZES: Final = tuple(size << 10 for size in (4, 8, 16, 64, 256, 1024, 4 << 10, 16 << 10, 64 << 10, 256 << 10))
"""Bytes of the pages that the processor knows."""

REGION_SHIFT: Final = 61
OFFSET_BITS: Final = 43
SELF_MAP_REGION: Final = 6

_OFFSET_MASK: Final = (1 << OFFSET_BITS) - 1
_REGION_MASK: Final = 7 << REGION_SHIFT
_PAGE_SHIFT: Final = 13
_LARGE_PAGE_SHIFT: Final = 24


class RegionArchitecture(Architecture):
    """Addresses with a region in the top three bits and 43 bits of offset below."""

    OWNER = 0x100  # the upper bit of the privilege level
    WRITE = 0x400  # access rights: read and write
    WRITE_THROUGH = 0
    CACHE_DISABLE = 0x10  # memory attribute: not cached
    GLOBAL = 0
    COPY_ON_WRITE = 1 << 53
    PROTOTYPE = 1 << 55

    @cached_property
    def large_page_shift(self) -> int:
        return _LARGE_PAGE_SHIFT

    @cached_property
    def large_page_size(self) -> int:
        return 1 << _LARGE_PAGE_SHIFT

    @cached_property
    def tables_per_level(self) -> tuple[int, ...]:
        return (1, 8, 8 << 10, 8 << 20)

    @cached_property
    def pte_top(self) -> int:
        return self.pte_base + (8 << OFFSET_BITS - self.page_shift) * self.pte_size - 1

    def canonical(self, address: int) -> int:
        return address & (_REGION_MASK | _OFFSET_MASK)

    def entry_address(self, level: int, address: int) -> int:
        shift = self.shifts[level]
        number = address >> REGION_SHIFT if shift == REGION_SHIFT else _packed(address) >> shift
        return self.table_bases[level] + number * self.pte_size

    def pte_address(self, address: int) -> int:
        return self.pte_base + (_packed(address) >> self.page_shift) * self.pte_size

    def address_of_pte(self, pte_address: int) -> int:
        packed = (pte_address - self.pte_base) // self.pte_size << self.page_shift
        return packed >> OFFSET_BITS << REGION_SHIFT | packed & _OFFSET_MASK


def _packed(address: int) -> int:
    """Region and offset without the bits between them."""
    return address >> REGION_SHIFT << OFFSET_BITS | address & _OFFSET_MASK


def _table_bases() -> tuple[int, ...]:
    """Where region 6 shows the entries of each level: each base is the one below, seen through itself once more."""
    bases = [SELF_MAP_REGION << REGION_SHIFT]
    for _ in range(3):
        bases.append(bases[0] + (_packed(bases[-1]) >> _PAGE_SHIFT) * 8)
    return tuple(reversed(bases))


IA64: Final = RegionArchitecture(
    name="ia64",
    bits=64,
    virtual_bits=64,
    pointer_size=8,
    page_shift=_PAGE_SHIFT,
    pte_size=8,
    index_bits=(3, 10, 10, 10),
    shifts=(REGION_SHIFT, 33, 23, _PAGE_SHIFT),
    table_bases=_table_bases(),
    self_map_index=SELF_MAP_REGION,
    frame_mask=(1 << 50) - (1 << _PAGE_SHIFT),
    large_frame_mask=(1 << 50) - (1 << _LARGE_PAGE_SHIFT),
    no_execute=1 << 63,
    directory_entry_bits=0xFFF,
    maximum_frames=1 << 37,
    top_table_pages=1,
    frame_shift=_PAGE_SHIFT,
)
