/* allocate.c: RtlAllocateHeap, RtlFreeHeap, RtlReAllocateHeap and RtlSizeHeap. */
#include "codes.h"
#include "heap.h"
#include "text.h"

static u32 units_for(usize size) {
    u32 units = (u32)((size + UNIT + UNIT - 1) / UNIT);
    return units < MINIMUM_BLOCK ? MINIMUM_BLOCK : units;
}

static void *out_of_memory(HEAP *heap, u32 flags) {
    if ((heap->Flags | flags) & HEAP_GENERATE_EXCEPTIONS)
        raise_status((u32)STATUS_NO_MEMORY);
    return NULL;
}

static void *allocate_large(HEAP *heap, u32 flags, usize size) {
    if (!(heap->Flags & HEAP_GROWABLE) || size > heap->MaximumAllocationSize)
        return out_of_memory(heap, flags);
    lock_heap(heap, flags);
    void *block = allocate_virtual(heap, size);
    unlock_heap(heap, flags);
    return block ? block : out_of_memory(heap, flags);
}

/* A new block of `size` bytes, or NULL (an exception with HEAP_GENERATE_EXCEPTIONS). */
void *WINAPI RtlAllocateHeap(HEAP *heap, u32 flags, usize size) {
    if (UNLIKELY(size > (usize)(MAXIMUM_BLOCK - 2) * UNIT))
        return allocate_large(heap, flags, size);
    lock_heap(heap, flags);
    HEAP_ENTRY *entry = allocate_units(heap, units_for(size));
    if (LIKELY(entry != NULL))
        entry->UnusedBytes = (u8)(entry->Size * UNIT - size);
    unlock_heap(heap, flags);
    if (UNLIKELY(!entry))
        return out_of_memory(heap, flags);
    if ((heap->Flags | flags) & HEAP_ZERO_MEMORY)
        memset(entry + 1, 0, size);
    return entry + 1;
}

/* The header of a block in use, or NULL if it is plainly none. */
static HEAP_ENTRY *busy_entry(const void *block) {
    HEAP_ENTRY *entry = (HEAP_ENTRY *)block - 1;
    if ((uptr)block % UNIT || !(entry->Flags & ENTRY_BUSY))
        return NULL;
    return entry;
}

u8 WINAPI RtlFreeHeap(HEAP *heap, u32 flags, void *block) {
    if (!block)
        return TRUE;
    HEAP_ENTRY *entry = busy_entry(block);
    if (!entry) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    bool32 done = TRUE;
    lock_heap(heap, flags);
    if (UNLIKELY(entry->Flags & ENTRY_VIRTUAL))
        done = free_virtual(heap, entry);
    else
        free_block(heap, entry);
    unlock_heap(heap, flags);
    return (u8)done;
}

static usize size_of(HEAP_ENTRY *entry) {
    return entry->Flags & ENTRY_VIRTUAL ? virtual_size(entry) : (usize)entry->Size * UNIT - entry->UnusedBytes;
}

/* Bytes the block was asked for with, or -1. */
usize WINAPI RtlSizeHeap(HEAP *heap, u32 flags, const void *block) {
    HEAP_ENTRY *entry = busy_entry(block);
    (void)heap;
    (void)flags;
    return entry ? size_of(entry) : ~(usize)0;
}

/* Lets a block grow into the free block behind it, which may first be made longer. */
static bool32 grow_in_place(HEAP *heap, HEAP_ENTRY *entry, u32 units) {
    SEGMENT *segment = heap->Segments[entry->SegmentIndex];
    HEAP_ENTRY *next = is_last(entry) ? NULL : next_entry(entry);
    if (next && next->Flags & ENTRY_BUSY)
        return FALSE;
    if (!next || (u32)entry->Size + next->Size < units) {
        if (next && !is_last(next))
            return FALSE;
        if (!extend_segment(heap, segment, units - entry->Size))
            return FALSE;
        next = next_entry(entry);
        if ((u32)entry->Size + next->Size < units)
            return FALSE;
    }
    remove_free(heap, next);
    u32 whole = (u32)entry->Size + next->Size, kept = MAXIMUM_FREE;
    if (whole > kept) { /* a block's size has 16 bits: the rest stays a free block */
        HEAP_ENTRY *rest = entry + units;
        HEAP_ENTRY moved = *next;
        u32 left = whole - units;
        *rest = moved;
        rest->Size = (u16)left;
        rest->PreviousSize = (u16)units;
        if (is_last(rest))
            segment->LastEntryInSegment = rest;
        else
            next_entry(rest)->PreviousSize = (u16)left;
        entry->Size = (u16)units;
        insert_free(heap, rest);
        return TRUE;
    }
    entry->Flags |= next->Flags & ENTRY_LAST;
    entry->Size = (u16)whole;
    if (is_last(entry))
        segment->LastEntryInSegment = entry;
    else
        next_entry(entry)->PreviousSize = (u16)whole;
    return TRUE;
}

/* Changes the size of a block where it lies; FALSE if it has to move. */
static bool32 resize_in_place(HEAP *heap, HEAP_ENTRY *entry, usize size) {
    if (entry->Flags & ENTRY_VIRTUAL) {
        usize room = virtual_size(entry) + entry->Size;
        if (size > room || room - size > 0xFFFF || size <= (usize)(MAXIMUM_BLOCK - 2) * UNIT)
            return FALSE;
        entry->Size = (u16)(room - size);
        return TRUE;
    }
    if (size > (usize)(MAXIMUM_BLOCK - 2) * UNIT)
        return FALSE;
    u32 units = units_for(size);
    if (units > entry->Size && !grow_in_place(heap, entry, units))
        return FALSE;
    split_block(heap, entry, units);
    entry->UnusedBytes = (u8)(entry->Size * UNIT - size);
    return TRUE;
}

/* The block with another size, perhaps elsewhere; NULL (and the old block unchanged) if there is no memory. */
void *WINAPI RtlReAllocateHeap(HEAP *heap, u32 flags, void *block, usize size) {
    HEAP_ENTRY *entry = block ? busy_entry(block) : NULL;
    if (!entry) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    lock_heap(heap, flags);
    usize old_size = size_of(entry);
    bool32 done = resize_in_place(heap, entry, size);
    unlock_heap(heap, flags);
    if (!done) {
        if (flags & HEAP_REALLOC_IN_PLACE_ONLY)
            return out_of_memory(heap, flags);
        void *moved = RtlAllocateHeap(heap, flags & ~HEAP_ZERO_MEMORY, size);
        if (!moved)
            return NULL;
        memcpy(moved, block, old_size < size ? old_size : size);
        RtlFreeHeap(heap, flags, block);
        block = moved;
    }
    if ((heap->Flags | flags) & HEAP_ZERO_MEMORY && size > old_size)
        memset((u8 *)block + old_size, 0, size - old_size);
    return block;
}
