/* blocks.c: taking and giving back blocks of a locked heap: splitting and coalescing. */
#include "heap.h"

/* Gives a block its size, and tells whoever keeps that too: the next block, or the uncommitted range behind it. */
void set_size(HEAP *heap, HEAP_ENTRY *entry, u32 units) {
    entry->Size = (u16)units;
    if (LIKELY(!is_last(entry))) {
        next_entry(entry)->PreviousSize = (u16)units;
        return;
    }
    SEGMENT *segment = heap->Segments[entry->SegmentIndex];
    u8 *end = (u8 *)next_entry(entry);
    UNCOMMITTED_RANGE *range = range_at(segment, end);
    if (range) {
        range->LastUnits = units;
        end += range->Size;
    }
    if (end == segment->LastValidEntry)
        segment->LastEntryInSegment = entry;
}

static bool32 can_merge(HEAP_ENTRY *entry, HEAP_ENTRY *with) {
    return !(with->Flags & ENTRY_BUSY) && (u32)entry->Size + with->Size <= MAXIMUM_UNITS;
}

/* Joins a free block with the free one behind it; both are in no list. Header and links of the latter become contents. */
static void merge(HEAP *heap, HEAP_ENTRY *entry, HEAP_ENTRY *with) {
    u32 units = (u32)entry->Size + with->Size;
    entry->Flags |= with->Flags & ENTRY_LAST;
    set_size(heap, entry, units);
    if (UNLIKELY(entry->Flags & ENTRY_PATTERN))
        for (u32 *word = (u32 *)with; word < (u32 *)((FREE_ENTRY *)with + 1); word++)
            *word = FREED_FILL;
}

/* Joins a free block, in no list, with its free neighbours; answers the whole, in no list. */
HEAP_ENTRY *coalesce(HEAP *heap, HEAP_ENTRY *entry) {
    if (UNLIKELY(heap->Flags & HEAP_FREE_CHECKING_ENABLED) && !(entry->Flags & ENTRY_PATTERN))
        fill_free(entry);
    if (entry->PreviousSize && entry != heap->Segments[entry->SegmentIndex]->FirstEntry &&
        can_merge(entry, previous_entry(entry))) {
        HEAP_ENTRY *before = previous_entry(entry);
        remove_free(heap, before);
        merge(heap, before, entry);
        entry = before;
    }
    if (!is_last(entry) && can_merge(entry, next_entry(entry))) {
        remove_free(heap, next_entry(entry));
        merge(heap, entry, next_entry(entry));
    }
    return entry;
}

/* Cuts a busy block down to `units`. What remains becomes free, with `flags`, unless it is too small to be a block. */
void split_block(HEAP *heap, HEAP_ENTRY *entry, u32 units, u8 flags) {
    u32 rest = entry->Size - units;
    if (rest < MINIMUM_BLOCK)
        return;
    HEAP_ENTRY *tail = entry + units;
    tail->Flags = (entry->Flags & ENTRY_LAST) | flags;
    tail->SegmentIndex = entry->SegmentIndex;
    tail->SmallTagIndex = 0;
    tail->PreviousSize = (u16)units;
    entry->Flags &= (u8)~ENTRY_LAST;
    entry->Size = (u16)units;
    set_size(heap, tail, rest);
    insert_free(heap, coalesce(heap, tail));
}

HEAP_ENTRY *allocate_units(HEAP *heap, u32 units) {
    HEAP_ENTRY *entry = find_free(heap, units);
    if (!entry)
        entry = extend_heap(heap, units);
    if (!entry)
        return NULL;
    remove_free(heap, entry);
    u8 pattern = entry->Flags & ENTRY_PATTERN;
    entry->Flags = (entry->Flags & ENTRY_LAST) | ENTRY_BUSY;
    entry->SmallTagIndex = 0;
    split_block(heap, entry, units, pattern);
    return entry;
}

/* Frees a block. As in NT, whole pages of it go back once it and the heap's free memory are large enough. */
void free_block(HEAP *heap, HEAP_ENTRY *entry) {
    entry->Flags &= ENTRY_LAST;
    if (LIKELY(!(heap->Flags & HEAP_DISABLE_COALESCE_ON_FREE)))
        entry = coalesce(heap, entry);
    if (entry->Size >= heap->DeCommitFreeBlockThreshold && !heap->CommitRoutine &&
        heap->TotalFreeSize + entry->Size >= heap->DeCommitTotalFreeThreshold)
        entry = decommit_block(heap, entry);
    if (entry)
        insert_free(heap, entry);
}
