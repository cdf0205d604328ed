/* buckets.c: the low-fragmentation heap: allocating, freeing, its user blocks.

   128 buckets of sizes, each with user blocks: blocks of the heap behind that are cut into blocks of the bucket's size.
   A block goes back to its user block, and only a user block without any block in use goes back to the heap: small
   blocks of different sizes never lie mixed. As long as no user block has to be made or given back, only the front is
   taken, for a few instructions, and not the heap's lock. */
#include "codes.h"
#include "low_fragmentation.h"

#define SMALLEST_COUNT 4u
#define MOST_GROWTH 7u
#define LARGEST_USER_BLOCK 0x10000u /* bytes, but for four blocks it may be more */
#define FINE_UNITS 32u              /* up to here each size has its bucket; then 16 buckets for each doubling */

/* The bucket for a block of so many units. */
static u32 bucket_index(u32 units) {
    if (units <= FINE_UNITS)
        return units - 1;
    u32 top = 31 - (u32)__builtin_clz(units - 1);
    return FINE_UNITS + (top - 5) * 16 + ((units - 1) >> (top - 4)) - 16;
}

static u32 bucket_units(u32 index) {
    if (index < FINE_UNITS)
        return index + 1;
    u32 doubling = (index - FINE_UNITS) / 16;
    return (index % 16 + 17) << (doubling + 1);
}

static void *allocate_pages(HEAP *heap, usize size) {
    void *pages = NULL;
    if (!SUCCEEDED(NtAllocateVirtualMemory(CURRENT_PROCESS, &pages, 0, &size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE)))
        return NULL;
    *(void **)pages = heap->UCRSegments;
    heap->UCRSegments = pages;
    return pages;
}

/* Gives a locked heap buckets in place of its look-aside lists; FALSE if there is no memory. */
bool32 enable_buckets(HEAP *heap) {
    LFH_HEAP *front = allocate_pages(heap, sizeof(LFH_HEAP));
    if (!front)
        return FALSE;
    front->Heap = heap;
    for (u32 index = 0; index < BUCKETS; index++) {
        front->Buckets[index] = (HEAP_BUCKET){(u16)bucket_units(index), (u8)index, 0};
        front->Available[index].Flink = front->Available[index].Blink = &front->Available[index];
    }
    flush_lookaside(heap); /* from here on they take only blocks that were allocated before */
    hold_front(heap);
    heap->FrontEndHeap = front;
    heap->FrontEndHeapType = 2;
    release_front(heap);
    return TRUE;
}

static SUBSEGMENT *from_link(LIST_ENTRY *link) { return (SUBSEGMENT *)((u8 *)link - offsetof(SUBSEGMENT, Link)); }

static void unlink(SUBSEGMENT *subsegment) {
    subsegment->Link.Flink->Blink = subsegment->Link.Blink;
    subsegment->Link.Blink->Flink = subsegment->Link.Flink;
}

static SUBSEGMENT *take_descriptor(LFH_HEAP *front) {
    if (!front->Unused) {
        ZONE *zone = allocate_pages(front->Heap, PAGE_SIZE);
        if (!zone)
            return NULL;
        zone->Next = front->Zones;
        zone->Count = (PAGE_SIZE - sizeof(ZONE)) / sizeof(SUBSEGMENT);
        front->Zones = zone;
        for (u32 index = zone->Count; index--;) {
            zone->SubSegments[index].Link.Flink = (LIST_ENTRY *)front->Unused;
            front->Unused = &zone->SubSegments[index];
        }
    }
    SUBSEGMENT *subsegment = front->Unused;
    front->Unused = (SUBSEGMENT *)subsegment->Link.Flink;
    return subsegment;
}

static void recycle(LFH_HEAP *front, SUBSEGMENT *subsegment) {
    subsegment->UserBlocks = NULL;
    subsegment->Link.Flink = (LIST_ENTRY *)front->Unused;
    front->Unused = subsegment;
}

/* Fills in a descriptor and the headers of its blocks, all free, the first one first. */
static void cut(HEAP *heap, SUBSEGMENT *subsegment, HEAP_BUCKET *bucket, HEAP_ENTRY *outer, u32 count) {
    USER_BLOCKS *blocks = (USER_BLOCKS *)(outer + 1);
    outer->SmallTagIndex = USER_BLOCK_TAG;
    outer->UnusedBytes = UNIT;
    *blocks = (USER_BLOCKS){subsegment, heap, bucket->SizeIndex, USER_BLOCK_SIGNATURE};
    subsegment->Bucket = bucket;
    subsegment->UserBlocks = blocks;
    subsegment->Depth = subsegment->BlockCount = (u16)count;
    subsegment->FreeEntryOffset = FIRST_OFFSET;
    subsegment->Sequence = 0;
    subsegment->BlockSize = bucket->BlockUnits;
    for (u32 index = 0; index < count; index++) {
        HEAP_ENTRY *entry = block_of(subsegment, index);
        entry->Size = bucket->BlockUnits; /* only where the next line does not use the same bytes */
        *(SUBSEGMENT **)entry = subsegment;
        entry->Flags = 0;
        entry->SegmentIndex = LFH_INDEX;
        set_bucket_unused(entry, 0);
        *(u16 *)(entry + 1) = index + 1 < count ? (u16)(FIRST_OFFSET + (index + 1) * bucket->BlockUnits) : NO_OFFSET;
    }
}

/* A new user block for a bucket; each holds twice as many blocks as the one before, up to a limit. */
static SUBSEGMENT *add_user_block(HEAP *heap, u32 index) {
    LFH_HEAP *front = heap->FrontEndHeap;
    HEAP_BUCKET *bucket = &front->Buckets[index];
    u32 count = SMALLEST_COUNT << front->Growth[index];
    while (count > SMALLEST_COUNT && count * bucket->BlockUnits * UNIT > LARGEST_USER_BLOCK)
        count /= 2;
    u32 units = 1 + FIRST_OFFSET + count * bucket->BlockUnits;
    SUBSEGMENT *subsegment = units <= heap->VirtualMemoryThreshold ? take_descriptor(front) : NULL;
    if (!subsegment)
        return NULL;
    HEAP_ENTRY *outer = allocate_units(heap, units);
    if (!outer) {
        recycle(front, subsegment);
        return NULL;
    }
    cut(heap, subsegment, bucket, outer, count);
    if (front->Growth[index] < MOST_GROWTH)
        front->Growth[index]++;
    LIST_ENTRY *head = &front->Available[index];
    subsegment->Link.Flink = head->Flink;
    subsegment->Link.Blink = head;
    head->Flink->Blink = &subsegment->Link;
    head->Flink = &subsegment->Link;
    front->SegmentCreate++;
    return subsegment;
}

static void release_user_block(HEAP *heap, SUBSEGMENT *subsegment) {
    LFH_HEAP *front = heap->FrontEndHeap;
    HEAP_ENTRY *outer = outer_entry(subsegment);
    unlink(subsegment);
    recycle(front, subsegment);
    front->SegmentDelete++;
    outer->SmallTagIndex = 0;
    free_block(heap, outer);
}

/* Whether an offset is that of a block, or the end of the list. */
static bool32 is_offset(const SUBSEGMENT *in, u32 offset) {
    u32 from_first = offset - FIRST_OFFSET;
    return offset == NO_OFFSET ||
           (offset >= FIRST_OFFSET && from_first % in->BlockSize == 0 && from_first / in->BlockSize < in->BlockCount);
}

/* Takes the first free block of a user block that has one. */
static HEAP_ENTRY *take_block(SUBSEGMENT *in, usize size) {
    HEAP_ENTRY *entry = (HEAP_ENTRY *)in->UserBlocks + in->FreeEntryOffset;
    u32 next = *(u16 *)(entry + 1);
    in->Depth--;
    if (UNLIKELY(!is_offset(in, next) || (next == NO_OFFSET) != (in->Depth == 0))) {
        heap_corrupted(); /* a freed block was written to: what was free behind it is lost */
        in->Depth = 0;
        next = NO_OFFSET;
    }
    in->FreeEntryOffset = (u16)next;
    in->Sequence++;
    if (!in->Depth)
        unlink(in);
    entry->Flags = ENTRY_BUSY;
    set_bucket_unused(entry, (u32)(in->BlockSize * UNIT - size));
    return entry;
}

/* The header of a new block for a request below BUCKET_LIMIT; NULL if no user block can be had. */
HEAP_ENTRY *allocate_in_bucket(HEAP *heap, u32 flags, usize size) {
    LFH_HEAP *front = heap->FrontEndHeap;
    u32 units = (u32)(size + 2 * UNIT - 1) / UNIT, index = bucket_index(units < MINIMUM_BLOCK ? MINIMUM_BLOCK : units);
    LIST_ENTRY *head = &front->Available[index];
    HEAP_ENTRY *entry = NULL;
    if (LIKELY(take_front(heap))) {
        if (LIKELY(head->Flink != head))
            entry = take_block(from_link(head->Flink), size);
        give_front(heap);
        if (LIKELY(entry != NULL))
            return entry;
    }
    lock_heap(heap, flags);
    hold_front(heap);
    SUBSEGMENT *in = head->Flink == head ? add_user_block(heap, index) : from_link(head->Flink);
    entry = in ? take_block(in, size) : NULL;
    release_front(heap);
    unlock_heap(heap, flags);
    return entry;
}

static void give_block(SUBSEGMENT *in, LIST_ENTRY *head, HEAP_ENTRY *entry) {
    entry->Flags = 0;
    set_bucket_unused(entry, 0);
    *(u16 *)(entry + 1) = in->FreeEntryOffset;
    in->FreeEntryOffset = (u16)(entry - (HEAP_ENTRY *)in->UserBlocks);
    in->Sequence++;
    if (!in->Depth++) {
        in->Link.Flink = head;
        in->Link.Blink = head->Blink;
        head->Blink->Flink = &in->Link;
        head->Blink = &in->Link;
    }
}

/* Whether a user block will be given back once one more of its blocks is free: the last one with free blocks is kept. */
static bool32 will_be_empty(const SUBSEGMENT *in, const LIST_ENTRY *head) {
    return in->Depth + 1 == in->BlockCount && (head->Flink != head->Blink || !in->Depth);
}

/* Frees a block that is_in_bucket has said to be one. */
void free_in_bucket(HEAP *heap, u32 flags, HEAP_ENTRY *entry) {
    LFH_HEAP *front = heap->FrontEndHeap;
    SUBSEGMENT *in = named_subsegment(entry);
    LIST_ENTRY *head = &front->Available[in->Bucket->SizeIndex];
    if (LIKELY(!will_be_empty(in, head)) && LIKELY(take_front(heap))) {
        give_block(in, head, entry);
        give_front(heap);
        return;
    }
    lock_heap(heap, flags);
    hold_front(heap);
    give_block(in, head, entry);
    if (in->Depth == in->BlockCount && head->Flink != head->Blink)
        release_user_block(heap, in);
    release_front(heap);
    unlock_heap(heap, flags);
}

/* Changes a block's size if its bucket is that of the new size too. */
bool32 resize_in_bucket(HEAP_ENTRY *entry, usize size) {
    u32 units = size < BUCKET_LIMIT ? (u32)(size + 2 * UNIT - 1) / UNIT : 0, block = named_subsegment(entry)->BlockSize;
    if (!units || bucket_units(bucket_index(units < MINIMUM_BLOCK ? MINIMUM_BLOCK : units)) != block)
        return FALSE;
    set_bucket_unused(entry, (u32)(block * UNIT - size));
    return TRUE;
}

void release_empty_user_blocks(HEAP *heap) {
    LFH_HEAP *front = heap->FrontEndHeap;
    for (u32 index = 0; index < BUCKETS; index++)
        for (LIST_ENTRY *link = front->Available[index].Flink, *next; link != &front->Available[index]; link = next) {
            next = link->Flink;
            if (from_link(link)->Depth == from_link(link)->BlockCount)
                release_user_block(heap, from_link(link));
        }
}
