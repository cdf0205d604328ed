/* ranges.c: the uncommitted ranges of segments: found, used up from their start, made by giving pages back. */
#include "codes.h"
#include "heap.h"

static usize round_to_pages(usize size) { return (size + PAGE_SIZE - 1) & ~(usize)(PAGE_SIZE - 1); }

static u32 protection(HEAP *heap) {
    return heap->Flags & HEAP_CREATE_ENABLE_EXECUTE ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
}

/* The range that begins at an address, or NULL. */
UNCOMMITTED_RANGE *range_at(SEGMENT *segment, const void *address) {
    UNCOMMITTED_RANGE *range = segment->UnCommittedRanges;
    while (range && range->Address < (uptr)address)
        range = range->Next;
    return range && range->Address == (uptr)address ? range : NULL;
}

/* The block in front of the range at the segment's end, if there is one, is the segment's last. */
static void note_last(SEGMENT *segment) {
    for (UNCOMMITTED_RANGE *range = segment->UnCommittedRanges; range; range = range->Next)
        if ((u8 *)range->Address + range->Size == segment->LastValidEntry)
            segment->LastEntryInSegment = (HEAP_ENTRY *)range->Address - range->LastUnits;
}

/* More unused descriptors: a page of them, the first word of which links it to the page before. */
static void make_descriptors(HEAP *heap) {
    void *page = NULL;
    usize size = PAGE_SIZE;
    if (!SUCCEEDED(NtAllocateVirtualMemory(CURRENT_PROCESS, &page, 0, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)))
        return;
    *(void **)page = heap->UCRSegments;
    heap->UCRSegments = page;
    UNCOMMITTED_RANGE *range = (UNCOMMITTED_RANGE *)page + 1, *end = (UNCOMMITTED_RANGE *)((u8 *)page + PAGE_SIZE);
    for (; range < end; range++) {
        range->Next = heap->UnusedUnCommittedRanges;
        heap->UnusedUnCommittedRanges = range;
    }
}

void release_ranges(HEAP *heap) {
    for (void *page = heap->UCRSegments, *next; page; page = next) {
        usize size = 0;
        next = *(void **)page;
        NtFreeVirtualMemory(CURRENT_PROCESS, &page, &size, MEM_RELEASE);
    }
}

static UNCOMMITTED_RANGE *take_descriptor(HEAP *heap) {
    if (!heap->UnusedUnCommittedRanges)
        make_descriptors(heap);
    UNCOMMITTED_RANGE *range = heap->UnusedUnCommittedRanges;
    if (range)
        heap->UnusedUnCommittedRanges = range->Next;
    return range;
}

static void count_ranges(SEGMENT *segment) {
    usize largest = 0, pages = 0;
    u32 count = 0;
    for (UNCOMMITTED_RANGE *range = segment->UnCommittedRanges; range; range = range->Next) {
        largest = range->Size > largest ? range->Size : largest;
        pages += range->Size / PAGE_SIZE;
        count++;
    }
    segment->LargestUnCommittedRange = largest;
    segment->NumberOfUnCommittedPages = (u32)pages;
    segment->NumberOfUnCommittedRanges = count;
}

static void recycle(HEAP *heap, UNCOMMITTED_RANGE **link) {
    UNCOMMITTED_RANGE *range = *link;
    *link = range->Next;
    range->Next = heap->UnusedUnCommittedRanges;
    heap->UnusedUnCommittedRanges = range;
}

/* Adds a range behind a block of `last_units`, joined with those that it touches. FALSE if there is no memory. */
bool32 add_range(HEAP *heap, SEGMENT *segment, uptr address, usize size, u32 last_units) {
    UNCOMMITTED_RANGE **link = &segment->UnCommittedRanges;
    while (*link && (*link)->Address + (*link)->Size < address)
        link = &(*link)->Next;
    UNCOMMITTED_RANGE *range = *link;
    if (range && range->Address + range->Size == address) {
        range->Size += size;
    } else {
        range = take_descriptor(heap);
        if (!range)
            return FALSE;
        *range = (UNCOMMITTED_RANGE){*link, address, size, last_units};
        *link = range;
    }
    if (range->Next && range->Next->Address == address + size) {
        range->Size += range->Next->Size;
        recycle(heap, &range->Next);
    }
    count_ranges(segment);
    return TRUE;
}

/* With the caller's routine it may become more than was asked for. */
static bool32 commit_pages(HEAP *heap, void *at, usize *size) {
    usize wanted = *size;
    if (heap->CommitRoutine)
        return SUCCEEDED(((COMMIT_ROUTINE)heap->CommitRoutine)(heap, &at, size)) && *size >= wanted &&
               *size % PAGE_SIZE == 0;
    return SUCCEEDED(NtAllocateVirtualMemory(CURRENT_PROCESS, &at, 0, size, MEM_COMMIT, protection(heap)));
}

/* Commits the first `*size` bytes of a range, or more, and tells how many. Of a range that is committed whole the
   descriptor is unused. */
bool32 commit_range(HEAP *heap, SEGMENT *segment, UNCOMMITTED_RANGE *range, usize *size) {
    if (!commit_pages(heap, (void *)range->Address, size) || *size > range->Size)
        return FALSE;
    range->Address += *size;
    range->Size -= *size;
    if (!range->Size) {
        UNCOMMITTED_RANGE **link = &segment->UnCommittedRanges;
        while (*link != range)
            link = &(*link)->Next;
        recycle(heap, link);
    }
    count_ranges(segment);
    return TRUE;
}

/* Gives back the whole pages of a free block in no list, but for what a free block in front and one behind them need.
   What is left in front is answered, in no list; NULL if the block began behind an uncommitted range and is gone. */
HEAP_ENTRY *decommit_block(HEAP *heap, HEAP_ENTRY *entry) {
    SEGMENT *segment = heap->Segments[entry->SegmentIndex];
    bool32 is_first = !entry->PreviousSize && entry != segment->FirstEntry;
    usize from = is_first ? (usize)entry : round_to_pages((usize)(entry + MINIMUM_BLOCK));
    usize end = (usize)next_entry(entry), to = end;
    if (to % PAGE_SIZE) {
        to -= to % PAGE_SIZE;
        to -= (end - to) / UNIT < MINIMUM_BLOCK ? PAGE_SIZE : 0;
    }
    u32 front = (u32)((from - (usize)entry) / UNIT), behind = (u32)((end - to) / UNIT);
    void *at = (void *)from;
    usize size = to - from;
    if (to <= from)
        return entry;
    if (!heap->UnusedUnCommittedRanges)
        make_descriptors(heap);
    u8 index = entry->SegmentIndex;
    bool32 was_last = is_last(entry);
    if (!heap->UnusedUnCommittedRanges || !SUCCEEDED(NtFreeVirtualMemory(CURRENT_PROCESS, &at, &size, MEM_DECOMMIT)))
        return entry;
    HEAP_ENTRY *rest = (HEAP_ENTRY *)to;
    if (behind) {
        rest->SegmentIndex = index;
        rest->SmallTagIndex = rest->Flags = 0;
        set_size(heap, rest, behind);
        insert_free(heap, rest);
    }
    if (!was_last)
        rest->PreviousSize = 0;
    add_range(heap, segment, from, to - from, front);
    if (!front) {
        note_last(segment);
        return NULL;
    }
    entry->Flags |= ENTRY_LAST;
    set_size(heap, entry, front);
    return entry;
}
