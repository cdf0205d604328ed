/* create.c: RtlCreateHeap and RtlDestroyHeap, and the list of heaps in the PEB. */
#include "codes.h"
#include "heap.h"
#include "text.h"

#define LISTED_HEAPS 512
#define DEFAULT_RESERVE 0x40000u

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

static void fill_header(HEAP *heap, u32 flags) {
    heap->Entry.Size = (u16)(offsetof(HEAP, FirstSegment) / UNIT);
    heap->Entry.Flags = ENTRY_BUSY;
    heap->Signature = HEAP_SIGNATURE;
    heap->Flags = flags & (HEAP_NO_SERIALIZE | HEAP_GROWABLE | HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY |
                           HEAP_CREATE_ENABLE_EXECUTE);
    heap->ForceFlags = 0;
    heap->VirtualMemoryThreshold = MAXIMUM_BLOCK;
    heap->SegmentReserve = 0x100000;
    heap->SegmentCommit = 2 * PAGE_SIZE;
    heap->DeCommitFreeBlockThreshold = DECOMMIT_AT / UNIT;
    heap->DeCommitTotalFreeThreshold = DECOMMIT_AT / UNIT;
    heap->MaximumAllocationSize = (IS_64 ? ~(usize)0 >> 1 : 0x7FFDEFFF);
    heap->AlignRound = UNIT + UNIT - 1;
    heap->AlignMask = ~(usize)(UNIT - 1);
    heap->VirtualAllocdBlocks.Flink = heap->VirtualAllocdBlocks.Blink = &heap->VirtualAllocdBlocks;
    for (u32 index = 0; index < FREE_LISTS; index++)
        heap->FreeLists[index].Flink = heap->FreeLists[index].Blink = &heap->FreeLists[index];
    RtlInitializeCriticalSection(&heap->Lock);
    heap->LockVariable = flags & HEAP_NO_SERIALIZE ? NULL : &heap->Lock;
    heap->LargeBlocksIndex = heap->ClassFirst;
    if ((flags & HEAP_GROWABLE) && !(flags & HEAP_NO_SERIALIZE)) {
        heap->FrontEndHeap = heap->Lookaside;
        heap->FrontEndHeapType = 1;
    }
}

static usize round_to_pages(usize size) { return (size + PAGE_SIZE - 1) & ~(usize)(PAGE_SIZE - 1); }

/* Makes a heap. A caller's own memory (`base`), lock or parameters are not supported and answer NULL. Sizes in bytes. */
void *WINAPI RtlCreateHeap(u32 flags, void *base, usize reserve, usize commit, void *lock, void *parameters) {
    usize header = (sizeof(HEAP) + UNIT - 1) / UNIT * UNIT;
    if (base || lock)
        return NULL;
    (void)parameters; /* thresholds; the defaults are used */
    commit = round_to_pages(commit > header + PAGE_SIZE / 2 ? commit : header + PAGE_SIZE / 2);
    if (!reserve)
        reserve = DEFAULT_RESERVE;
    reserve = reserve < commit ? commit : round_to_pages(reserve);
    reserve = (reserve + 0xFFFF) & ~(usize)0xFFFF;
    u32 protect = flags & HEAP_CREATE_ENABLE_EXECUTE ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
    if (!SUCCEEDED(NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &reserve, MEM_RESERVE, protect)))
        return NULL;
    if (!SUCCEEDED(NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &commit, MEM_COMMIT, protect))) {
        usize nothing = 0;
        NtFreeVirtualMemory(CURRENT_PROCESS, &base, &nothing, MEM_RELEASE);
        return NULL;
    }
    HEAP *heap = base;
    fill_header(heap, flags);
    initialize_segment(heap, &heap->FirstSegment, 0, base, reserve, commit, (HEAP_ENTRY *)((u8 *)base + header));
    list_heap(heap);
    return heap;
}

static void release(void *base) {
    usize size = 0;
    NtFreeVirtualMemory(CURRENT_PROCESS, &base, &size, MEM_RELEASE);
}

/* Destroys a heap and all its memory; answers NULL, or the heap if it is the process heap or none. */
HEAP *WINAPI RtlDestroyHeap(HEAP *heap) {
    if (!heap || heap->Signature != HEAP_SIGNATURE || heap == peb()->ProcessHeap)
        return heap;
    unlist_heap(heap);
    RtlDeleteCriticalSection(&heap->Lock);
    while (heap->VirtualAllocdBlocks.Flink != &heap->VirtualAllocdBlocks)
        free_virtual(heap, &((VIRTUAL_ENTRY *)heap->VirtualAllocdBlocks.Flink)->Block);
    for (u32 index = heap->LastSegmentIndex; index; index--)
        release(heap->Segments[index]->BaseAddress);
    release(heap);
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
