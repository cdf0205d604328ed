/* global.c: LocalAlloc, GlobalAlloc and their kin. Fixed blocks are heap blocks; movable ones have a handle.

   A handle points half a unit into an entry of a table, so it never looks like a block. */
#include "codes.h"
#include "heap.h"
#include "text.h"

#define MOVEABLE 0x02
#define ZERO_INIT 0x40
#define MODIFY 0x80
#define INVALID_FLAGS 0x8000u
#define LOCK_LIMIT 0xFF
#define HANDLE_MARK (UNIT / 2)
#define TABLE_ENTRIES 256

typedef struct MOVABLE {
    void *Block;
    uptr Locks; /* number of locks; a free entry has IS_FREE here and the next free one in Block */
} MOVABLE;

#define IS_FREE (~(uptr)0)
_Static_assert(sizeof(MOVABLE) == sizeof(HEAP_ENTRY), "handles are told from blocks by their low bits");

static CRITICAL_SECTION table_lock = CRITICAL_SECTION_FREE;
static MOVABLE *first_free;

static MOVABLE *movable(const void *memory) {
    return (uptr)memory % UNIT == HANDLE_MARK ? (MOVABLE *)((uptr)memory - HANDLE_MARK) : NULL;
}

static void *failed(u32 code) {
    set_last_error(code);
    return NULL;
}

static MOVABLE *take_entry(void) {
    RtlEnterCriticalSection(&table_lock);
    if (!first_free) {
        MOVABLE *table = process_allocate(TABLE_ENTRIES * sizeof(MOVABLE));
        for (u32 index = 0; table && index < TABLE_ENTRIES; index++) {
            table[index] = (MOVABLE){first_free, IS_FREE};
            first_free = &table[index];
        }
    }
    MOVABLE *entry = first_free;
    if (entry) {
        first_free = entry->Block;
        *entry = (MOVABLE){NULL, 0};
    }
    RtlLeaveCriticalSection(&table_lock);
    return entry;
}

static void give_back(MOVABLE *entry) {
    RtlEnterCriticalSection(&table_lock);
    *entry = (MOVABLE){first_free, IS_FREE};
    first_free = entry;
    RtlLeaveCriticalSection(&table_lock);
}

void *WINAPI GlobalAlloc(u32 flags, usize size) {
    u32 heap_flags = flags & ZERO_INIT ? HEAP_ZERO_MEMORY : 0;
    if (!(flags & MOVEABLE)) {
        void *block = RtlAllocateHeap(peb()->ProcessHeap, heap_flags, size);
        return block ? block : failed(ERROR_NOT_ENOUGH_MEMORY);
    }
    MOVABLE *entry = take_entry();
    if (!entry)
        return failed(ERROR_NOT_ENOUGH_MEMORY);
    if (size && !(entry->Block = RtlAllocateHeap(peb()->ProcessHeap, heap_flags, size))) {
        give_back(entry);
        return failed(ERROR_NOT_ENOUGH_MEMORY);
    }
    return (u8 *)entry + HANDLE_MARK;
}

/* NULL, or the memory itself if it could not be freed. */
void *WINAPI GlobalFree(void *memory) {
    MOVABLE *entry = movable(memory);
    if (entry && entry->Locks == IS_FREE) {
        set_last_error(ERROR_INVALID_HANDLE);
        return memory;
    }
    if (entry) {
        process_free(entry->Block);
        give_back(entry);
        return NULL;
    }
    if (RtlFreeHeap(peb()->ProcessHeap, 0, memory))
        return NULL;
    set_last_error(ERROR_INVALID_HANDLE);
    return memory;
}

void *WINAPI GlobalLock(void *memory) {
    MOVABLE *entry = movable(memory);
    if (!entry)
        return memory;
    if (entry->Locks == IS_FREE)
        return failed(ERROR_INVALID_HANDLE);
    if (!entry->Block)
        return failed(157); /* ERROR_DISCARDED */
    if (entry->Locks < LOCK_LIMIT)
        entry->Locks++;
    return entry->Block;
}

bool32 WINAPI GlobalUnlock(void *memory) {
    MOVABLE *entry = movable(memory);
    if (!entry)
        return TRUE;
    if (entry->Locks == 0 || entry->Locks == IS_FREE) {
        set_last_error(entry->Locks ? ERROR_INVALID_HANDLE : ERROR_NOT_LOCKED);
        return FALSE;
    }
    if (--entry->Locks)
        return TRUE;
    set_last_error(ERROR_SUCCESS);
    return FALSE;
}

static void *heap_block(const void *memory) {
    MOVABLE *entry = movable(memory);
    return entry ? (entry->Locks == IS_FREE ? NULL : entry->Block) : (void *)memory;
}

usize WINAPI GlobalSize(const void *memory) {
    void *block = heap_block(memory);
    usize size = block ? RtlSizeHeap(peb()->ProcessHeap, 0, block) : ~(usize)0;
    if (size != ~(usize)0)
        return size;
    set_last_error(ERROR_INVALID_HANDLE);
    return 0;
}

u32 WINAPI GlobalFlags(const void *memory) {
    MOVABLE *entry = movable(memory);
    if (!entry)
        return 0;
    return entry->Locks == IS_FREE ? INVALID_FLAGS : (u32)entry->Locks | (entry->Block ? 0 : 0x4000);
}

void *WINAPI GlobalReAlloc(void *memory, usize size, u32 flags) {
    MOVABLE *entry = movable(memory);
    u32 heap_flags = flags & ZERO_INIT ? HEAP_ZERO_MEMORY : 0;
    void *heap = peb()->ProcessHeap;
    if (flags & MODIFY || (entry && entry->Locks == IS_FREE))
        return failed(flags & MODIFY ? ERROR_CALL_NOT_IMPLEMENTED : ERROR_INVALID_HANDLE);
    if (!entry && !(flags & MOVEABLE))
        heap_flags |= HEAP_REALLOC_IN_PLACE_ONLY;
    void *block = entry ? entry->Block : memory;
    block = block ? RtlReAllocateHeap(heap, heap_flags, block, size) : RtlAllocateHeap(heap, heap_flags, size);
    if (!block)
        return failed(ERROR_NOT_ENOUGH_MEMORY);
    if (!entry)
        return block;
    entry->Block = block;
    return memory;
}

