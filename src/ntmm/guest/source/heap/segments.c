/* segments.c: the address ranges of a heap: reserved whole, committed as they are needed.

   A segment is runs of blocks with uncommitted ranges between and behind them. The last block of a run carries
   ENTRY_LAST; the first block of a run behind a range has no PreviousSize. */
#include "codes.h"
#include "heap.h"

#define LARGEST_RESERVE ((usize)(IS_64 ? 0x10000000 : 0x4000000))

static usize round_to_pages(usize size) { return (size + PAGE_SIZE - 1) & ~(usize)(PAGE_SIZE - 1); }

/* Makes free blocks of `units` from `at` on, as large as blocks can be, the last one with `flags`; answers the first. */
static HEAP_ENTRY *file_units(HEAP *heap, u32 index, HEAP_ENTRY *at, u32 previous, usize units, u8 flags) {
    HEAP_ENTRY *first = at;
    while (units) {
        usize part = units;
        if (part > MAXIMUM_UNITS)
            part = units - MAXIMUM_UNITS < MINIMUM_BLOCK ? MAXIMUM_UNITS - MINIMUM_BLOCK : MAXIMUM_UNITS;
        at->PreviousSize = (u16)previous;
        at->SmallTagIndex = 0;
        at->SegmentIndex = (u8)index;
        at->Flags = part == units ? flags : 0;
        set_size(heap, at, (u32)part);
        if (part == units)
            at = coalesce(heap, at);
        first = at < first ? at : first;
        insert_free(heap, at);
        previous = (u32)part;
        units -= part;
        at += part;
    }
    return first;
}

bool32 initialize_segment(HEAP *heap, SEGMENT *segment, u32 index, u8 *base, usize reserve, usize committed,
                          HEAP_ENTRY *first) {
    segment->Entry.Size = (u16)(first - (index ? &segment->Entry : &heap->FirstSegment.Entry));
    segment->Entry.Flags = ENTRY_BUSY;
    segment->Entry.SegmentIndex = (u8)index;
    segment->Signature = SEGMENT_SIGNATURE;
    segment->Heap = heap;
    segment->BaseAddress = base;
    segment->NumberOfPages = (u32)(reserve / PAGE_SIZE);
    segment->FirstEntry = first;
    segment->LastValidEntry = base + reserve;
    if (reserve != committed && !add_range(heap, segment, (uptr)base + committed, reserve - committed, 0))
        return FALSE;
    heap->Segments[index] = segment;
    heap->LastSegmentIndex = (u8)index;
    usize units = (usize)(base + committed - (u8 *)first) / UNIT;
    file_units(heap, index, first, segment->Entry.Size, units, ENTRY_LAST);
    return TRUE;
}

/* Commits pages of a range so that the free block before it has at least `units`; answers that block, or NULL. */
HEAP_ENTRY *extend_range(HEAP *heap, SEGMENT *segment, UNCOMMITTED_RANGE *range, u32 units) {
    HEAP_ENTRY *end = (HEAP_ENTRY *)range->Address, *last = end - range->LastUnits;
    u32 there = last->Flags & ENTRY_BUSY ? 0 : last->Size;
    usize room = range->Size, wanted = round_to_pages((usize)(units > there ? units - there : 1) * UNIT);
    if (wanted > room)
        return NULL;
    usize growth = wanted < heap->SegmentCommit && there + heap->SegmentCommit / UNIT < MAXIMUM_UNITS
                       ? heap->SegmentCommit
                       : wanted;
    growth = growth < room ? growth : room;
    if (!commit_range(heap, segment, range, &growth)) {
        growth = wanted;
        if (!commit_range(heap, segment, range, &growth))
            return NULL;
    }
    bool32 is_followed = growth == room && (u8 *)end + growth != segment->LastValidEntry;
    u32 index = segment->Entry.SegmentIndex, previous = last->Size;
    if (there) {
        remove_free(heap, last);
        end = last;
        previous = last->PreviousSize;
    }
    last->Flags &= (u8)~ENTRY_LAST;
    HEAP_ENTRY *first = file_units(heap, index, end, previous, there + growth / UNIT, is_followed ? 0 : ENTRY_LAST);
    return first->Size >= units ? first : NULL;
}

static SEGMENT *add_segment(HEAP *heap, u32 units) {
    u32 index = heap->LastSegmentIndex + 1u;
    u32 protect = heap->Flags & HEAP_CREATE_ENABLE_EXECUTE ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
    usize header = (sizeof(SEGMENT) + UNIT - 1) / UNIT * UNIT;
    usize needed = round_to_pages(header + (usize)units * UNIT), reserve = heap->SegmentReserve;
    void *base = NULL;
    if (index >= SEGMENTS)
        return NULL;
    if (reserve < needed)
        reserve = (needed + 0xFFFF) & ~(usize)0xFFFF;
    status result = NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &reserve, MEM_RESERVE, protect);
    while (!SUCCEEDED(result) && reserve / 2 >= needed) {
        reserve = round_to_pages(reserve / 2);
        result = NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &reserve, MEM_RESERVE, protect);
    }
    if (!SUCCEEDED(result))
        return NULL;
    usize size = PAGE_SIZE;
    SEGMENT *segment = base;
    if (SUCCEEDED(NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &size, MEM_COMMIT, protect)) &&
        initialize_segment(heap, segment, index, base, reserve, size, (HEAP_ENTRY *)((u8 *)base + header))) {
        if (heap->SegmentReserve < LARGEST_RESERVE)
            heap->SegmentReserve *= 2;
        return segment;
    }
    size = 0;
    NtFreeVirtualMemory(CURRENT_PROCESS, &base, &size, MEM_RELEASE);
    return NULL;
}

static HEAP_ENTRY *extend_segment(HEAP *heap, SEGMENT *segment, u32 units) {
    HEAP_ENTRY *entry = NULL;
    for (UNCOMMITTED_RANGE *range = segment->UnCommittedRanges, *next; range && !entry; range = next) {
        next = range->Next;
        entry = extend_range(heap, segment, range, units);
    }
    return entry;
}

/* A free block of at least `units`, in its list: from pages of a segment that are committed now, or from a new segment.
   NULL if there is no memory. */
HEAP_ENTRY *extend_heap(HEAP *heap, u32 units) {
    HEAP_ENTRY *entry = NULL;
    for (u32 index = 0; index <= heap->LastSegmentIndex && !entry; index++)
        entry = extend_segment(heap, heap->Segments[index], units);
    if (!entry && heap->Flags & HEAP_GROWABLE) {
        SEGMENT *segment = add_segment(heap, units);
        if (segment)
            entry = segment->FirstEntry->Size >= units ? segment->FirstEntry : extend_segment(heap, segment, units);
    }
    return entry;
}
