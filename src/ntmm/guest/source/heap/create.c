/* create.c: RtlCreateHeap and RtlDestroyHeap, and the list of heaps in the PEB. */
#include "codes.h"
#include "heap.h"
#include "text.h"

#define LISTED_HEAPS 512

static CRITICAL_SECTION list_lock = CRITICAL_SECTION_FREE;
static void *listed[LISTED_HEAPS];

static void list_heap(HEAP *heap) {
    PEB *block = peb();
    RtlEnterCriticalSection(&list_lock);
    if (block->ProcessHeaps != listed) {
        block->ProcessHeaps = listed;
        block->MaximumNumberOfHeaps = LISTED_HEAPS;
    }
    if (block->NumberOfHeaps < LISTED_HEAPS) {
        listed[block->NumberOfHeaps++] = heap;
        heap->ProcessHeapsListIndex = (u16)block->NumberOfHeaps; /* counted from 1; 0: not listed */
    }
    RtlLeaveCriticalSection(&list_lock);
}

static void unlist_heap(HEAP *heap) {
    PEB *block = peb();
    RtlEnterCriticalSection(&list_lock);
    u32 index = heap->ProcessHeapsListIndex;
    if (index) {
        block->NumberOfHeaps--;
        for (u32 at = index - 1; at < block->NumberOfHeaps; at++) {
            listed[at] = listed[at + 1];
            ((HEAP *)listed[at])->ProcessHeapsListIndex = (u16)(at + 1);
        }
    }
    RtlLeaveCriticalSection(&list_lock);
}

#define CREATION_FLAGS                                                                                                 \
    (HEAP_NO_SERIALIZE | HEAP_GROWABLE | HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY | HEAP_REALLOC_IN_PLACE_ONLY |    \
     HEAP_CREATE_ENABLE_EXECUTE | HEAP_DISABLE_COALESCE_ON_FREE | HEAP_DEBUG_FLAGS)

static usize given(usize value, usize otherwise) { return value ? value : otherwise; }

/* Thresholds in bytes become units; what the caller leaves at zero comes from the PEB. */
static void set_thresholds(HEAP *heap, const HEAP_PARAMETERS *given_parameters) {
    static const HEAP_PARAMETERS none;
    const HEAP_PARAMETERS *from = given_parameters ? given_parameters : &none;
    PEB *block = peb();
    usize limit = IS_64 ? ~(usize)0 >> 1 : 0x7FFDEFFF;
    heap->SegmentReserve = given(from->SegmentReserve, given(block->HeapSegmentReserve, 0x100000));
    heap->SegmentCommit = given(from->SegmentCommit, GROWTH);
    heap->DeCommitFreeBlockThreshold =
        given(from->DeCommitFreeBlockThreshold, given(block->HeapDeCommitFreeBlockThreshold, PAGE_SIZE)) / UNIT;
    heap->DeCommitTotalFreeThreshold =
        given(from->DeCommitTotalFreeThreshold, GROWTH + given(block->HeapDeCommitTotalFreeThreshold, 0x10000)) / UNIT;
    heap->MaximumAllocationSize = given(from->MaximumAllocationSize, limit);
    usize threshold = from->VirtualMemoryThreshold / UNIT;
    heap->VirtualMemoryThreshold = threshold && threshold < VIRTUAL_THRESHOLD ? (u32)threshold : VIRTUAL_THRESHOLD;
}

/* Safe unlinking came with XP SP2 and Server 2003 SP1. */
static bool32 has_safe_unlinking(const PEB *block) {
    u32 version = block->OSMajorVersion << 8 | block->OSMinorVersion, pack = block->OSCSDVersion >> 8;
    return version > 0x502 || (version == 0x502 && pack >= 1) || (version == 0x501 && pack >= 2);
}

static void fill_header(HEAP *heap, u32 flags, CRITICAL_SECTION *lock) {
    heap->Entry.Size = (u16)(offsetof(HEAP, FirstSegment) / UNIT);
    heap->Entry.Flags = ENTRY_BUSY;
    heap->Signature = HEAP_SIGNATURE;
    heap->Flags = flags & CREATION_FLAGS;
    heap->ForceFlags = flags & (HEAP_DEBUG_FLAGS | HEAP_DISABLE_COALESCE_ON_FREE);
    heap->AlignRound = UNIT + UNIT - 1;
    if (flags & HEAP_DEBUG_FLAGS)
        heap->AlignRound += flags & HEAP_TAIL_CHECKING_ENABLED ? 2 * UNIT : UNIT;
    heap->AlignMask = ~(usize)(UNIT - 1);
    heap->VirtualAllocdBlocks.Flink = heap->VirtualAllocdBlocks.Blink = &heap->VirtualAllocdBlocks;
    for (u32 index = 0; index < FREE_LISTS; index++)
        heap->FreeLists[index].Flink = heap->FreeLists[index].Blink = &heap->FreeLists[index];
    RtlInitializeCriticalSection(&heap->Lock);
    heap->LockVariable = flags & HEAP_NO_SERIALIZE ? NULL : lock ? lock : &heap->Lock;
    heap->FrontState = FRONT_NONE;
    heap->LargeBlocksIndex = heap->ClassFirst;
    u32 listed = flags & HEAP_GROWABLE ? heap->VirtualMemoryThreshold : MAXIMUM_UNITS;
    heap->ListedLimit = (usize)(listed + 1) * UNIT - 1 - heap->AlignRound;
    for (u32 index = 0; index < SPARE_RANGES; index++)
        heap->SpareRanges[index].Next = index + 1 < SPARE_RANGES ? &heap->SpareRanges[index + 1] : NULL;
    heap->UnusedUnCommittedRanges = heap->SpareRanges;
    if ((flags & HEAP_GROWABLE) && !(flags & (HEAP_NO_SERIALIZE | HEAP_ZERO_MEMORY | HEAP_DEBUG_FLAGS |
                                              HEAP_DISABLE_COALESCE_ON_FREE))) {
        heap->FrontState = FRONT_FREE;
        heap->FrontEndHeap = heap->Lookaside;
        for (u32 units = 0; units < FREE_LISTS; units++)
            heap->Lookaside[units] = &heap->EndOfLists;
        heap->FrontEndHeapType = 1;
    }
}

/* Makes a heap, in memory of its own or at `base`. Sizes in bytes; a heap that cannot grow has `reserve` and no more. A
   caller's lock is one that it has initialized. With a commit routine in the parameters, `base` and the sizes there are
   what the heap gets, and it cannot grow. NULL if there is no room. */
void *WINAPI RtlCreateHeap(u32 flags, void *base, usize reserve, usize commit, void *lock, const void *parameters) {
    const HEAP_PARAMETERS *given_parameters = parameters;
    PLACEMENT place = {base, reserve, commit};
    usize header = (sizeof(HEAP) + UNIT - 1) / UNIT * UNIT;
    if (lock && flags & HEAP_NO_SERIALIZE)
        return NULL;
    flags |= debugging_flags();
    is_unlinking_safe = has_safe_unlinking(peb());
    if (!place_heap(&place, flags, given_parameters))
        return NULL;
    HEAP *heap = place.Base;
    set_thresholds(heap, given_parameters);
    fill_header(heap, flags, lock);
    heap->CommitRoutine = given_parameters ? given_parameters->CommitRoutine : NULL;
    initialize_segment(heap, &heap->FirstSegment, 0, place.Base, place.Reserve, place.Commit,
                       (HEAP_ENTRY *)((u8 *)heap + header));
    heap->FirstSegment.Flags = base ? USER_ALLOCATED : 0;
    list_heap(heap);
    return heap;
}

/* Destroys a heap and all its memory but what its creator gave; answers NULL, or the heap if it is the process heap or none. */
HEAP *WINAPI RtlDestroyHeap(HEAP *heap) {
    if (!heap || heap->Signature != HEAP_SIGNATURE || heap == peb()->ProcessHeap)
        return heap;
    unlist_heap(heap);
    RtlDeleteCriticalSection(&heap->Lock);
    while (heap->VirtualAllocdBlocks.Flink != &heap->VirtualAllocdBlocks)
        free_virtual(heap, &((VIRTUAL_ENTRY *)heap->VirtualAllocdBlocks.Flink)->Block);
    release_ranges(heap);
    for (u32 index = heap->LastSegmentIndex; index; index--)
        release_memory(heap->Segments[index]->BaseAddress);
    heap->Signature = 0;
    if (!(heap->FirstSegment.Flags & USER_ALLOCATED))
        release_memory(heap);
    return NULL;
}

u32 WINAPI RtlGetProcessHeaps(u32 room, void **heaps) {
    RtlEnterCriticalSection(&list_lock);
    u32 count = peb()->NumberOfHeaps;
    if (count <= room)
        memcpy(heaps, listed, count * sizeof(void *));
    RtlLeaveCriticalSection(&list_lock);
    return count;
}
