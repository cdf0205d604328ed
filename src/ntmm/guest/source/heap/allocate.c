/* allocate.c: allocating and freeing behind the front end, RtlReAllocateHeap and RtlSizeHeap. */
#include "codes.h"
#include "low_fragmentation.h"
#include "text.h"

/* With the header and what a debugging heap keeps in the block. `size` is below 2 GB. */
static u32 units_for(HEAP *heap, usize size) {
    u32 units = (u32)((size + heap->AlignRound) / UNIT);
    return units < MINIMUM_BLOCK ? MINIMUM_BLOCK : units;
}

/* With HEAP_GENERATE_EXCEPTIONS an exception, whose argument is the size; NULL if it is continued. */
static void *failed(HEAP *heap, u32 flags, status code, usize size) {
    EXCEPTION_RECORD record = {(u32)code, 0, NULL, (void *)RtlAllocateHeap, 1, {size}};
    if ((heap->Flags | flags) & HEAP_GENERATE_EXCEPTIONS)
        RtlRaiseException(&record);
    return NULL;
}

static NOINLINE void *allocate_large(HEAP *heap, u32 flags, usize size) {
    void *block = NULL;
    if (heap->Flags & HEAP_GROWABLE && size <= heap->MaximumAllocationSize) {
        lock_heap(heap, flags);
        block = allocate_virtual(heap, size);
        if (block && UNLIKELY(heap->Flags & HEAP_DEBUG_FLAGS))
            prepare_block(heap, (HEAP_ENTRY *)block - 1, 0, size, (heap->Flags | flags) & HEAP_ZERO_MEMORY);
        unlock_heap(heap, flags);
    }
    return block ? block : failed(heap, flags, STATUS_NO_MEMORY, size);
}

void *WINAPI allocate_behind(HEAP *heap, u32 flags, usize size) {
    if (UNLIKELY(size > heap->ListedLimit))
        return allocate_large(heap, flags, size);
    HEAP_ENTRY *placed = has_buckets(heap) && size < BUCKET_LIMIT ? allocate_in_bucket(heap, flags, size) : NULL;
    if (placed)
        return (heap->Flags | flags) & HEAP_ZERO_MEMORY ? memset(placed + 1, 0, size) : placed + 1;
    lock_heap(heap, flags);
    HEAP_ENTRY *entry = allocate_units(heap, units_for(heap, size));
    if (LIKELY(entry != NULL)) {
        entry->UnusedBytes = (u8)(entry->Size * UNIT - size);
        if (UNLIKELY(heap->Flags & HEAP_DEBUG_FLAGS))
            prepare_block(heap, entry, 0, size, (heap->Flags | flags) & HEAP_ZERO_MEMORY);
    }
    unlock_heap(heap, flags);
    if (UNLIKELY(!entry))
        return failed(heap, flags, STATUS_NO_MEMORY, size);
    if ((heap->Flags | flags) & HEAP_ZERO_MEMORY)
        memset(entry + 1, 0, size);
    return entry + 1;
}

static bool32 is_checked(HEAP *heap, const void *block) {
    return RtlValidateHeap(heap, HEAP_NO_SERIALIZE, block) &&
           (!(heap->Flags & HEAP_VALIDATE_ALL_ENABLED) || RtlValidateHeap(heap, HEAP_NO_SERIALIZE, NULL));
}

/* The header of a block in use, or NULL if it is plainly none. A heap that validates its parameters looks closer. */
HEAP_ENTRY *busy_entry(HEAP *heap, const void *block) {
    HEAP_ENTRY *entry = (HEAP_ENTRY *)block - 1;
    if ((uptr)block % UNIT || !(entry->Flags & ENTRY_BUSY))
        return NULL;
    if (entry->SegmentIndex == LFH_INDEX && !(entry->Flags & ENTRY_VIRTUAL))
        return is_in_bucket(heap, entry) ? entry : NULL;
    if (!(entry->Flags & ENTRY_VIRTUAL) &&
        (entry->SegmentIndex >= SEGMENTS || !entry->UnusedBytes || entry->SmallTagIndex == USER_BLOCK_TAG))
        return NULL;
    if (UNLIKELY(heap->Flags & HEAP_DEBUG_FLAGS) && !is_checked(heap, block)) {
        heap_corrupted();
        return NULL;
    }
    return entry;
}

/* Looks at the header before it locks: the fault of a pointer into nowhere must not leave the heap locked. */
static HEAP_ENTRY *locked_busy_entry(HEAP *heap, u32 flags, const void *block) {
    (void)*(const volatile u8 *)&((const HEAP_ENTRY *)block - 1)->Flags;
    lock_heap(heap, flags);
    HEAP_ENTRY *entry = busy_entry(heap, block);
    if (LIKELY(entry != NULL))
        return entry;
    unlock_heap(heap, flags);
    set_last_error(ERROR_INVALID_PARAMETER);
    return NULL;
}

bool32 WINAPI free_behind(HEAP *heap, u32 flags, void *block) {
    if (!block)
        return TRUE;
    HEAP_ENTRY *entry = (HEAP_ENTRY *)block - 1;
    if (has_buckets(heap) && (uptr)block % UNIT == 0 && entry->SegmentIndex == LFH_INDEX &&
        (entry->Flags & (ENTRY_BUSY | ENTRY_VIRTUAL)) == ENTRY_BUSY && is_in_bucket(heap, entry)) {
        free_in_bucket(heap, flags, entry);
        return TRUE;
    }
    entry = locked_busy_entry(heap, flags, block);
    if (!entry)
        return FALSE;
    bool32 done = TRUE;
    if (UNLIKELY(entry->Flags & ENTRY_VIRTUAL))
        done = free_virtual(heap, entry);
    else
        free_block(heap, entry);
    unlock_heap(heap, flags);
    return done;
}

/* Bytes that a busy block was asked for with. */
usize size_of(HEAP_ENTRY *entry) {
    if (entry->Flags & ENTRY_VIRTUAL)
        return virtual_size(entry);
    if (entry->SegmentIndex == LFH_INDEX)
        return (usize)named_subsegment(entry)->BlockSize * UNIT - bucket_unused(entry);
    return (usize)entry->Size * UNIT - entry->UnusedBytes;
}

/* Bytes the block was asked for with, or -1. */
usize WINAPI RtlSizeHeap(HEAP *heap, u32 flags, const void *block) {
    HEAP_ENTRY *entry = block ? locked_busy_entry(heap, flags, block) : NULL;
    if (!entry)
        return ~(usize)0;
    usize size = size_of(entry);
    unlock_heap(heap, flags);
    return size;
}

/* Room behind a block for it to have `units`: the free block there, made longer if it ends at an uncommitted range. */
static HEAP_ENTRY *room_behind(HEAP *heap, HEAP_ENTRY *entry, u32 units) {
    SEGMENT *segment = heap->Segments[entry->SegmentIndex];
    HEAP_ENTRY *next = is_last(entry) ? NULL : next_entry(entry);
    if (next && next->Flags & ENTRY_BUSY)
        return NULL;
    if (next && (u32)entry->Size + next->Size >= units)
        return next;
    if (next && !is_last(next))
        return NULL;
    UNCOMMITTED_RANGE *range = range_at(segment, next_entry(next ? next : entry));
    return range ? extend_range(heap, segment, range, units - entry->Size) : NULL;
}

/* Lets a block grow into the free block behind it. */
static bool32 grow_in_place(HEAP *heap, HEAP_ENTRY *entry, u32 units) {
    HEAP_ENTRY *next = room_behind(heap, entry, units);
    if (!next || next != next_entry(entry))
        return FALSE;
    remove_free(heap, next);
    u32 whole = (u32)entry->Size + next->Size;
    u8 flags = next->Flags & (ENTRY_LAST | ENTRY_PATTERN);
    if (whole - units < MINIMUM_BLOCK && whole <= MAXIMUM_UNITS) {
        entry->Flags |= flags & ENTRY_LAST;
        set_size(heap, entry, whole);
        return TRUE;
    }
    if (whole - units < MINIMUM_BLOCK) { /* one unit too many for a block, too few for two */
        insert_free(heap, next);
        return FALSE;
    }
    HEAP_ENTRY *rest = entry + units;
    u8 index = entry->SegmentIndex;
    set_size(heap, entry, units);
    rest->SegmentIndex = index;
    rest->SmallTagIndex = 0;
    rest->Flags = flags;
    set_size(heap, rest, whole - units);
    insert_free(heap, rest);
    return TRUE;
}

/* Changes the size of a block where it lies; FALSE if it has to move. */
static bool32 resize_in_place(HEAP *heap, HEAP_ENTRY *entry, usize size) {
    if (entry->Flags & ENTRY_VIRTUAL) {
        usize tail = entry->Flags & ENTRY_PATTERN ? UNIT : 0, whole = virtual_size(entry) + entry->Size;
        if (size + UNIT + tail > whole || whole - size > 0xFFFF || size <= heap->ListedLimit)
            return FALSE;
        entry->Size = (u16)(whole - size);
        return TRUE;
    }
    if (entry->SegmentIndex == LFH_INDEX)
        return resize_in_bucket(entry, size);
    if (size > heap->ListedLimit)
        return FALSE;
    u32 units = units_for(heap, size);
    if (units > entry->Size && !grow_in_place(heap, entry, units))
        return FALSE;
    split_block(heap, entry, units, 0);
    entry->UnusedBytes = (u8)(entry->Size * UNIT - size);
    return TRUE;
}

static void *move(HEAP *heap, u32 flags, HEAP_ENTRY *entry, usize size) {
    usize old_size = size_of(entry);
    u8 settable = entry->Flags & (ENTRY_MOVEABLE | ENTRY_DDESHARE);
    void *moved = RtlAllocateHeap(heap, flags & ~HEAP_ZERO_MEMORY, size);
    if (!moved)
        return NULL;
    memcpy(moved, entry + 1, old_size < size ? old_size : size);
    ((HEAP_ENTRY *)moved - 1)->Flags |= settable;
    RtlFreeHeap(heap, flags, entry + 1);
    return moved;
}

/* The block with another size, perhaps elsewhere; NULL (and the old block unchanged) if there is no memory. With
   HEAP_GENERATE_EXCEPTIONS STATUS_NO_MEMORY is raised, and STATUS_ACCESS_VIOLATION for what is no block. */
void *WINAPI RtlReAllocateHeap(HEAP *heap, u32 flags, void *block, usize size) {
    HEAP_ENTRY *entry = block ? locked_busy_entry(heap, flags, block) : NULL;
    if (!entry) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return block ? failed(heap, flags, STATUS_ACCESS_VIOLATION, size) : NULL;
    }
    usize old_size = size_of(entry);
    bool32 is_zeroed = (heap->Flags | flags) & HEAP_ZERO_MEMORY, done = resize_in_place(heap, entry, size);
    if (done && UNLIKELY(heap->Flags & HEAP_DEBUG_FLAGS))
        prepare_block(heap, entry, old_size, size, is_zeroed);
    unlock_heap(heap, flags);
    if (!done) {
        if ((heap->Flags | flags) & HEAP_REALLOC_IN_PLACE_ONLY)
            return failed(heap, flags, STATUS_NO_MEMORY, size);
        block = move(heap, flags, entry, size);
        if (!block)
            return NULL;
    }
    if (is_zeroed && size > old_size)
        memset((u8 *)block + old_size, 0, size - old_size);
    return block;
}
