"""The heaps of a process: !heap."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from ntmm.tools.command import Command, with_space
from ntmm.tools.debugger import Debugger
from ntmm.tools.expressions import address_of
from ntmm.tools.guest_heap import BUSY, EXTRA, FREE_LISTS, LAST, PATTERN, VIRTUAL, Block, HeapReader, HeapUnreadable
from ntmm.tools.rows import CommandError, Form, Layout, Row, column
from ntmm.tools.walk import TableWalk

_OPTIONS: Final = (
    (0x20, "tail checking"), (0x40, "free checking"), (0x80, "no coalescing"), (0x20000000, "validate all"),
    (0x40000000, "validate parameters"),
)  # fmt: skip
_FRONT_ENDS: Final = {0: "", 1: "LA", 2: "LFH"}
_KB: Final = 1024
_DETAILS: Final = (
    "segment_reserve", "segment_commit", "decommit_block", "decommit_total", "total_free", "maximum_allocation", "lock",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeapRow(Row):
    """One heap of the process."""

    index: int = column("Index", Form.COUNT, "place in the list of heaps, from 1")
    address: int = column("Address", Form.ADDRESS, "the heap")
    options: str = column("Debugging options enabled", Form.TEXT, "flags that make a heap check itself")


@dataclass(frozen=True, slots=True)
class HeapSummaryRow(Row):
    """The sizes of one heap, in kilobytes."""

    heap: int = column("Heap", Form.ADDRESS, "the heap")
    flags: int = column("Flags", Form.HEX, "HEAP_* flags it was made with")
    reserved: int = column("Reserv", Form.COUNT, "address space of its segments and large blocks, Kb")
    committed: int = column("Commit", Form.COUNT, "what of that is committed, Kb")
    virtual: int = column("Virt", Form.COUNT, "address space up to the last committed page of each segment, Kb")
    free: int = column("Free", Form.COUNT, "in free blocks, Kb")
    listed: int = column("List length", Form.COUNT, "free blocks")
    ranges: int = column("UCR", Form.COUNT, "uncommitted ranges")
    virtual_blocks: int = column("Virt blocks", Form.COUNT, "blocks with virtual memory of their own")
    front_end: str = column(
        "Fast heap", Form.TEXT, "front end: LA look-aside lists, LFH low-fragmentation heap, empty for none"
    )


@dataclass(frozen=True, slots=True)
class HeapDetailRow(Row):
    """The header of one heap."""

    LAYOUT: ClassVar[Layout] = Layout.RECORD

    address: int = column("Heap", Form.ADDRESS, "the heap")
    flags: int = column("Flags", Form.HEX, "HEAP_* flags it was made with")
    force_flags: int = column("ForceFlags", Form.HEX, "flags that hold for every call")
    granularity: int = column("Granularity", Form.COUNT, "bytes of a unit: what sizes are rounded up to")
    segment_reserve: int = column("Segment Reserve", Form.HEX, "bytes that the next segment reserves")
    segment_commit: int = column("Segment Commit", Form.HEX, "bytes that a segment commits at a time")
    decommit_block: int = column("DeCommit Block Thres", Form.HEX, "units from which a free block's pages go back")
    decommit_total: int = column("DeCommit Total Thres", Form.HEX, "units free in the heap from which they do")
    total_free: int = column("Total Free Size", Form.HEX, "units in free blocks")
    maximum: int = column("Max. Allocation Size", Form.HEX, "bytes of the largest block")
    lock: int = column("Lock Variable at", Form.ADDRESS, "its critical section, 0 for none")
    virtual_list: int = column("Virtual Alloc List", Form.ADDRESS, "head of the list of large blocks")
    unused_ranges: int = column("UCR FreeList", Form.ADDRESS, "descriptors of ranges that are not in use")
    front_end: int = column("Front End Heap", Form.ADDRESS, "its look-aside lists or low-fragmentation heap")
    front_type: int = column("Front End Type", Form.COUNT, "0 none, 1 look-aside lists, 2 low-fragmentation heap")


@dataclass(frozen=True, slots=True)
class FreeListRow(Row):
    """A free list that is not empty."""

    index: int = column("FreeList", Form.HEX, "units of its blocks; 0 for the larger ones")
    address: int = column("Head", Form.ADDRESS, "its head in the heap")
    blocks: int = column("Blocks", Form.COUNT, "blocks in it")
    first: int = column("First", Form.ADDRESS, "header of its first block")


@dataclass(frozen=True, slots=True)
class HeapSegmentRow(Row):
    """One segment of a heap."""

    address: int = column("Segment", Form.ADDRESS, "its HEAP_SEGMENT")
    base: int = column("Base", Form.ADDRESS, "where its reservation begins")
    first: int = column("First Entry", Form.ADDRESS, "its first block")
    end: int = column("Last Entry", Form.ADDRESS, "the end of its reservation")
    pages: int = column("Total Pages", Form.HEX, "pages that are reserved")
    uncommitted: int = column("Total UnCommit", Form.HEX, "pages of those that are not committed")
    largest: int = column("Largest UnCommit", Form.HEX, "bytes of its largest uncommitted range")
    ranges: int = column("UnCommitted Ranges", Form.COUNT, "uncommitted ranges")


@dataclass(frozen=True, slots=True)
class HeapRangeRow(Row):
    """An uncommitted range."""

    address: int = column("Uncommitted", Form.ADDRESS, "where it begins")
    size: int = column("Bytes", Form.HEX, "its size")


@dataclass(frozen=True, slots=True)
class HeapBlockRow(Row):
    """One block."""

    entry: int = column("Entry", Form.ADDRESS, "its header")
    user: int = column("User", Form.ADDRESS, "what HeapAlloc answered")
    heap: int = column("Heap", Form.ADDRESS, "its heap")
    segment: int | None = column("Segment", Form.ADDRESS, "its segment; none for a block with memory of its own")
    size: int = column("Size", Form.HEX, "bytes, the header included")
    previous_size: int = column("PrevSize", Form.HEX, "bytes of the block before it")
    unused: int = column("Unused", Form.HEX, "bytes that were not asked for, the header included")
    flags: str = column(
        "Flags",
        Form.TEXT,
        "busy, free, on a look-aside list, or a user block, LFH for what lies in it; extra, fill, last, virtual",
    )


def _heap(debugger: Debugger, arguments: str) -> Iterator[Row]:
    words = arguments.split(maxsplit=1)
    option = words.pop(0).lower() if words and words[0].startswith("-") else ""
    process = with_space(debugger.process)
    reader = HeapReader(TableWalk(debugger.kernel, process.space.directory), process)
    show = _OPTION_ROWS.get(option)
    if show is None:
        raise CommandError(
            f"{option!r} is no option of !heap: there are {', '.join(key for key in _OPTION_ROWS if key)}"
        )
    try:
        yield from show(reader, address_of(debugger, words[0]) if words else 0)
    except HeapUnreadable as error:
        raise CommandError(str(error)) from error


def _chosen(reader: HeapReader, wanted: int) -> Iterator[tuple[int, int]]:
    """(index, address) of the heap with an address or an index, or of all heaps for 0."""
    heaps = list(enumerate(reader.heaps(), 1))
    found = [(index, heap) for index, heap in heaps if wanted in (0, index, heap)]
    if not heaps:
        raise CommandError("the process has no heap yet: the first is made as it starts (g)")
    if not found:
        raise CommandError(f"there is no heap {wanted:x}: !heap lists them")
    yield from found


def _list(reader: HeapReader, wanted: int) -> Iterator[Row]:
    for index, heap in _chosen(reader, wanted):
        flags = reader.field(heap, "flags")
        yield HeapRow(index, heap, ", ".join(text for bit, text in _OPTIONS if flags & bit))


def _summaries(reader: HeapReader, wanted: int) -> Iterator[Row]:
    for _, heap in _chosen(reader, wanted):
        yield _summary(reader, heap)


def _summary(reader: HeapReader, heap: int) -> HeapSummaryRow:
    reserved = committed = virtual = ranges = 0
    for segment in reader.segments(heap):
        size, holes = reader.segment_field(segment, "pages") << 12, list(reader.ranges(segment))
        end = reader.segment_field(segment, "last_valid")
        reserved += size
        committed += size - sum(hole.size for hole in holes)
        virtual += size - sum(hole.size for hole in holes if hole.address + hole.size == end)
        ranges += len(holes)
    large = list(reader.virtual_blocks(heap))
    listed = sum(1 for number in range(FREE_LISTS) for _ in reader.free_list(heap, number))
    own = sum(size for _, size, _ in large)
    return HeapSummaryRow(
        heap,
        reader.field(heap, "flags"),
        (reserved + sum(size for _, _, size in large)) // _KB,
        (committed + own) // _KB,
        (virtual + own) // _KB,
        reader.field(heap, "total_free") * reader.unit // _KB,
        listed,
        ranges,
        len(large),
        _FRONT_ENDS.get(reader.field(heap, "front_type"), "?"),
    )


def _blocks(reader: HeapReader, wanted: int) -> Iterator[Row]:
    for index, heap in _chosen(reader, wanted):
        yield from _list(reader, index)
        for segment in reader.segments(heap):
            yield _segment(reader, segment)
            yield from _segment_blocks(reader, heap, segment)
        yield from (_block(reader, heap, None, block) for block, _, _ in reader.virtual_blocks(heap))


def _segment_blocks(reader: HeapReader, heap: int, segment: int) -> Iterator[Row]:
    for block in reader.blocks(segment):
        yield _block(reader, heap, segment, block)
        if block.is_user_block and block.flags & BUSY:
            for inner in reader.blocks_within(block):
                state = "busy LFH" if inner.flags & BUSY else "free LFH"
                user = inner.address + reader.unit
                yield HeapBlockRow(inner.address, user, heap, segment, inner.size, 0, inner.unused, state)


def _everything(reader: HeapReader, wanted: int) -> Iterator[Row]:
    for index, heap in _chosen(reader, wanted):
        yield from _list(reader, index)
        yield _detail(reader, heap)
        for number in range(FREE_LISTS):
            found = list(reader.free_list(heap, number))
            if found:
                yield FreeListRow(
                    number, heap + reader.place("free_lists") + number * reader.unit, len(found), found[0]
                )
        for segment in reader.segments(heap):
            yield _segment(reader, segment)
            yield from (HeapRangeRow(hole.address, hole.size) for hole in reader.ranges(segment))
            yield from _segment_blocks(reader, heap, segment)
        yield from (_block(reader, heap, None, block) for block, _, _ in reader.virtual_blocks(heap))


def _detail(reader: HeapReader, heap: int) -> HeapDetailRow:
    figures = [
        *(reader.field(heap, name) for name in _DETAILS),
        heap + reader.place("virtual_blocks"),
        *(reader.field(heap, name) for name in ("unused_ranges", "front_end", "front_type")),
    ]
    return HeapDetailRow(heap, reader.field(heap, "flags"), reader.field(heap, "force_flags"), reader.unit, *figures)


def _segment(reader: HeapReader, segment: int) -> HeapSegmentRow:
    names = ("base", "first_entry", "last_valid", "pages", "uncommitted_pages", "largest_uncommitted", "range_count")
    return HeapSegmentRow(segment, *(reader.segment_field(segment, name) for name in names))


def _block(reader: HeapReader, heap: int, segment: int | None, block: Block) -> HeapBlockRow:
    user, is_virtual = block.address + reader.unit, bool(block.flags & VIRTUAL)
    size = reader.word(block.address - 2 * reader.pointer, reader.pointer) if is_virtual else block.size
    unused = block.size // reader.unit if is_virtual else block.unused
    return HeapBlockRow(block.address, user, heap, segment, size, block.previous_size, unused, _state(block))


def _state(block: Block) -> str:
    is_kept = block.flags & BUSY and not block.unused and not block.flags & VIRTUAL
    words = ["look-aside" if is_kept else "busy" if block.flags & BUSY else "free"]
    if block.is_user_block and block.flags & BUSY:
        words.append("user block")
    names = ((EXTRA, "extra"), (PATTERN, "fill"), (VIRTUAL, "virtual"), (LAST, "last"))
    return " ".join([*words, *(name for bit, name in names if block.flags & bit)])


def _search(reader: HeapReader, address: int) -> Iterator[Row]:
    """The block that an address lies in."""
    if not address:
        raise CommandError("!heap -x takes an address")
    rows = (row for row in _blocks(reader, 0) if isinstance(row, HeapBlockRow))
    found = [row for row in rows if row.entry <= address < row.entry + row.size]
    if found:
        yield found[-1]  # within a user block the one that it is cut into
        return
    raise CommandError(f"{address:x} lies in no block of a heap")


_OPTION_ROWS: Final[dict[str, Callable[[HeapReader, int], Iterator[Row]]]] = {
    "": _list, "-s": _summaries, "-h": _blocks, "-a": _everything, "-x": _search,
}  # fmt: skip

_ABSENT: Final = (
    ("Lock cont.", "critical sections do not count how often they were contended"),
    ("Tag Entries, PsuedoTag Entries", "heaps have no tags"),
    ("Name", "heaps have no names"),
)

COMMANDS: Final = (
    Command(
        "!heap",
        "[-s|-h|-a] [HEAP] | -x ADDRESS",
        "heaps of the process; -s sizes, -h blocks, -a all there is, -x the block that an address lies in",
        _heap,
        (HeapRow, HeapSummaryRow, HeapDetailRow, FreeListRow, HeapSegmentRow, HeapRangeRow, HeapBlockRow),
        takes_address=True,
        absent=_ABSENT,
    ),
)
