"""PTE formats of Windows XP and Server 2003: valid, demand-zero, page-file, transition, prototype, subsection.

An invalid entry (bit 0 clear), low 12 bits common to x86, PAE and x64:

     11   10   9    5 4    1 0
    +----+----+------+------+-+
    | T  | P  | prot | file |0|     P prototype, T transition (tested only if P is clear)
    +----+----+------+------+-+

Software entries keep the page-file number in bits 1-4 and the page's slot in the high field; slot 0 with a
protection is demand zero. On x86 prototype and subsection pointers are split around those bits.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from ntmm.hw.arch import Architecture
from ntmm.nt.memory import MM_ACCESS_MASK, MM_MODIFIER_MASK, MM_NOACCESS, MM_NOCACHE, MM_WRITECOMBINE

PROTECTION_SHIFT: Final = 5
PROTECTION_MASK: Final = 0x1F
FILE_SHIFT: Final = 1
FILE_MASK: Final = 0xF
PROTOTYPE: Final = 0x400
TRANSITION: Final = 0x800

_WHICH_POOL: Final = 1 << 31
_SUBSECTION_REACH: Final = 1 << 27

_EXECUTE_CODES: Final = frozenset({2, 3, 6, 7})
_WRITE_CODES: Final = frozenset({4, 6})
_COPY_CODES: Final = frozenset({5, 7})


class PointerCodec(Protocol):
    """How an architecture packs kernel addresses into invalid PTEs."""

    def prototype(self, address: int) -> int: ...

    def prototype_address(self, pte: int) -> int: ...

    def subsection(self, address: int, protection: int) -> int: ...

    def subsection_address(self, pte: int) -> int: ...


@dataclass(frozen=True, slots=True)
class SplitPointers:
    """x86: a 1 GB window above the start of paged pool for prototype PTEs; for subsections 128 MB below the end of
    nonpaged pool (WhichPool = 0) and 128 MB above the start of initial nonpaged pool (1, MmSubsectionBase).

        prototype    31..11 address 29..9 | 10 P | 9 pool | 8 read-only | 7..1 address 8..2 | 0
        subsection   31 pool | 30..11 offset 26..7 | 10 P | 9..5 protection | 4..1 offset 6..3 | 0
    """

    paged_pool_start: int
    nonpaged_pool_end: int
    subsection_base: int

    def prototype(self, address: int) -> int:
        offset = address - self.paged_pool_start & 0xFFFFFFFF
        return (offset >> 9 & 0x1FFFFF) << 11 | PROTOTYPE | (offset >> 2 & 0x7F) << 1

    def prototype_address(self, pte: int) -> int:
        return self.paged_pool_start + ((pte >> 11) << 9) + ((pte >> 1 & 0x7F) << 2) & 0xFFFFFFFF

    def subsection(self, address: int, protection: int) -> int:
        which = _WHICH_POOL if 0 <= address - self.subsection_base < _SUBSECTION_REACH else 0
        offset = address - self.subsection_base if which else self.nonpaged_pool_end - address
        assert 0 <= offset < _SUBSECTION_REACH and not offset & 7, f"subsection {address:#x} is out of reach of a PTE"
        return which | (offset >> 7) << 11 | PROTOTYPE | protection << PROTECTION_SHIFT | (offset >> 3 & 0xF) << 1

    def subsection_address(self, pte: int) -> int:
        offset = ((pte >> 11 & 0xFFFFF) << 7) + ((pte >> 1 & 0xF) << 3)
        return self.subsection_base + offset if pte & _WHICH_POOL else self.nonpaged_pool_end - offset


@dataclass(frozen=True, slots=True)
class HighPointers:
    """PAE (address in bits 63..32) and x64 (address in bits 63..16, sign-extended)."""

    shift: int
    sign: int

    def prototype(self, address: int) -> int:
        return (address << self.shift & 0xFFFFFFFFFFFFFFFF) | PROTOTYPE

    def prototype_address(self, pte: int) -> int:
        return pte >> self.shift | (self.sign if pte >> 63 else 0)

    def subsection(self, address: int, protection: int) -> int:
        return self.prototype(address) | protection << PROTECTION_SHIFT

    def subsection_address(self, pte: int) -> int:
        return self.prototype_address(pte)


@dataclass(frozen=True, slots=True)
class RegionPointers(HighPointers):
    """IA-64: as on x64, but kernel addresses begin with the number of their region."""

    def prototype_address(self, pte: int) -> int:
        return pte >> self.shift | self.sign


class PteFormat:
    """Packs and unpacks entries of one architecture; `user` and `kernel` valid bits are tables by MM_* code."""

    def __init__(self, architecture: Architecture, pointers: PointerCodec, lookup_base: int) -> None:
        self.pointers = pointers
        self.frame_shift = architecture.page_shift
        self.frame_mask = architecture.frame_mask
        self.slot_shift = 32 if architecture.pte_size == 8 else 12
        self._lookup_base = lookup_base
        self.user_bits = tuple(_hardware_bits(architecture, code, architecture.OWNER) for code in range(32))
        self.kernel_bits = tuple(_hardware_bits(architecture, code, 0) for code in range(32))

    def demand_zero(self, protection: int) -> int:
        """A committed page that was never touched, of an MM_* protection."""
        return protection << PROTECTION_SHIFT

    def page_file(self, number: int, slot: int, protection: int) -> int:
        """A page whose contents lie in slot `slot` of paging file `number`."""
        return slot << self.slot_shift | number << FILE_SHIFT | protection << PROTECTION_SHIFT

    def is_page_file(self, pte: int) -> bool:
        """True for the form that `page_file` makes."""
        return pte >> self.slot_shift != 0 and not pte & (PROTOTYPE | TRANSITION | 1)

    def page_file_place(self, pte: int) -> tuple[int, int]:
        """(number of the paging file, slot in it) of such an entry."""
        return pte >> FILE_SHIFT & FILE_MASK, pte >> self.slot_shift

    def protection(self, pte: int) -> int:
        """The MM_* code of a software, transition or subsection entry."""
        return pte >> PROTECTION_SHIFT & PROTECTION_MASK

    def with_protection(self, pte: int, protection: int) -> int:
        """An invalid entry with another MM_* code."""
        return pte & ~(PROTECTION_MASK << PROTECTION_SHIFT) | protection << PROTECTION_SHIFT

    def transition(self, frame: int, protection: int) -> int:
        """A page that is not mapped but still in RAM."""
        return frame << self.frame_shift | TRANSITION | protection << PROTECTION_SHIFT

    def frame(self, pte: int) -> int:
        """The frame of a valid or transition entry."""
        return (pte & self.frame_mask) >> self.frame_shift

    def lookup(self, protection: int) -> int:
        """A page of a view whose prototype PTE is found through the VAD, with a protection of its own."""
        return self._lookup_base | PROTOTYPE | protection << PROTECTION_SHIFT

    def is_lookup(self, pte: int) -> bool:
        """True for the form that `lookup` makes."""
        return pte & (self._lookup_base | PROTOTYPE | 1) == self._lookup_base | PROTOTYPE

    @staticmethod
    def is_prototype(pte: int) -> bool:
        """True for an invalid entry of prototype or subsection form."""
        return pte & (PROTOTYPE | 1) == PROTOTYPE

    @staticmethod
    def is_transition(pte: int) -> bool:
        """True for a transition entry; the prototype bit is tested first."""
        return pte & (TRANSITION | PROTOTYPE | 1) == TRANSITION


def _hardware_bits(architecture: Architecture, code: int, owner: int) -> int:
    """Valid-PTE bits of an MM_* code: rights, caching, and Accessed, which the first touch would set anyway."""
    access = code & MM_ACCESS_MASK
    bits = architecture.VALID | architecture.ACCESSED | owner
    if access in _WRITE_CODES:
        bits |= architecture.WRITE
    if access in _COPY_CODES:
        bits |= architecture.COPY_ON_WRITE
    if access not in _EXECUTE_CODES:
        bits |= architecture.no_execute
    modifier = code & MM_MODIFIER_MASK
    if modifier == MM_NOCACHE:
        bits |= architecture.CACHE_DISABLE | architecture.WRITE_THROUGH
    elif modifier == MM_WRITECOMBINE and code != MM_NOACCESS:
        bits |= architecture.CACHE_DISABLE
    return bits


def format_for(
    architecture: Architecture, paged_pool_start: int, nonpaged_pool_end: int, initial_pool_start: int
) -> PteFormat:
    """The formats of an architecture; the pool bounds matter where pointers are packed relative to them (x86)."""
    if architecture.pte_size == 4:
        return PteFormat(
            architecture, SplitPointers(paged_pool_start, nonpaged_pool_end, initial_pool_start), 0xFFFFF000
        )
    if architecture.pointer_size == 4:
        return PteFormat(architecture, HighPointers(32, 0), 0xFFFFFFFF << 32)
    if architecture.name == "ia64":
        return PteFormat(architecture, RegionPointers(16, 0xE000 << 48), 0xFFFFFFFF << 32)
    return PteFormat(architecture, HighPointers(16, 0xFFFF << 48), 0xFFFFFFFF << 32)
