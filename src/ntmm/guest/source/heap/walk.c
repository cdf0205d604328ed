/* walk.c: HeapWalk and HeapSummary.

   A walk visits each segment (a region), its blocks and uncommitted ranges by address, and at last the blocks that have
   memory of their own. A user block of the low-fragmentation heap is visited as the blocks it is cut into. It keeps its place
   in the entry alone, so other threads must not change the heap meanwhile. */
#include "codes.h"
#include "heap_walk.h"

typedef struct HEAP_SUMMARY {
    u32 Size;
    usize Allocated, Committed, Reserved, MaximumReserve;
} HEAP_SUMMARY;

static void tell(PROCESS_HEAP_ENTRY *entry, void *data, usize size, u32 overhead, u32 index, u32 flags) {
    *entry = (PROCESS_HEAP_ENTRY){data, (u32)size, (u8)overhead, (u8)index, (u16)flags, {{NULL, {0, 0, 0}}}};
}

static bool32 tell_segment(PROCESS_HEAP_ENTRY *entry, SEGMENT *segment) {
    usize reserved = (usize)segment->NumberOfPages * PAGE_SIZE;
    usize uncommitted = (usize)segment->NumberOfUnCommittedPages * PAGE_SIZE;
    tell(entry, segment->BaseAddress, reserved, sizeof(SEGMENT), segment->Entry.SegmentIndex, WALK_REGION);
    entry->Region.CommittedSize = (u32)(reserved - uncommitted);
    entry->Region.UnCommittedSize = (u32)uncommitted;
    entry->Region.FirstBlock = segment->FirstEntry;
    entry->Region.LastBlock = segment->LastValidEntry;
    return TRUE;
}

static bool32 tell_range(PROCESS_HEAP_ENTRY *entry, SEGMENT *segment, UNCOMMITTED_RANGE *range) {
    tell(entry, (void *)range->Address, range->Size, sizeof *range, segment->Entry.SegmentIndex, WALK_UNCOMMITTED);
    return TRUE;
}

/* The index of the segment that a block lies in. */
static u32 region_of(HEAP_ENTRY *block) {
    if (block->Flags & ENTRY_VIRTUAL)
        return OWN_MEMORY;
    return block->SegmentIndex == LFH_INDEX ? outer_entry(named_subsegment(block))->SegmentIndex : block->SegmentIndex;
}

static bool32 tell_block(PROCESS_HEAP_ENTRY *entry, HEAP_ENTRY *block) {
    u32 index = region_of(block);
    u32 units = block->SegmentIndex == LFH_INDEX && index != OWN_MEMORY ? named_subsegment(block)->BlockSize : block->Size;
    if (!(block->Flags & ENTRY_BUSY)) {
        tell(entry, block + 1, (usize)(units - 1) * UNIT, UNIT, index, 0);
        return TRUE;
    }
    u32 overhead = block->Flags & ENTRY_VIRTUAL ? sizeof(VIRTUAL_ENTRY) : block->UnusedBytes;
    tell(entry, block + 1, size_of(block), overhead, index, WALK_BUSY);
    if (block->Flags & ENTRY_MOVEABLE) {
        entry->Flags |= WALK_MOVEABLE | (block->Flags & ENTRY_DDESHARE ? WALK_DDESHARE : 0);
        entry->Block.Memory = handle_of_block(block + 1);
    }
    return TRUE;
}

/* A block of a user block, once its header is known to tell the truth. */
static bool32 tell_bucket_block(PROCESS_HEAP_ENTRY *entry, SUBSEGMENT *in, HEAP_ENTRY *block) {
    if (is_bucket_block_valid(in, block))
        return tell_block(entry, block);
    set_last_error(ERROR_INVALID_PARAMETER);
    return FALSE;
}

static bool32 tell_virtual(PROCESS_HEAP_ENTRY *entry, HEAP *heap, LIST_ENTRY *link) {
    if (link == &heap->VirtualAllocdBlocks) {
        set_last_error(ERROR_NO_MORE_ITEMS);
        return FALSE;
    }
    return tell_block(entry, &((VIRTUAL_ENTRY *)link)->Block);
}

static bool32 tell_next_segment(PROCESS_HEAP_ENTRY *entry, HEAP *heap, u32 index) {
    if (index <= heap->LastSegmentIndex)
        return tell_segment(entry, heap->Segments[index]);
    return tell_virtual(entry, heap, heap->VirtualAllocdBlocks.Flink);
}

/* What lies at an address: a block, the end of the segment, or nothing that can be trusted. */
static bool32 tell_at(PROCESS_HEAP_ENTRY *entry, HEAP *heap, SEGMENT *segment, void *at) {
    if ((u8 *)at == segment->LastValidEntry)
        return tell_next_segment(entry, heap, segment->Entry.SegmentIndex + 1u);
    if (!segment_of(heap, at) || !((HEAP_ENTRY *)at)->Size) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    SUBSEGMENT *in = ((HEAP_ENTRY *)at)->SmallTagIndex == USER_BLOCK_TAG
                         ? subsegment_at(heap, (HEAP_ENTRY *)at + 1 + FIRST_OFFSET)
                         : NULL;
    return in ? tell_bucket_block(entry, in, block_of(in, 0)) : tell_block(entry, at);
}

static bool32 tell_behind_block(PROCESS_HEAP_ENTRY *entry, HEAP *heap, HEAP_ENTRY *block) {
    if (entry->RegionIndex == OWN_MEMORY)
        return tell_virtual(entry, heap, virtual_entry(block)->Link.Flink);
    SUBSEGMENT *in = subsegment_at(heap, block);
    if (in && block != block_of(in, in->BlockCount - 1u))
        return tell_bucket_block(entry, in, block + in->BlockSize);
    block = in ? outer_entry(in) : block;
    SEGMENT *segment = segment_of(heap, block);
    if (!segment || !block->Size) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    UNCOMMITTED_RANGE *range = is_last(block) ? range_at(segment, next_entry(block)) : NULL;
    return range ? tell_range(entry, segment, range) : tell_at(entry, heap, segment, next_entry(block));
}

static bool32 walk(HEAP *heap, PROCESS_HEAP_ENTRY *entry) {
    if (!entry->Data) {
        flush_lookaside(heap);
        return tell_segment(entry, heap->Segments[0]);
    }
    if (!(entry->Flags & (WALK_REGION | WALK_UNCOMMITTED)))
        return tell_behind_block(entry, heap, (HEAP_ENTRY *)entry->Data - 1);
    if (entry->RegionIndex > heap->LastSegmentIndex) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    SEGMENT *segment = heap->Segments[entry->RegionIndex];
    void *next = entry->Flags & WALK_REGION ? (void *)segment->FirstEntry : (u8 *)entry->Data + entry->DataSize;
    return tell_at(entry, heap, segment, next);
}

/* The heap's next element, from the one in `entry`; a NULL address begins. FALSE and ERROR_NO_MORE_ITEMS at the end. */
bool32 WINAPI HeapWalk(HEAP *heap, PROCESS_HEAP_ENTRY *entry) {
    if (!heap || heap->Signature != HEAP_SIGNATURE || !entry) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    lock_heap(heap, 0);
    bool32 result = walk(heap, entry);
    unlock_heap(heap, 0);
    return result;
}

/* Bytes in busy blocks, committed and reserved; `flags` must be 0. */
bool32 WINAPI HeapSummary(HEAP *heap, u32 flags, HEAP_SUMMARY *summary) {
    PROCESS_HEAP_ENTRY entry = {0};
    if (!heap || heap->Signature != HEAP_SIGNATURE || flags || summary->Size != sizeof *summary) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    *summary = (HEAP_SUMMARY){sizeof *summary, 0, 0, 0, 0};
    lock_heap(heap, 0);
    while (walk(heap, &entry)) {
        usize committed = entry.Flags & WALK_REGION ? entry.Region.CommittedSize : 0;
        usize reserved = entry.Flags & WALK_REGION ? entry.DataSize : 0;
        if (entry.Flags & WALK_BUSY && entry.RegionIndex == OWN_MEMORY)
            committed = reserved = virtual_entry((HEAP_ENTRY *)entry.Data - 1)->CommitSize;
        if (entry.Flags & WALK_BUSY)
            summary->Allocated += size_of((HEAP_ENTRY *)entry.Data - 1);
        summary->Committed += committed;
        summary->Reserved += reserved;
    }
    summary->MaximumReserve = heap->Flags & HEAP_GROWABLE ? heap->MaximumAllocationSize : summary->Reserved;
    unlock_heap(heap, 0);
    return TRUE;
}
