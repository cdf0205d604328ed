/* low_fragmentation.h: the low-fragmentation heap, a front end that replaces the look-aside lists of a heap. */
#pragma once
#include "heap.h"

#define LFH_INDEX 0xFF        /* SegmentIndex of a block that lies in a user block */
#define USER_BLOCK_TAG 0xFF   /* SmallTagIndex of a heap's block that is a user block */
#define USER_BLOCK_SIGNATURE 0xF0E0D0C0u
#define BUCKETS 128
#define BUCKET_LIMIT 0x4000u  /* bytes; requests from here on go to the heap behind */
#define NO_OFFSET 0xFFFF

/* A class of sizes. */
typedef struct HEAP_BUCKET {
    u16 BlockUnits;
    u8 SizeIndex, Flags;
} HEAP_BUCKET;

/* Where a user block's data begins; its blocks, all of one size, follow. */
typedef struct USER_BLOCKS {
    struct SUBSEGMENT *SubSegment;
    HEAP *Heap;
    uptr SizeIndex, Signature;
} USER_BLOCKS;

/* Describes a user block. Each free block in it holds the offset of the next in the first 16 bits of its data. */
typedef struct SUBSEGMENT {
    HEAP_BUCKET *Bucket;
    USER_BLOCKS *UserBlocks;       /* NULL: a descriptor that is not in use */
    u16 Depth, FreeEntryOffset;    /* free blocks; the first of them, in units from UserBlocks */
    u32 Sequence;                  /* allocations and frees so far */
    u16 BlockSize, BlockCount;     /* units of a block, header included; blocks */
    LIST_ENTRY Link;               /* in its bucket's list while a block is free; else, unused ones by Flink alone */
} SUBSEGMENT;

/* Pages of descriptors; the first word chains them to what the heap releases at its end. */
typedef struct ZONE {
    void *Chain;
    struct ZONE *Next;
    u32 Count;
    SUBSEGMENT SubSegments[];
} ZONE;

typedef struct LFH_HEAP {
    void *Chain;
    HEAP *Heap;
    ZONE *Zones;
    SUBSEGMENT *Unused;
    u32 SegmentCreate, SegmentDelete;
    HEAP_BUCKET Buckets[BUCKETS];
    u8 Growth[BUCKETS]; /* how often the bucket's next user block doubles the smallest one */
    LIST_ENTRY Available[BUCKETS];
} LFH_HEAP;

_Static_assert(sizeof(USER_BLOCKS) == 2 * sizeof(HEAP_ENTRY), "user blocks begin on a unit");

#define FIRST_OFFSET 2u /* units from UserBlocks to the first block */

static inline bool32 has_buckets(const HEAP *heap) { return heap->FrontEndHeapType == 2; }
static inline SUBSEGMENT *named_subsegment(const HEAP_ENTRY *entry) { return *(SUBSEGMENT *const *)entry; }
static inline HEAP_ENTRY *block_of(const SUBSEGMENT *in, u32 index) {
    return (HEAP_ENTRY *)in->UserBlocks + FIRST_OFFSET + index * in->BlockSize;
}
static inline HEAP_ENTRY *outer_entry(const SUBSEGMENT *in) { return (HEAP_ENTRY *)in->UserBlocks - 1; }
static inline u32 bucket_unused(const HEAP_ENTRY *entry) { return entry->UnusedBytes | (u32)entry->SmallTagIndex << 8; }
static inline void set_bucket_unused(HEAP_ENTRY *entry, u32 bytes) {
    entry->UnusedBytes = (u8)bytes;
    entry->SmallTagIndex = (u8)(bytes >> 8);
}

HEAP_ENTRY *allocate_in_bucket(HEAP *heap, u32 flags, usize size);
void free_in_bucket(HEAP *heap, u32 flags, HEAP_ENTRY *entry);
/* All others: the heap is locked. */
bool32 enable_buckets(HEAP *heap);
bool32 resize_in_bucket(HEAP_ENTRY *entry, usize size);
void release_empty_user_blocks(HEAP *heap);
SUBSEGMENT *subsegment_at(HEAP *heap, const HEAP_ENTRY *entry);
bool32 is_in_bucket(HEAP *heap, const HEAP_ENTRY *entry);
bool32 is_bucket_block_valid(SUBSEGMENT *in, const HEAP_ENTRY *entry);
bool32 are_buckets_valid(HEAP *heap);
