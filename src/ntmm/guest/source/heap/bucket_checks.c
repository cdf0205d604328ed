/* bucket_checks.c: what lies in the low-fragmentation heap: finding the user block of an address, validating all. */
#include "low_fragmentation.h"

static bool32 is_block_of(const SUBSEGMENT *in, const HEAP_ENTRY *entry) {
    const HEAP_ENTRY *first = block_of(in, 0);
    return entry >= first && entry < first + (u32)in->BlockCount * in->BlockSize &&
           (uptr)((const u8 *)entry - (const u8 *)first) % (in->BlockSize * UNIT) == 0;
}

static bool32 is_descriptor(HEAP *heap, const SUBSEGMENT *wanted) {
    LFH_HEAP *front = heap->FrontEndHeap;
    for (ZONE *zone = front->Zones; zone; zone = zone->Next)
        if (wanted >= zone->SubSegments && wanted < zone->SubSegments + zone->Count)
            return ((uptr)wanted - (uptr)zone->SubSegments) % sizeof(SUBSEGMENT) == 0 && wanted->UserBlocks;
    return FALSE;
}

/* The user block in which an address is that of a block's header, or NULL; the header is not read. */
SUBSEGMENT *subsegment_at(HEAP *heap, const HEAP_ENTRY *entry) {
    LFH_HEAP *front = heap->FrontEndHeap;
    for (ZONE *zone = has_buckets(heap) ? front->Zones : NULL; zone; zone = zone->Next)
        for (u32 index = 0; index < zone->Count; index++)
            if (zone->SubSegments[index].UserBlocks && is_block_of(&zone->SubSegments[index], entry))
                return &zone->SubSegments[index];
    return NULL;
}

/* Whether a header that says so is that of a block in a user block; what it names is looked at before it is followed. */
bool32 is_in_bucket(HEAP *heap, const HEAP_ENTRY *entry) {
    return has_buckets(heap) && is_descriptor(heap, named_subsegment(entry)) && is_block_of(named_subsegment(entry), entry);
}

/* A block's header agrees with its user block. */
bool32 is_bucket_block_valid(SUBSEGMENT *in, const HEAP_ENTRY *entry) {
    u32 unused = bucket_unused(entry);
    if (named_subsegment(entry) != in || entry->SegmentIndex != LFH_INDEX)
        return FALSE;
    return entry->Flags & ENTRY_BUSY ? unused >= UNIT && unused <= in->BlockSize * UNIT : !entry->Flags && !unused;
}

static bool32 is_list_valid(SUBSEGMENT *in, u32 count) {
    u32 offset = in->FreeEntryOffset;
    if (count != in->Depth)
        return FALSE;
    for (; count; count--) {
        const HEAP_ENTRY *entry = (HEAP_ENTRY *)in->UserBlocks + offset;
        if (offset == NO_OFFSET || !is_block_of(in, entry) || entry->Flags & ENTRY_BUSY)
            return FALSE;
        offset = *(u16 *)(entry + 1);
    }
    return offset == NO_OFFSET;
}

static bool32 is_user_block_valid(HEAP *heap, SUBSEGMENT *in) {
    const HEAP_ENTRY *outer = outer_entry(in);
    const USER_BLOCKS *blocks = in->UserBlocks;
    u32 free = 0;
    if (!segment_of(heap, outer) || !(outer->Flags & ENTRY_BUSY) || outer->SmallTagIndex != USER_BLOCK_TAG ||
        outer->Size < 1 + FIRST_OFFSET + (u32)in->BlockCount * in->BlockSize)
        return FALSE;
    if (blocks->SubSegment != in || blocks->Heap != heap || blocks->SizeIndex != in->Bucket->SizeIndex ||
        blocks->Signature != USER_BLOCK_SIGNATURE)
        return FALSE;
    for (u32 index = 0; index < in->BlockCount; index++) {
        const HEAP_ENTRY *entry = block_of(in, index);
        if (!is_bucket_block_valid(in, entry))
            return FALSE;
        free += !(entry->Flags & ENTRY_BUSY);
    }
    return is_list_valid(in, free);
}

bool32 are_buckets_valid(HEAP *heap) {
    LFH_HEAP *front = heap->FrontEndHeap;
    for (ZONE *zone = has_buckets(heap) ? front->Zones : NULL; zone; zone = zone->Next)
        for (u32 index = 0; index < zone->Count; index++)
            if (zone->SubSegments[index].UserBlocks && !is_user_block_valid(heap, &zone->SubSegments[index]))
                return FALSE;
    return TRUE;
}
