/* validate.c: RtlValidateHeap, RtlCompactHeap, RtlLockHeap and RtlUnlockHeap. */
#include "codes.h"
#include "heap.h"

/* Walks a segment's blocks: sizes agree with the neighbours', and they end where the committed part ends. */
static bool32 is_segment_valid(SEGMENT *segment, const HEAP_ENTRY *wanted, bool32 *found) {
    HEAP_ENTRY *entry = segment->FirstEntry;
    u8 *end = segment->UnCommittedRanges;
    if (segment->Signature != SEGMENT_SIGNATURE)
        return FALSE;
    for (;;) {
        if (entry->Size < 1 || (u8 *)next_entry(entry) > end || entry->UnusedBytes > entry->Size * UNIT)
            return FALSE;
        if (entry == wanted)
            *found = entry->Flags & ENTRY_BUSY;
        if (is_last(entry))
            break;
        if (next_entry(entry)->PreviousSize != entry->Size || (u8 *)next_entry(entry) == end)
            return FALSE;
        entry = next_entry(entry);
    }
    return entry == segment->LastEntryInSegment && (u8 *)next_entry(entry) == end;
}

static bool32 are_lists_valid(HEAP *heap) {
    usize total = 0;
    u32 last = 0;
    for (u32 index = 0; index < FREE_LISTS; index++)
        for (LIST_ENTRY *link = heap->FreeLists[index].Flink; link != &heap->FreeLists[index]; link = link->Flink) {
            HEAP_ENTRY *entry = &((FREE_ENTRY *)((u8 *)link - offsetof(FREE_ENTRY, Link)))->Header;
            if (link->Flink->Blink != link || entry->Flags & ENTRY_BUSY)
                return FALSE;
            if (index ? entry->Size != index : entry->Size < FREE_LISTS || entry->Size < last)
                return FALSE;
            last = entry->Size;
            total += entry->Size;
        }
    return total == heap->TotalFreeSize;
}

/* Whether a heap, or one block of it, is intact. */
bool32 WINAPI RtlValidateHeap(HEAP *heap, u32 flags, const void *block) {
    if (!heap || heap->Signature != HEAP_SIGNATURE)
        return FALSE;
    const HEAP_ENTRY *wanted = block ? (const HEAP_ENTRY *)block - 1 : NULL;
    bool32 found = FALSE, is_valid = TRUE;
    lock_heap(heap, flags);
    for (LIST_ENTRY *link = heap->VirtualAllocdBlocks.Flink; link != &heap->VirtualAllocdBlocks; link = link->Flink)
        if (&((VIRTUAL_ENTRY *)link)->Block == wanted)
            found = TRUE;
    for (u32 index = 0; index <= heap->LastSegmentIndex && is_valid; index++)
        is_valid = is_segment_valid(heap->Segments[index], wanted, &found);
    is_valid = is_valid && are_lists_valid(heap);
    unlock_heap(heap, flags);
    return is_valid && (found || !wanted);
}

/* The largest free block in bytes, after the look-aside lists were emptied. */
usize WINAPI RtlCompactHeap(HEAP *heap, u32 flags) {
    lock_heap(heap, flags);
    void *front_end = heap->FrontEndHeap;
    heap->FrontEndHeap = NULL;
    for (u32 index = 0; index < FREE_LISTS; index++)
        for (HEAP_ENTRY *entry; (entry = heap->Lookaside[index].First);) {
            heap->Lookaside[index].First = *(HEAP_ENTRY **)(entry + 1);
            heap->Lookaside[index].Depth--;
            free_block(heap, entry);
        }
    heap->FrontEndHeap = front_end;
    usize largest = 0;
    for (u32 index = FREE_LISTS; index-- && !largest;)
        if (index == 0 || heap->FreeLists[index].Flink != &heap->FreeLists[index])
            largest = index;
    if (heap->FreeLists[0].Flink != &heap->FreeLists[0])
        largest = ((FREE_ENTRY *)((u8 *)heap->FreeLists[0].Blink - offsetof(FREE_ENTRY, Link)))->Header.Size;
    unlock_heap(heap, flags);
    return largest * UNIT;
}

bool32 WINAPI RtlLockHeap(HEAP *heap) {
    if (heap->Flags & HEAP_NO_SERIALIZE)
        return FALSE;
    RtlEnterCriticalSection(&heap->Lock);
    return TRUE;
}

bool32 WINAPI RtlUnlockHeap(HEAP *heap) {
    if (heap->Flags & HEAP_NO_SERIALIZE)
        return FALSE;
    RtlLeaveCriticalSection(&heap->Lock);
    return TRUE;
}
