/* validate.c: RtlValidateHeap, RtlCompactHeap, RtlLockHeap and RtlUnlockHeap.

   Validation follows no pointer that it has not looked at: a damaged heap answers FALSE, it does not fault. */
#include "codes.h"
#include "low_fragmentation.h"

/* What a walk over all blocks counts, to be compared with the lists. */
typedef struct CENSUS {
    usize FreeUnits;
    u32 FreeBlocks;
} CENSUS;

static bool32 is_committed(SEGMENT *segment, const void *from, const void *end) {
    if ((u8 *)from < (u8 *)segment->FirstEntry || (u8 *)end > segment->LastValidEntry || from >= end)
        return FALSE;
    for (UNCOMMITTED_RANGE *range = segment->UnCommittedRanges; range; range = range->Next)
        if ((uptr)from < range->Address + range->Size && (uptr)end > range->Address)
            return FALSE;
    return TRUE;
}

/* The segment whose committed memory holds a header, or NULL. */
SEGMENT *segment_of(HEAP *heap, const HEAP_ENTRY *entry) {
    for (u32 index = 0; index <= heap->LastSegmentIndex; index++)
        if (is_committed(heap->Segments[index], entry, entry + 1))
            return heap->Segments[index];
    return NULL;
}

/* One block and the one behind it agree; busy blocks tell a possible number of unused bytes, and patterns are whole. */
static bool32 is_entry_valid(SEGMENT *segment, HEAP_ENTRY *entry) {
    if (!entry->Size || !is_committed(segment, entry, next_entry(entry)))
        return FALSE;
    if (entry->SegmentIndex != segment->Entry.SegmentIndex || entry->Flags & ENTRY_VIRTUAL)
        return FALSE;
    if (is_last(entry) ? range_at(segment, next_entry(entry)) == NULL && (u8 *)next_entry(entry) != segment->LastValidEntry
                       : !is_committed(segment, next_entry(entry), next_entry(entry) + 1) ||
                             next_entry(entry)->PreviousSize != entry->Size)
        return FALSE;
    if (!(entry->Flags & ENTRY_BUSY))
        return entry->Size >= MINIMUM_BLOCK && is_free_fill_intact(entry);
    return entry->UnusedBytes <= entry->Size * UNIT && (!entry->UnusedBytes || is_tail_intact(entry));
}

static bool32 is_segment_valid(SEGMENT *segment, CENSUS *census) {
    HEAP_ENTRY *entry = segment->FirstEntry;
    if (segment->Signature != SEGMENT_SIGNATURE)
        return FALSE;
    for (;;) {
        if (!is_entry_valid(segment, entry))
            return FALSE;
        if (!(entry->Flags & ENTRY_BUSY)) {
            census->FreeUnits += entry->Size;
            census->FreeBlocks++;
        }
        HEAP_ENTRY *next = next_entry(entry);
        if (is_last(entry)) {
            UNCOMMITTED_RANGE *range = range_at(segment, next);
            if (range && range->LastUnits != entry->Size)
                return FALSE;
            next = range ? (HEAP_ENTRY *)(range->Address + range->Size) : next;
            if ((u8 *)next == segment->LastValidEntry)
                return entry == segment->LastEntryInSegment;
            if (next->PreviousSize)
                return FALSE;
        }
        entry = next;
    }
}

/* A free block's links may be followed if they lie in committed memory of the heap or are a list's head. */
static bool32 is_link(HEAP *heap, const LIST_ENTRY *link) {
    if (link >= heap->FreeLists && link < heap->FreeLists + FREE_LISTS)
        return TRUE;
    const HEAP_ENTRY *entry = (const HEAP_ENTRY *)link - 1;
    return (uptr)link % UNIT == 0 && segment_of(heap, entry) && segment_of(heap, entry + 1);
}

static bool32 is_list_valid(HEAP *heap, u32 index, CENSUS *census) {
    LIST_ENTRY *head = &heap->FreeLists[index];
    u32 smallest = index ? index : FREE_LISTS;
    for (LIST_ENTRY *link = head->Flink, *before = head; link != head; before = link, link = link->Flink) {
        if (!is_link(heap, link) || link->Blink != before)
            return FALSE;
        HEAP_ENTRY *entry = &((FREE_ENTRY *)((u8 *)link - offsetof(FREE_ENTRY, Link)))->Header;
        if (entry->Flags & ENTRY_BUSY || (index ? entry->Size != index : entry->Size < smallest))
            return FALSE;
        if (!census->FreeBlocks || census->FreeUnits < entry->Size)
            return FALSE;
        census->FreeBlocks--;
        census->FreeUnits -= entry->Size;
        smallest = entry->Size;
    }
    return TRUE;
}

static bool32 are_lists_valid(HEAP *heap, CENSUS *census) {
    if (census->FreeUnits != heap->TotalFreeSize)
        return FALSE;
    for (u32 index = 0; index < FREE_LISTS; index++) {
        bool32 is_used = index && heap->FreeLists[index].Flink != &heap->FreeLists[index];
        if (is_used != (bool32)(heap->FreeListsInUse[index / 32] >> index % 32 & 1))
            return FALSE;
        if (!is_list_valid(heap, index, census))
            return FALSE;
    }
    return !census->FreeBlocks && !census->FreeUnits;
}

static bool32 are_lookasides_valid(HEAP *heap) {
    for (u32 units = 0; heap->FrontState != FRONT_NONE && units < FREE_LISTS; units++) {
        u32 depth = LOOKASIDE_DEPTH;
        for (LOOKASIDE_ENTRY *entry = heap->Lookaside[units]; entry != &heap->EndOfLists; entry = entry->Next, depth--) {
            HEAP_ENTRY *header = &entry->Header;
            if (!depth || (uptr)entry % UNIT || !segment_of(heap, header) || !segment_of(heap, header + 1) ||
                header->Size != units || header->UnusedBytes)
                return FALSE;
        }
    }
    return TRUE;
}

/* Memory of its own begins at an allocation's border; what overwrote a link seldom does. */
static bool32 is_virtual_link(HEAP *heap, const LIST_ENTRY *link) {
    return link == &heap->VirtualAllocdBlocks || (link && (uptr)link % 0x10000 == 0);
}

/* The block of its own memory with this header, or any such block if it is NULL, is in the list and has a whole tail. */
static bool32 are_virtual_blocks_valid(HEAP *heap, const HEAP_ENTRY *wanted) {
    bool32 is_found = !wanted;
    LIST_ENTRY *head = &heap->VirtualAllocdBlocks;
    if (!is_virtual_link(heap, head->Flink))
        return FALSE;
    for (LIST_ENTRY *link = head->Flink; link != head; link = link->Flink) {
        HEAP_ENTRY *entry = &((VIRTUAL_ENTRY *)link)->Block;
        if (!is_virtual_link(heap, link->Flink) || link->Flink->Blink != link)
            return FALSE;
        if ((!wanted || entry == wanted) &&
            ((entry->Flags & (ENTRY_BUSY | ENTRY_VIRTUAL)) != (ENTRY_BUSY | ENTRY_VIRTUAL) || !is_tail_intact(entry)))
            return FALSE;
        is_found |= entry == wanted;
    }
    return is_found;
}

/* Whether a header is that of an intact block in use. */
bool32 is_block_valid(HEAP *heap, HEAP_ENTRY *entry) {
    if (!entry || (uptr)entry % UNIT)
        return FALSE;
    SEGMENT *segment = segment_of(heap, entry);
    if (!segment)
        return are_virtual_blocks_valid(heap, entry);
    SUBSEGMENT *in = subsegment_at(heap, entry);
    if (in)
        return entry->Flags & ENTRY_BUSY && is_bucket_block_valid(in, entry);
    if (!is_entry_valid(segment, entry) || !(entry->Flags & ENTRY_BUSY) || entry->UnusedBytes < UNIT)
        return FALSE;
    if (!entry->PreviousSize || entry == segment->FirstEntry)
        return entry == segment->FirstEntry || is_committed(segment, entry, entry + 1);
    return is_committed(segment, previous_entry(entry), entry) && previous_entry(entry)->Size == entry->PreviousSize;
}

static bool32 is_heap_valid(HEAP *heap) {
    CENSUS census = {0, 0};
    for (u32 index = 0; index <= heap->LastSegmentIndex; index++)
        if (!is_segment_valid(heap->Segments[index], &census))
            return FALSE;
    return are_lists_valid(heap, &census) && are_lookasides_valid(heap) && are_buckets_valid(heap) &&
           are_virtual_blocks_valid(heap, NULL);
}

/* Whether a heap, or one block of it, is intact. With a block nothing else is looked at. */
bool32 WINAPI RtlValidateHeap(HEAP *heap, u32 flags, const void *block) {
    if (!heap || heap->Signature != HEAP_SIGNATURE)
        return FALSE;
    lock_heap(heap, flags);
    hold_front(heap);
    bool32 is_valid = block ? is_block_valid(heap, (HEAP_ENTRY *)block - 1) : is_heap_valid(heap);
    release_front(heap);
    unlock_heap(heap, flags);
    return is_valid;
}

/* Joins what DISABLE_COALESCE_ON_FREE, or the limit of a block's size, left apart. */
static void join_free_blocks(HEAP *heap, SEGMENT *segment) {
    for (HEAP_ENTRY *entry = segment->FirstEntry; (u8 *)entry < segment->LastValidEntry;) {
        if (!(entry->Flags & ENTRY_BUSY) && !is_last(entry) && !(next_entry(entry)->Flags & ENTRY_BUSY) &&
            (u32)entry->Size + next_entry(entry)->Size <= MAXIMUM_UNITS) {
            remove_free(heap, entry);
            entry = coalesce(heap, entry);
            insert_free(heap, entry);
            continue;
        }
        UNCOMMITTED_RANGE *range = is_last(entry) ? range_at(segment, next_entry(entry)) : NULL;
        entry = range ? (HEAP_ENTRY *)(range->Address + range->Size) : next_entry(entry);
    }
}

/* The largest free block in bytes, after the look-aside lists were emptied; 0 and NO_ERROR if there is none. */
usize WINAPI RtlCompactHeap(HEAP *heap, u32 flags) {
    lock_heap(heap, flags);
    flush_lookaside(heap);
    if (has_buckets(heap)) {
        hold_front(heap);
        release_empty_user_blocks(heap);
        release_front(heap);
    }
    for (u32 index = 0; index <= heap->LastSegmentIndex; index++)
        join_free_blocks(heap, heap->Segments[index]);
    usize largest = 0;
    for (u32 index = FREE_LISTS; --index && !largest;)
        if (heap->FreeLists[index].Flink != &heap->FreeLists[index])
            largest = index;
    if (heap->FreeLists[0].Flink != &heap->FreeLists[0])
        largest = ((FREE_ENTRY *)((u8 *)heap->FreeLists[0].Blink - offsetof(FREE_ENTRY, Link)))->Header.Size;
    unlock_heap(heap, flags);
    if (!largest)
        set_last_error(ERROR_SUCCESS);
    return largest * UNIT;
}

/* TRUE also for a heap with HEAP_NO_SERIALIZE, which has no lock to take. */
bool32 WINAPI RtlLockHeap(HEAP *heap) {
    if (!heap || heap->Signature != HEAP_SIGNATURE)
        return FALSE;
    lock_heap(heap, 0);
    hold_front(heap); /* or other threads would allocate without the lock */
    return TRUE;
}

bool32 WINAPI RtlUnlockHeap(HEAP *heap) {
    if (!heap || heap->Signature != HEAP_SIGNATURE)
        return FALSE;
    bool32 is_serialized = !(heap->Flags & HEAP_NO_SERIALIZE);
    if (is_serialized && (!heap->LockVariable->RecursionCount || heap->LockVariable->OwningThread != teb()->UniqueThread)) {
        set_last_error(ERROR_NOT_LOCKED);
        return FALSE;
    }
    release_front(heap);
    unlock_heap(heap, 0);
    return TRUE;
}
