"""Does !heap show what lies in the program's memory?"""

import pytest

from ntmm.tools.commands.heap import (
    FreeListRow,
    HeapBlockRow,
    HeapDetailRow,
    HeapRangeRow,
    HeapRow,
    HeapSegmentRow,
    HeapSummaryRow,
)
from tests.tools.debugging import MACHINES, Debugged, debugging, sample

PLACES = pytest.mark.parametrize(("folder", "architecture"), MACHINES)


def at_destroy(debugged: Debugged) -> None:
    """Where the program destroys a heap of its own, with 300 blocks in it."""
    debugged.rows("bp kernel32!HeapDestroy")
    debugged.stop("g")


@PLACES
def test_do_all_ways_to_look_tell_the_same(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "heap"), architecture=architecture) as debugged:
        at_destroy(debugged)
        heaps = [row for row in debugged.rows("!heap") if isinstance(row, HeapRow)]
        assert len(heaps) == 2 and {row.options for row in heaps} == {""}
        summary = debugged.only(HeapSummaryRow, f"!heap -s {heaps[1].address:x}")
        assert debugged.rows("!heap -s")[1] == summary
        assert (summary.flags, summary.front_end) == (2, "LA")
        assert_agree(debugged, debugged.rows("!heap -a 2"), summary)
        blocks = [row for row in debugged.rows("!heap -h 2") if isinstance(row, HeapBlockRow)]
        found = debugged.only(HeapBlockRow, f"!heap -x {blocks[5].user + 3:x}")
        assert found == blocks[5]


def assert_agree(debugged: Debugged, rows: tuple[object, ...], summary: HeapSummaryRow) -> None:
    """Blocks and ranges cover each segment without a gap; lists and sums tell of the same free blocks."""
    detail = next(row for row in rows if isinstance(row, HeapDetailRow))
    segments = [row for row in rows if isinstance(row, HeapSegmentRow)]
    blocks = [row for row in rows if isinstance(row, HeapBlockRow)]
    ranges = [row for row in rows if isinstance(row, HeapRangeRow)]
    free = [row for row in blocks if row.flags.startswith("free")]
    assert summary.ranges == len(ranges) == sum(segment.ranges for segment in segments)
    assert summary.listed == len(free) == sum(row.blocks for row in rows if isinstance(row, FreeListRow))
    assert sum(row.size for row in free) == detail.total_free * detail.granularity
    assert summary.virtual_blocks == sum("virtual" in row.flags for row in blocks)
    pieces = sorted(
        [(row.entry, row.size) for row in blocks if row.segment] + [(row.address, row.size) for row in ranges]
    )
    for segment in segments:
        at = segment.first
        while at < segment.end:
            at += dict(pieces)[at]
        assert at == segment.end
    assert debugged.error("!heap -z") == "'-z' is no option of !heap: there are -s, -h, -a, -x"
    assert debugged.error("!heap -x 10") == "10 lies in no block of a heap"
    assert debugged.error("!heap 77").startswith("there is no heap 77")


def test_are_debugging_options_and_large_blocks_told() -> None:
    with debugging(sample("x86", "heap_rules"), global_flag=0x70) as debugged:
        debugged.rows("bp kernel32!HeapValidate")
        debugged.stop("g")
        rows = [row for row in debugged.rows("!heap") if isinstance(row, HeapRow)]
        assert {row.options for row in rows} == {"tail checking, free checking, validate parameters"}
        states = {row.flags for row in debugged.rows("!heap -h") if isinstance(row, HeapBlockRow)}
        assert {"busy extra fill", "free fill last"} <= states
        assert debugged.rows("!heap -s")[0].front_end == ""  # type: ignore[attr-defined]


@PLACES
def test_are_blocks_of_the_low_fragmentation_heap_shown(folder: str, architecture: str) -> None:
    with debugging(sample(folder, "heap_rules"), architecture=architecture) as debugged:
        debugged.rows("bp kernel32!HeapQueryInformation")
        debugged.stop("g")
        debugged.stop("g")
        debugged.rows("bc *")
        debugged.rows("bp kernel32!HeapUnlock")
        debugged.stop("g")
        heap = next(
            row for row in debugged.rows("!heap -s") if isinstance(row, HeapSummaryRow) and row.front_end == "LFH"
        )
        rows = [row for row in debugged.rows(f"!heap -h {heap.heap:x}") if isinstance(row, HeapBlockRow)]
        outer = [row for row in rows if row.flags.startswith("busy user block")]
        inner = [row for row in rows if row.flags.endswith("LFH")]
        assert len(outer) > 5 and {row.flags for row in inner} == {"busy LFH", "free LFH"}
        for row in inner[::20]:
            assert any(block.user < row.entry < block.entry + block.size for block in outer)
            assert debugged.only(HeapBlockRow, f"!heap -x {row.user:x}") == row


def test_does_a_spoilt_heap_not_stop_the_debugger() -> None:
    with debugging(sample("x86", "heap")) as debugged:
        at_destroy(debugged)
        kernel, process = debugged.session.debugger.kernel, debugged.session.debugger.process
        heap = debugged.rows("!heap")[1].address  # type: ignore[attr-defined]
        first = next(row for row in debugged.rows("!heap -a 2") if isinstance(row, HeapBlockRow))
        memory = process.space.memory
        memory.write_u32(first.entry, 0)
        left = [row for row in debugged.rows("!heap -h 2") if isinstance(row, HeapBlockRow)]
        assert [(row.entry, row.size) for row in left if row.segment == first.segment] == [(first.entry, 0)]
        memory.write_u32(heap + 8, 0)
        assert debugged.error("!heap -s 2") == f"there is no heap at {heap:x}, or its first page is not in RAM"
        assert kernel.ps.processes


def test_does_a_program_that_has_not_started_say_why_it_has_no_heap() -> None:
    with debugging(sample("x86", "hello")) as debugged:
        for command in ("!heap", "!heap -s", "!heap -a 1"):
            assert debugged.error(command) == "the process has no heap yet: the first is made as it starts (g)"
