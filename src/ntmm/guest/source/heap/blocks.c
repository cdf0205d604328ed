/* blocks.c: taking and giving back blocks of a locked heap: splitting, coalescing, the look-aside lists in front. */
#include "heap.h"

static void set_size(HEAP *heap, HEAP_ENTRY *entry, u32 units) {
    entry->Size = (u16)units;
    if (is_last(entry))
        heap->Segments[entry->SegmentIndex]->LastEntryInSegment = entry;
    else
        next_entry(entry)->PreviousSize = (u16)units;
}

static bool32 can_merge(HEAP_ENTRY *entry, HEAP_ENTRY *with) {
    return !(with->Flags & ENTRY_BUSY) && (u32)entry->Size + with->Size <= MAXIMUM_FREE;
}

/* Joins a free block, in no list, with its free neighbours; answers the whole, in no list. */
HEAP_ENTRY *coalesce(HEAP *heap, HEAP_ENTRY *entry) {
    SEGMENT *segment = heap->Segments[entry->SegmentIndex];
    if (entry != segment->FirstEntry && can_merge(entry, previous_entry(entry))) {
        HEAP_ENTRY *before = previous_entry(entry);
        remove_free(heap, before);
        before->Flags |= entry->Flags & ENTRY_LAST;
        set_size(heap, before, before->Size + entry->Size);
        entry = before;
    }
    if (!is_last(entry) && can_merge(entry, next_entry(entry))) {
        HEAP_ENTRY *after = next_entry(entry);
        remove_free(heap, after);
        entry->Flags |= after->Flags & ENTRY_LAST;
        set_size(heap, entry, entry->Size + after->Size);
    }
    return entry;
}

/* Cuts a busy block down to `units`; what remains becomes free unless it is too small to be a block. */
void split_block(HEAP *heap, HEAP_ENTRY *entry, u32 units) {
    u32 rest = entry->Size - units;
    if (rest < MINIMUM_BLOCK)
        return;
    HEAP_ENTRY *tail = entry + units;
    tail->Flags = entry->Flags & ENTRY_LAST;
    tail->SegmentIndex = entry->SegmentIndex;
    tail->SmallTagIndex = 0;
    tail->PreviousSize = (u16)units;
    entry->Flags &= (u8)~ENTRY_LAST;
    entry->Size = (u16)units;
    set_size(heap, tail, rest);
    insert_free(heap, coalesce(heap, tail));
}

HEAP_ENTRY *allocate_units(HEAP *heap, u32 units) {
    if (units < FREE_LISTS) {
        LOOKASIDE *list = &heap->Lookaside[units];
        HEAP_ENTRY *entry = list->First;
        if (entry) {
            list->First = *(HEAP_ENTRY **)(entry + 1);
            list->Depth--;
            return entry;
        }
    }
    HEAP_ENTRY *entry = find_free(heap, units);
    if (!entry)
        entry = extend_heap(heap, units);
    if (!entry)
        return NULL;
    remove_free(heap, entry);
    entry->Flags = (entry->Flags & ENTRY_LAST) | ENTRY_BUSY;
    entry->SmallTagIndex = 0;
    split_block(heap, entry, units);
    return entry;
}

void free_block(HEAP *heap, HEAP_ENTRY *entry) {
    u32 units = entry->Size;
    if (units < FREE_LISTS && heap->FrontEndHeap && heap->Lookaside[units].Depth < LOOKASIDE_DEPTH) {
        LOOKASIDE *list = &heap->Lookaside[units];
        *(HEAP_ENTRY **)(entry + 1) = list->First;
        list->First = entry;
        list->Depth++;
        return;
    }
    entry->Flags &= ENTRY_LAST;
    entry = coalesce(heap, entry);
    if (is_last(entry) && (usize)entry->Size * UNIT >= DECOMMIT_AT)
        decommit_end(heap, heap->Segments[entry->SegmentIndex], entry);
    insert_free(heap, entry);
}
