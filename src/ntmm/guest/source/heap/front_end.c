/* front_end.c: RtlAllocateHeap and RtlFreeHeap, and the look-aside lists: one for each small size, last in, first out.

   This is the path of nearly every call, so it neither locks the heap nor calls anything. It only takes the lists for
   a few instructions; a thread that finds them taken goes to the locked heap behind. */
#include "heap.h"
#include "process.h"
#include "text.h"

/* A header's second half as a word: the tag, the flags, the unused bytes, the index of the segment. */
#define PLAIN_MASK (0xC0000000u | (u32)(u8)~ENTRY_LAST << 8)
#define PLAIN_BUSY ((u32)ENTRY_BUSY << 8)
#define UNUSED_MASK 0xFF0000u
#define UNUSED_ONE 0x10000u
#define SMALL_LIMIT ((usize)(FREE_LISTS - 1) * UNIT - UNIT)
#define UNIT_BITS (IS_64 ? 4 : 3)
#define POINTER_BITS (8 * (u32)sizeof(uptr))

/* What is too large for the look-aside lists or has to be cleared. */
NOINLINE void *WINAPI allocate_unusual(HEAP *heap, u32 flags, usize size) {
    if (size > SMALL_LIMIT)
        return allocate_behind(heap, flags, size);
    void *block = RtlAllocateHeap(heap, flags & ~HEAP_ZERO_MEMORY, size);
    return block ? memset(block, 0, size) : NULL;
}

#if defined(__i386__) && !defined(NTMM_HOST)
_Static_assert(offsetof(HEAP, FrontState) == 0x660 && offsetof(HEAP, Lookaside) == 0x664 &&
                   offsetof(HEAP, EndOfLists) == 0x864 && SMALL_LIMIT == 0x3F0 && LOOKASIDE_DEPTH == 64,
               "front_end_x86.S knows them");
#else
/* A new block of `size` bytes, or NULL (STATUS_NO_MEMORY raised with HEAP_GENERATE_EXCEPTIONS). */
void *WINAPI RtlAllocateHeap(HEAP *heap, u32 flags, usize size) {
    if (UNLIKELY(((flags & HEAP_ZERO_MEMORY) << 16 | size) > SMALL_LIMIT))
        return allocate_unusual(heap, flags, size);
    if (LIKELY(take_front(heap))) {
        u32 units = (u32)(size + 2 * UNIT - 1) / UNIT; /* 1 for size 0, and that list is always empty */
        LOOKASIDE_ENTRY *entry = heap->Lookaside[units];
        if (LIKELY(entry != &heap->EndOfLists)) {
            heap->Lookaside[units] = entry->Next;
            give_front(heap);
            entry->Header.UnusedBytes = (u8)(units * UNIT - (u32)size);
            return &entry->Next;
        }
        give_front(heap);
    }
    return allocate_behind(heap, flags, size);
}

/* TRUE for an address that is neither NULL nor between units: rotated by the bits of a unit it is not too large. */
static inline bool32 can_be_block(const void *block) {
    uptr rotated = (uptr)block >> UNIT_BITS | (uptr)block << (POINTER_BITS - UNIT_BITS);
    return rotated - 1 < ((uptr)1 << (POINTER_BITS - UNIT_BITS)) - 1;
}

/* TRUE for a small block in use; without a branch, which costs more here than the rest. */
static inline bool32 is_small_and_busy(const HEAP_ENTRY *entry) {
    u32 rest = *(const u32 *)&entry->SmallTagIndex;
    u32 other = (rest & PLAIN_MASK) ^ PLAIN_BUSY, unused = ((rest & UNUSED_MASK) - UNUSED_ONE) & 0x80000000u;
    return !(other | unused | (entry->Size & ~(FREE_LISTS - 1u)));
}

/* TRUE also for NULL; FALSE and INVALID_PARAMETER for what is plainly no block in use. In Windows it answers a BOOLEAN,
   but HeapFree is the same routine, and its callers look at all bits. */
bool32 WINAPI RtlFreeHeap(HEAP *heap, u32 flags, void *block) {
    LOOKASIDE_ENTRY *entry = (LOOKASIDE_ENTRY *)((HEAP_ENTRY *)block - 1);
    if (LIKELY(can_be_block(block)) && LIKELY(is_small_and_busy(&entry->Header)) && LIKELY(take_front(heap))) {
        LOOKASIDE_ENTRY **list = &heap->Lookaside[entry->Header.Size], *below = *list;
        u32 depth = below->Depth + 1;
        if (LIKELY(depth <= LOOKASIDE_DEPTH)) {
            entry->Header.UnusedBytes = 0;
            entry->Next = below;
            entry->Depth = depth;
            *list = entry;
            give_front(heap);
            return TRUE;
        }
        give_front(heap);
    }
    return free_behind(heap, flags, block);
}
#endif

/* Keeps all threads away from the look-aside lists until it is undone; the caller has locked the heap. */
void hold_front(HEAP *heap) {
    if (heap->FrontState == FRONT_NONE || heap->FrontHeapLockCount++)
        return;
    for (u32 round = 0; !take_front(heap) && !is_shutting_down; round++)
        back_off(round);
}

void release_front(HEAP *heap) {
    if (heap->FrontState != FRONT_NONE && --heap->FrontHeapLockCount == 0)
        give_front(heap);
}

/* Empties the look-aside lists, so that every block that is not in use is known to be free. */
void flush_lookaside(HEAP *heap) {
    if (heap->FrontState == FRONT_NONE)
        return;
    hold_front(heap);
    for (u32 units = 0; units < FREE_LISTS; units++)
        for (LOOKASIDE_ENTRY *entry; (entry = heap->Lookaside[units]) != &heap->EndOfLists;) {
            heap->Lookaside[units] = entry->Next;
            free_block(heap, &entry->Header);
        }
    release_front(heap);
}
