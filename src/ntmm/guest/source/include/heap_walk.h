/* heap_walk.h: one step of HeapWalk. */
#pragma once
#include "low_fragmentation.h"

#define WALK_REGION 0x01
#define WALK_UNCOMMITTED 0x02
#define WALK_BUSY 0x04
#define WALK_MOVEABLE 0x10
#define WALK_DDESHARE 0x20
#define OWN_MEMORY SEGMENTS /* region index of blocks with memory of their own */

typedef struct PROCESS_HEAP_ENTRY {
    void *Data;
    u32 DataSize;
    u8 Overhead, RegionIndex;
    u16 Flags;
    union {
        struct {
            handle Memory;
            u32 Reserved[3];
        } Block;
        struct {
            u32 CommittedSize, UnCommittedSize;
            void *FirstBlock, *LastBlock;
        } Region;
    };
} PROCESS_HEAP_ENTRY;

_Static_assert(sizeof(PROCESS_HEAP_ENTRY) == (IS_64 ? 40 : 28), "PROCESS_HEAP_ENTRY layout");

bool32 WINAPI HeapWalk(HEAP *heap, PROCESS_HEAP_ENTRY *entry);
