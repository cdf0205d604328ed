/* heap.h: the Rtl heap's structures, in the layout of XP and Server 2003 (public symbols), and its functions. */
#pragma once
#include "sync.h"

#define HEAP_NO_SERIALIZE 0x01u
#define HEAP_GROWABLE 0x02u
#define HEAP_GENERATE_EXCEPTIONS 0x04u
#define HEAP_ZERO_MEMORY 0x08u
#define HEAP_REALLOC_IN_PLACE_ONLY 0x10u
#define HEAP_TAIL_CHECKING_ENABLED 0x20u
#define HEAP_FREE_CHECKING_ENABLED 0x40u
#define HEAP_DISABLE_COALESCE_ON_FREE 0x80u
#define HEAP_CREATE_ENABLE_EXECUTE 0x40000u
#define HEAP_VALIDATE_ALL_ENABLED 0x20000000u
#define HEAP_VALIDATE_PARAMETERS_ENABLED 0x40000000u
#define HEAP_DEBUG_FLAGS                                                                                               \
    (HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED | HEAP_VALIDATE_ALL_ENABLED |                             \
     HEAP_VALIDATE_PARAMETERS_ENABLED)

#define ENTRY_BUSY 0x01
#define ENTRY_EXTRA 0x02   /* the block's last unit holds what a debugging heap keeps */
#define ENTRY_PATTERN 0x04 /* busy: a pattern behind the data; free: a pattern behind the links */
#define ENTRY_VIRTUAL 0x08
#define ENTRY_LAST 0x10    /* what follows is not committed */
#define ENTRY_MOVEABLE 0x20 /* a settable flag: the block of a GMEM_MOVEABLE handle */
#define ENTRY_DDESHARE 0x40 /* a settable flag: GMEM_DDESHARE */

#define ALLOCATED_FILL 0xBAADF00Du
#define FREED_FILL 0xFEEEFEEEu
#define TAIL_FILL 0xAB

#define HEAP_SIGNATURE 0xEEFFEEFFu
#define SEGMENT_SIGNATURE 0xFFEEFFEEu

/* Sizes of blocks are counted in units: 8 bytes on 32 bit, 16 bytes on 64 bit; every block starts with a HEAP_ENTRY. */
typedef struct HEAP_ENTRY {
#if !defined(__i386__)
    u64 PreviousBlockPrivateData;
#endif
    u16 Size, PreviousSize; /* units, header included; PreviousSize 0: what lies before is not committed */
    u8 SmallTagIndex, Flags;
    u8 UnusedBytes; /* of a busy block: bytes that the caller did not ask for, header included; 0: on a look-aside list */
    u8 SegmentIndex;
} HEAP_ENTRY;

#define UNIT ((u32)sizeof(HEAP_ENTRY))
#define FREE_LISTS 128
#define MAXIMUM_UNITS 0xFFFFu /* a block's size has 16 bits; the limit of a heap that cannot grow */
#define VIRTUAL_THRESHOLD ((0x10000u * UNIT - PAGE_SIZE) / UNIT) /* a larger request gets its own virtual memory */
#define MINIMUM_BLOCK 2u      /* units: a free block holds its header and a LIST_ENTRY */
#define SEGMENTS 64
#define USER_ALLOCATED 1u    /* HEAP_SEGMENT.Flags: memory of the caller's, which is not released */
#define CLASS_BITS 4
#define LARGE_CLASSES (9 << CLASS_BITS)
#define LOOKASIDE_DEPTH 64

/* Who uses the look-aside lists has FRONT_USED; who finds them used does not wait, but goes to the lists behind. */
#define FRONT_FREE 0
#define FRONT_USED 1
#define FRONT_NONE (2 | FRONT_USED)
#define GROWTH 0x10000u       /* bytes committed at a time when a segment grows; NT commits 8 KB, but traps cost less there */
#define SPARE_RANGES 8

/* A run of pages of a segment that is reserved only, in a list by address. */
typedef struct UNCOMMITTED_RANGE {
    struct UNCOMMITTED_RANGE *Next;
    uptr Address;
    usize Size; /* bytes */
    u32 LastUnits; /* of the block before it (NT: a filler) */
} UNCOMMITTED_RANGE;

typedef struct FREE_ENTRY {
    HEAP_ENTRY Header;
    LIST_ENTRY Link;
} FREE_ENTRY;

typedef struct SEGMENT {
    HEAP_ENTRY Entry;
    u32 Signature, Flags;
    struct HEAP *Heap;
    usize LargestUnCommittedRange; /* bytes */
    u8 *BaseAddress;
    u32 NumberOfPages;
    HEAP_ENTRY *FirstEntry;
    u8 *LastValidEntry; /* end of the reserved range */
    u32 NumberOfUnCommittedPages, NumberOfUnCommittedRanges;
    UNCOMMITTED_RANGE *UnCommittedRanges;
    u16 AllocatorBackTraceIndex, Reserved;
    HEAP_ENTRY *LastEntryInSegment;
} SEGMENT;

/* A block on a look-aside list. Its header says that it is busy, so that no neighbour joins it. */
typedef struct LOOKASIDE_ENTRY {
    HEAP_ENTRY Header;
    struct LOOKASIDE_ENTRY *Next;
    u32 Depth; /* of the list, from here on */
} LOOKASIDE_ENTRY;

typedef struct HEAP {
    HEAP_ENTRY Entry;
    u32 Signature, Flags, ForceFlags, VirtualMemoryThreshold;
    usize SegmentReserve, SegmentCommit, DeCommitFreeBlockThreshold, DeCommitTotalFreeThreshold;
    usize TotalFreeSize; /* units */
    usize MaximumAllocationSize;
    u16 ProcessHeapsListIndex, HeaderValidateLength;
    void *HeaderValidateCopy;
    u16 NextAvailableTagIndex, MaximumTagIndex;
    void *TagEntries, *UCRSegments; /* the latter: pages of further ranges, each linked by its first word */
    UNCOMMITTED_RANGE *UnusedUnCommittedRanges;
    usize AlignRound, AlignMask;
    LIST_ENTRY VirtualAllocdBlocks;
    SEGMENT *Segments[SEGMENTS];
    u32 FreeListsInUse[FREE_LISTS / 32];
    u16 FreeListsInUseTerminate, AllocatorBackTraceIndex;
    u32 NonDedicatedListLength;
    void *LargeBlocksIndex, *PseudoTagEntries;
    LIST_ENTRY FreeLists[FREE_LISTS]; /* list 0: the larger blocks, smallest first */
    CRITICAL_SECTION *LockVariable;
    void *CommitRoutine, *FrontEndHeap;
    u16 FrontHeapLockCount;
    u8 FrontEndHeapType, LastSegmentIndex;
    /* From here on ours: the segment that holds the heap itself, its lock, the front end, the index into list 0. */
    SEGMENT FirstSegment;
    CRITICAL_SECTION Lock;
    usize ListedLimit; /* the largest size in bytes that lies in a segment */
    UNCOMMITTED_RANGE SpareRanges[SPARE_RANGES];
    i32 FrontState; /* FRONT_FREE ... */
    LOOKASIDE_ENTRY *Lookaside[FREE_LISTS];
    LOOKASIDE_ENTRY EndOfLists; /* an empty list begins with it; its Depth is 0 */
    FREE_ENTRY *ClassFirst[LARGE_CLASSES];
    u32 ClassesInUse[(LARGE_CLASSES + 31) / 32];
} HEAP;

/* Before the header of a block that has its own virtual memory. */
typedef struct VIRTUAL_ENTRY {
    LIST_ENTRY Link;
    HEAP_ENTRY ExtraStuff;
    usize CommitSize, ReserveSize; /* bytes, this structure included */
    HEAP_ENTRY Block;              /* Size: bytes not asked for */
} VIRTUAL_ENTRY;

_Static_assert(offsetof(HEAP, FreeLists) == (IS_64 ? 0x2C8 : 0x178), "HEAP layout");
_Static_assert(sizeof(VIRTUAL_ENTRY) == (IS_64 ? 0x40 : 0x20), "HEAP_VIRTUAL_ALLOC_ENTRY layout");
_Static_assert(offsetof(SEGMENT, LastEntryInSegment) == (IS_64 ? 0x60 : 0x38), "HEAP_SEGMENT layout");
_Static_assert(sizeof(UNCOMMITTED_RANGE) == (IS_64 ? 0x20 : 0x10), "HEAP_UNCOMMMTTED_RANGE layout");
_Static_assert(sizeof(HEAP_ENTRY) == (IS_64 ? 16 : 8), "HEAP_ENTRY layout");

/* RTL_HEAP_PARAMETERS: what RtlCreateHeap takes instead of the process's defaults where it is not zero. */
typedef struct HEAP_PARAMETERS {
    u32 Length;
    usize SegmentReserve, SegmentCommit, DeCommitFreeBlockThreshold, DeCommitTotalFreeThreshold;
    usize MaximumAllocationSize, VirtualMemoryThreshold, InitialCommit, InitialReserve;
    void *CommitRoutine;
    usize Reserved[2];
} HEAP_PARAMETERS;

/* RTL_HEAP_COMMIT_ROUTINE: commits at `*address`, the end of what is committed, and tells how much it did. */
typedef status(WINAPI *COMMIT_ROUTINE)(void *base, void **address, usize *size);

/* What RtlCreateHeap was asked for, then what it has. Sizes in bytes. */
typedef struct PLACEMENT {
    void *Base;
    usize Reserve, Commit;
} PLACEMENT;

/* debugging.c */
extern bool32 is_unlinking_safe; /* XP SP2 and Server 2003 SP1 look at both neighbours before they unlink */
extern bool32 ends_on_corruption;
void heap_corrupted(void);
void prepare_block(HEAP *heap, HEAP_ENTRY *entry, usize from, usize size, bool32 is_zeroed);
bool32 is_tail_intact(HEAP_ENTRY *entry);
void fill_free(HEAP_ENTRY *entry);
bool32 is_free_fill_intact(HEAP_ENTRY *entry);
u32 debugging_flags(void);
/* free_lists.c */
void insert_free(HEAP *heap, HEAP_ENTRY *entry);
void remove_free(HEAP *heap, HEAP_ENTRY *entry);
HEAP_ENTRY *find_free(HEAP *heap, u32 units);
/* ranges.c */
UNCOMMITTED_RANGE *range_at(SEGMENT *segment, const void *address);
bool32 add_range(HEAP *heap, SEGMENT *segment, uptr address, usize size, u32 last_units);
bool32 commit_range(HEAP *heap, SEGMENT *segment, UNCOMMITTED_RANGE *range, usize *size);
HEAP_ENTRY *decommit_block(HEAP *heap, HEAP_ENTRY *entry);
void release_ranges(HEAP *heap);
/* segments.c */
HEAP_ENTRY *extend_heap(HEAP *heap, u32 units);
HEAP_ENTRY *extend_range(HEAP *heap, SEGMENT *segment, UNCOMMITTED_RANGE *range, u32 units);
bool32 initialize_segment(HEAP *heap, SEGMENT *segment, u32 index, u8 *base, usize reserve, usize commit, HEAP_ENTRY *first);
/* blocks.c */
void set_size(HEAP *heap, HEAP_ENTRY *entry, u32 units);
HEAP_ENTRY *coalesce(HEAP *heap, HEAP_ENTRY *entry);
void split_block(HEAP *heap, HEAP_ENTRY *entry, u32 units, u8 flags);
HEAP_ENTRY *allocate_units(HEAP *heap, u32 units);
void free_block(HEAP *heap, HEAP_ENTRY *entry);
void *WINAPI allocate_behind(HEAP *heap, u32 flags, usize size);
bool32 WINAPI free_behind(HEAP *heap, u32 flags, void *block);
/* front_end.c; the heap is locked: */
void hold_front(HEAP *heap);
void release_front(HEAP *heap);
void flush_lookaside(HEAP *heap);
/* placement.c */
bool32 place_heap(PLACEMENT *place, u32 flags, const HEAP_PARAMETERS *parameters);
void release_memory(void *base);
/* virtual_blocks.c */
void *allocate_virtual(HEAP *heap, usize size);
bool32 free_virtual(HEAP *heap, HEAP_ENTRY *entry);
usize virtual_size(HEAP_ENTRY *entry);
VIRTUAL_ENTRY *virtual_entry(HEAP_ENTRY *entry);
/* allocate.c */
HEAP_ENTRY *busy_entry(HEAP *heap, const void *block);
usize size_of(HEAP_ENTRY *entry);
/* validate.c */
SEGMENT *segment_of(HEAP *heap, const HEAP_ENTRY *entry);
bool32 is_block_valid(HEAP *heap, HEAP_ENTRY *entry);
/* handles.c */
void *handle_of_block(const void *block); /* the movable object whose block it is, or NULL */

/* Sets FRONT_USED, in one instruction; TRUE if it was clear. */
static inline bool32 take_front(HEAP *heap) {
    bool32 was_set;
    __asm__ volatile("lock btsl $0, %1" : "=@ccc"(was_set), "+m"(heap->FrontState) : : "memory");
    return !was_set;
}

static inline void give_front(HEAP *heap) { __atomic_store_n(&heap->FrontState, FRONT_FREE, __ATOMIC_RELEASE); }

static inline HEAP_ENTRY *next_entry(HEAP_ENTRY *entry) { return entry + entry->Size; }
static inline HEAP_ENTRY *previous_entry(HEAP_ENTRY *entry) { return entry - entry->PreviousSize; }
static inline bool32 is_last(HEAP_ENTRY *entry) { return entry->Flags & ENTRY_LAST; }
static inline void lock_heap(HEAP *heap, u32 flags) {
    if (!((heap->Flags | flags) & HEAP_NO_SERIALIZE))
        RtlEnterCriticalSection(heap->LockVariable);
}
static inline void unlock_heap(HEAP *heap, u32 flags) {
    if (!((heap->Flags | flags) & HEAP_NO_SERIALIZE))
        RtlLeaveCriticalSection(heap->LockVariable);
}

void *WINAPI RtlCreateHeap(u32 flags, void *base, usize reserve, usize commit, void *lock, const void *parameters);
HEAP *WINAPI RtlDestroyHeap(HEAP *heap);
void *WINAPI RtlAllocateHeap(HEAP *heap, u32 flags, usize size);
bool32 WINAPI RtlFreeHeap(HEAP *heap, u32 flags, void *block);
void *WINAPI RtlReAllocateHeap(HEAP *heap, u32 flags, void *block, usize size);
usize WINAPI RtlSizeHeap(HEAP *heap, u32 flags, const void *block);
bool32 WINAPI RtlValidateHeap(HEAP *heap, u32 flags, const void *block);
usize WINAPI RtlCompactHeap(HEAP *heap, u32 flags);

static inline void *process_allocate(usize size) { return RtlAllocateHeap(peb()->ProcessHeap, 0, size); }
static inline void *process_allocate_zeroed(usize size) {
    return RtlAllocateHeap(peb()->ProcessHeap, HEAP_ZERO_MEMORY, size);
}
static inline void process_free(void *block) {
    if (block)
        RtlFreeHeap(peb()->ProcessHeap, 0, block);
}
