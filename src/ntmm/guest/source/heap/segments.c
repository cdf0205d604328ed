/* segments.c: the address ranges of a heap: reserved whole, committed from the front as they are needed.

   The committed part of a segment is one run of blocks, the last of which carries ENTRY_LAST. A segment grows by
   committing more behind it and shrinks by decommitting a large free block at its end. */
#include "codes.h"
#include "heap.h"

#define LARGEST_RESERVE ((usize)(IS_64 ? 0x10000000 : 0x4000000))

static u32 protection(HEAP *heap) {
    return heap->Flags & HEAP_CREATE_ENABLE_EXECUTE ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
}

static usize round_to_pages(usize size) { return (size + PAGE_SIZE - 1) & ~(usize)(PAGE_SIZE - 1); }

static bool32 commit(HEAP *heap, SEGMENT *segment, usize size) {
    void *at = segment->UnCommittedRanges;
    if (!SUCCEEDED(NtAllocateVirtualMemory(CURRENT_PROCESS, &at, 0, &size, MEM_COMMIT, protection(heap))))
        return FALSE;
    segment->UnCommittedRanges += size;
    segment->LargestUnCommittedRange -= size;
    segment->NumberOfUnCommittedPages -= (u32)(size / PAGE_SIZE);
    segment->NumberOfUnCommittedRanges = segment->LargestUnCommittedRange != 0;
    return TRUE;
}

/* Adds the units that were committed behind a segment's last block (or as its first) to the free blocks. */
static HEAP_ENTRY *add_units(HEAP *heap, SEGMENT *segment, HEAP_ENTRY *at, u32 units) {
    HEAP_ENTRY *last = segment->LastEntryInSegment;
    at->Size = (u16)units;
    at->PreviousSize = last ? last->Size : segment->Entry.Size;
    at->SmallTagIndex = 0;
    at->SegmentIndex = segment->Entry.SegmentIndex;
    at->Flags = ENTRY_LAST;
    if (last)
        last->Flags &= (u8)~ENTRY_LAST;
    segment->LastEntryInSegment = at;
    HEAP_ENTRY *merged = coalesce(heap, at);
    insert_free(heap, merged);
    return merged;
}

void initialize_segment(HEAP *heap, SEGMENT *segment, u32 index, u8 *base, usize reserve, usize committed,
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
    segment->UnCommittedRanges = base + committed;
    segment->LargestUnCommittedRange = reserve - committed;
    segment->NumberOfUnCommittedPages = (u32)((reserve - committed) / PAGE_SIZE);
    segment->NumberOfUnCommittedRanges = reserve != committed;
    heap->Segments[index] = segment;
    heap->LastSegmentIndex = (u8)index;
    u32 units = (u32)((usize)(base + committed - (u8 *)first) / UNIT);
    while (units >= MINIMUM_BLOCK) {
        u32 part = units <= MAXIMUM_BLOCK ? units : units - MAXIMUM_BLOCK < MINIMUM_BLOCK ? units / 2 : MAXIMUM_BLOCK;
        add_units(heap, segment, first, part);
        first += part;
        units -= part;
    }
}

/* Makes the free room at a segment's end at least `units` long; that free block is then its last block. */
bool32 extend_segment(HEAP *heap, SEGMENT *segment, u32 units) {
    HEAP_ENTRY *last = segment->LastEntryInSegment;
    u32 there = last && !(last->Flags & ENTRY_BUSY) ? last->Size : 0;
    usize wanted = round_to_pages((usize)(units - there) * UNIT), room = segment->LargestUnCommittedRange;
    if (wanted > room)
        return FALSE;
    usize growth = wanted < GROWTH && there + GROWTH / UNIT <= MAXIMUM_FREE ? GROWTH : wanted;
    if (growth > room)
        growth = room;
    HEAP_ENTRY *at = (HEAP_ENTRY *)segment->UnCommittedRanges;
    if (!commit(heap, segment, growth)) {
        if (growth == wanted || !commit(heap, segment, wanted))
            return FALSE;
        growth = wanted;
    }
    add_units(heap, segment, at, (u32)(growth / UNIT));
    return TRUE;
}

static SEGMENT *add_segment(HEAP *heap, u32 units) {
    u32 index = heap->LastSegmentIndex + 1u;
    usize header = (sizeof(SEGMENT) + UNIT - 1) / UNIT * UNIT;
    usize needed = round_to_pages(header + (usize)units * UNIT), reserve = heap->SegmentReserve;
    void *base = NULL;
    if (index >= SEGMENTS)
        return NULL;
    if (reserve < needed)
        reserve = (needed + 0xFFFF) & ~(usize)0xFFFF;
    status result = NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &reserve, MEM_RESERVE, protection(heap));
    while (!SUCCEEDED(result) && reserve / 2 >= needed) {
        reserve /= 2;
        result = NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &reserve, MEM_RESERVE, protection(heap));
    }
    if (!SUCCEEDED(result))
        return NULL;
    usize size = PAGE_SIZE;
    if (!SUCCEEDED(NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &size, MEM_COMMIT, protection(heap)))) {
        size = 0;
        NtFreeVirtualMemory(CURRENT_PROCESS, &base, &size, MEM_RELEASE);
        return NULL;
    }
    SEGMENT *segment = base;
    initialize_segment(heap, segment, index, base, reserve, size, (HEAP_ENTRY *)((u8 *)base + header));
    if (heap->SegmentReserve < LARGEST_RESERVE)
        heap->SegmentReserve *= 2;
    return segment;
}

/* More room for `units`: behind a segment's committed part, or in a new segment. NULL if there is none. */
HEAP_ENTRY *extend_heap(HEAP *heap, u32 units) {
    SEGMENT *segment = NULL;
    for (u32 index = 0; index <= heap->LastSegmentIndex && !segment; index++)
        if (extend_segment(heap, heap->Segments[index], units))
            segment = heap->Segments[index];
    if (!segment && heap->Flags & HEAP_GROWABLE) {
        segment = add_segment(heap, units);
        if (segment && segment->LastEntryInSegment->Size < units && !extend_segment(heap, segment, units))
            segment = NULL;
    }
    return segment ? segment->LastEntryInSegment : NULL;
}

/* Gives back the pages of a free block at a segment's end, but for KEEP_AT_END bytes. `last` is in no list. */
void decommit_end(HEAP *heap, SEGMENT *segment, HEAP_ENTRY *last) {
    usize from = round_to_pages((usize)((u8 *)last + KEEP_AT_END));
    void *at = (void *)from;
    usize size = (usize)segment->UnCommittedRanges - from;
    (void)heap;
    if (!SUCCEEDED(NtFreeVirtualMemory(CURRENT_PROCESS, &at, &size, MEM_DECOMMIT)))
        return;
    last->Size = (u16)((from - (usize)last) / UNIT);
    segment->UnCommittedRanges = (u8 *)from;
    segment->LargestUnCommittedRange += size;
    segment->NumberOfUnCommittedPages += (u32)(size / PAGE_SIZE);
    segment->NumberOfUnCommittedRanges = 1;
}
