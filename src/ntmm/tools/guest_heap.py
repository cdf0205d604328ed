"""The Rtl heaps of a process as they lie in its memory, in the layouts of XP and Server 2003.

Nothing is believed: a program may have overwritten any of it, and pages may be out of RAM. Readers raise HeapUnreadable
where a structure's page is not there; walks end at the first element that cannot be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ntmm.kernel.ps import Process
from ntmm.tools.walk import TableWalk

HEAP_SIGNATURE: Final = 0xEEFFEEFF
SEGMENT_SIGNATURE: Final = 0xFFEEFFEE
BUSY, EXTRA, PATTERN, VIRTUAL, LAST = 0x01, 0x02, 0x04, 0x08, 0x10
"""Flags of a block's header."""
FREE_LISTS: Final = 128
_USER_BLOCK: Final = 0xFF
_USER_BLOCK_SIGNATURE: Final = 0xF0E0D0C0

_MOST_ELEMENTS: Final = 1 << 20
_SEGMENTS: Final = 64
_HEAPS_OF_PEB: Final = {4: (0x88, 0x90), 8: (0xE8, 0xF0)}
"""Offsets of NumberOfHeaps and ProcessHeaps, by size of a pointer."""

_ENTRY, _POINTER = -1, 0
"""Stand for sizes: of a HEAP_ENTRY, of a pointer."""

_HEAP: Final = (
    ("entry", _ENTRY), ("signature", 4), ("flags", 4), ("force_flags", 4), ("virtual_memory_threshold", 4),
    ("segment_reserve", _POINTER), ("segment_commit", _POINTER), ("decommit_block", _POINTER),
    ("decommit_total", _POINTER), ("total_free", _POINTER), ("maximum_allocation", _POINTER), ("list_index", 2),
    ("validate_length", 2), ("validate_copy", _POINTER), ("next_tag", 2), ("maximum_tag", 2), ("tags", _POINTER),
    ("range_segments", _POINTER), ("unused_ranges", _POINTER), ("align_round", _POINTER), ("align_mask", _POINTER),
    ("virtual_blocks", _POINTER), ("virtual_blocks_back", _POINTER), ("segments", _POINTER),
    *((f"segment_{number}", _POINTER) for number in range(1, _SEGMENTS)), ("lists_in_use", 4), ("lists_in_use_1", 4),
    ("lists_in_use_2", 4), ("lists_in_use_3", 4), ("terminate", 2), ("backtrace", 2), ("large_length", 4),
    ("large_index", _POINTER), ("pseudo_tags", _POINTER), ("free_lists", _POINTER),
    *((f"free_list_{number}", _POINTER) for number in range(1, 2 * FREE_LISTS)), ("lock", _POINTER),
    ("commit_routine", _POINTER), ("front_end", _POINTER), ("front_lock_count", 2), ("front_type", 1),
    ("last_segment", 1),
)  # fmt: skip
_SEGMENT: Final = (
    ("entry", _ENTRY), ("signature", 4), ("flags", 4), ("heap", _POINTER), ("largest_uncommitted", _POINTER),
    ("base", _POINTER), ("pages", 4), ("first_entry", _POINTER), ("last_valid", _POINTER), ("uncommitted_pages", 4),
    ("range_count", 4), ("ranges", _POINTER), ("backtrace", 2), ("reserved", 2), ("last_entry", _POINTER),
)  # fmt: skip


class HeapUnreadable(Exception):
    """A structure's page is not in RAM, or what is there is none; the sentence is for the user."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header. Sizes in bytes, the header included; `unused` are those that the program did not ask for.

    A user block is cut into blocks of one size by the low-fragmentation heap.
    """

    address: int
    size: int
    previous_size: int
    flags: int
    unused: int
    segment: int
    is_user_block: bool


@dataclass(frozen=True, slots=True)
class UncommittedRange:
    """Addresses of a segment that are only reserved; size in bytes."""

    address: int
    size: int


class HeapReader:
    """The heaps of one process that is in memory."""

    def __init__(self, walk: TableWalk, process: Process) -> None:
        self._walk = walk
        self._peb = process.peb
        self.pointer = process.space.user.pointer_size
        self.unit = 2 * self.pointer
        self._heap_offsets = self._offsets(_HEAP)
        self._segment_offsets = self._offsets(_SEGMENT)

    def _offsets(self, fields: tuple[tuple[str, int], ...]) -> dict[str, tuple[int, int]]:
        """(offset, size) of each field, aligned as C aligns it."""
        places, at = {}, 0
        for name, kind in fields:
            size = self.pointer if kind == _POINTER else self.unit if kind == _ENTRY else kind
            alignment = min(size, self.pointer)
            at = (at + alignment - 1) // alignment * alignment
            places[name] = (at, size)
            at += size
        return places

    def word(self, address: int, size: int) -> int:
        """A little-endian word that lies within a page."""
        value = self._walk.word(address, size)
        if value is None:
            raise HeapUnreadable(f"no page at {address:x} is in RAM")
        return value

    def heaps(self) -> list[int]:
        """Addresses of the process's heaps, in the PEB's order."""
        count_at, array_at = _HEAPS_OF_PEB[self.pointer]
        count, array = self.word(self._peb + count_at, 4), self.word(self._peb + array_at, self.pointer)
        return [self.word(array + index * self.pointer, self.pointer) for index in range(min(count, 0x1000))]

    def field(self, heap: int, name: str) -> int:
        """A field of a HEAP."""
        offset, size = self._heap_offsets[name]
        return self.word(heap + offset, size)

    def place(self, name: str) -> int:
        """The offset of a field in HEAP."""
        return self._heap_offsets[name][0]

    def segment_field(self, segment: int, name: str) -> int:
        """A field of a HEAP_SEGMENT."""
        offset, size = self._segment_offsets[name]
        return self.word(segment + offset, size)

    def segments(self, heap: int) -> Iterator[int]:
        """Addresses of the HEAP_SEGMENTs; raises HeapUnreadable for what is no heap."""
        if self._walk.word(heap + self.place("signature"), 4) != HEAP_SIGNATURE:
            raise HeapUnreadable(f"there is no heap at {heap:x}, or its first page is not in RAM")
        for index in range(min(self.field(heap, "last_segment") + 1, _SEGMENTS)):
            segment = self.word(heap + self.place("segments") + index * self.pointer, self.pointer)
            if segment and self._walk.word(segment + self.unit, 4) == SEGMENT_SIGNATURE:
                yield segment

    def ranges(self, segment: int) -> Iterator[UncommittedRange]:
        """The uncommitted ranges of a segment, by address."""
        at, known = self.segment_field(segment, "ranges"), set[int]()
        while at and at not in known:
            known.add(at)
            yield UncommittedRange(self.word(at + self.pointer, self.pointer), self.word(at + self.unit, self.pointer))
            at = self.word(at, self.pointer)

    def block(self, address: int) -> Block:
        """The header at an address."""
        at = address + self.unit - 8
        sizes, rest = self.word(at, 4), self.word(at + 4, 4)
        size, previous = (sizes & 0xFFFF) * self.unit, (sizes >> 16) * self.unit
        return Block(
            address, size, previous, rest >> 8 & 0xFF, rest >> 16 & 0xFF, rest >> 24, rest & 0xFF == _USER_BLOCK
        )

    def blocks_within(self, outer: Block) -> Iterator[Block]:
        """The blocks that a user block is cut into; nothing where its beginning is not what it must be."""
        start = outer.address + self.unit
        described, signature = self.word(start, self.pointer), self.word(start + 3 * self.pointer, self.pointer)
        if signature != _USER_BLOCK_SIGNATURE or self._walk.word(described + self.pointer, self.pointer) != start:
            return
        sizes = self.word(described + 2 * self.pointer + 8, 4)
        size, count = (sizes & 0xFFFF) * self.unit, sizes >> 16
        for at in range(start + 2 * self.unit, start + 2 * self.unit + count * size, max(size, 1)):
            rest = self.word(at + self.unit - 4, 4)
            unused = rest >> 16 & 0xFF | (rest & 0xFF) << 8
            yield Block(at, size, 0, rest >> 8 & 0xFF, unused, rest >> 24, False)

    def blocks(self, segment: int) -> Iterator[Block]:
        """All blocks of a segment, by address; ends at one that is not in RAM or has no size."""
        skipped = {part.address: part.address + part.size for part in self.ranges(segment)}
        at, end = self.segment_field(segment, "first_entry"), self.segment_field(segment, "last_valid")
        while at < end:
            block = self.block(at)
            yield block
            if not block.size:
                return
            at += block.size
            at = skipped.get(at, at)

    def free_list(self, heap: int, number: int) -> Iterator[int]:
        """Headers of the blocks of a free list; ends where the list leaves RAM or comes back."""
        head = heap + self.place("free_lists") + number * self.unit
        link, known = self.word(head, self.pointer), {head}
        while link not in known and len(known) < _MOST_ELEMENTS:
            known.add(link)
            yield link - self.unit
            link = self.word(link, self.pointer)

    def virtual_blocks(self, heap: int) -> Iterator[tuple[Block, int, int]]:
        """(header, committed bytes, reserved bytes) of each block with virtual memory of its own."""
        head = heap + self.place("virtual_blocks")
        link, known = self.word(head, self.pointer), {head}
        while link not in known and len(known) < _MOST_ELEMENTS:
            known.add(link)
            sizes = link + 2 * self.unit
            committed, reserved = self.word(sizes, self.pointer), self.word(sizes + self.pointer, self.pointer)
            yield self.block(sizes + self.unit), committed, reserved
            link = self.word(link, self.pointer)
