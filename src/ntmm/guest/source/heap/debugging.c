/* debugging.c: what a heap with debugging flags adds: patterns in new and freed memory, and behind each block.

   The flags come from RtlCreateHeap's caller or from the process's NtGlobalFlag. Such a heap has no look-aside lists. */
#include "codes.h"
#include "heap.h"
#include "text.h"

#define FLAG_TAIL_CHECK 0x10u
#define FLAG_FREE_CHECK 0x20u
#define FLAG_VALIDATE_PARAMETERS 0x40u
#define FLAG_VALIDATE_ALL 0x80u
#define FLAG_DISABLE_COALESCING 0x200000u
#define LINKS (sizeof(FREE_ENTRY))
#define STATUS_HEAP_CORRUPTION ((status)0xC0000374)

bool32 is_unlinking_safe;
bool32 ends_on_corruption;

/* The heap flags that the process's NtGlobalFlag asks for. */
u32 debugging_flags(void) {
    u32 global = peb()->NtGlobalFlag, flags = 0;
    if (global & FLAG_TAIL_CHECK)
        flags |= HEAP_TAIL_CHECKING_ENABLED;
    if (global & FLAG_FREE_CHECK)
        flags |= HEAP_FREE_CHECKING_ENABLED;
    if (global & FLAG_VALIDATE_PARAMETERS)
        flags |= HEAP_VALIDATE_PARAMETERS_ENABLED;
    if (global & FLAG_VALIDATE_ALL)
        flags |= HEAP_VALIDATE_ALL_ENABLED;
    if (global & FLAG_DISABLE_COALESCING)
        flags |= HEAP_DISABLE_COALESCE_ON_FREE;
    return flags;
}

/* Damage was found: the process ends if it asked for that (HeapEnableTerminationOnCorruption), else it goes on. */
void heap_corrupted(void) {
    if (ends_on_corruption)
        NtTerminateProcess(CURRENT_PROCESS, STATUS_HEAP_CORRUPTION);
}

static void fill_words(void *at, usize size, u32 word) {
    for (u32 *to = at, *end = to + size / sizeof(u32); to < end; to++)
        *to = word;
}

/* Fills what is new of a block, bytes `from` to `size`, and puts the pattern behind it. */
void prepare_block(HEAP *heap, HEAP_ENTRY *entry, usize from, usize size, bool32 is_zeroed) {
    u8 *data = (u8 *)(entry + 1);
    from = (from + 3) & ~(usize)3;
    if (!is_zeroed && heap->Flags & HEAP_FREE_CHECKING_ENABLED && from < size)
        fill_words(data + from, size - from, ALLOCATED_FILL);
    if (!(entry->Flags & ENTRY_VIRTUAL)) {
        memset(entry + entry->Size - 1, 0, UNIT);
        entry->Flags |= ENTRY_EXTRA;
    }
    if (heap->Flags & HEAP_TAIL_CHECKING_ENABLED) {
        memset(data + size, TAIL_FILL, UNIT);
        entry->Flags |= ENTRY_PATTERN;
    }
}

bool32 is_tail_intact(HEAP_ENTRY *entry) {
    const u8 *tail = (u8 *)(entry + 1) + size_of(entry);
    for (u32 index = 0; entry->Flags & ENTRY_PATTERN && index < UNIT; index++)
        if (tail[index] != TAIL_FILL)
            return FALSE;
    return TRUE;
}

/* The part of a free block behind its links. */
void fill_free(HEAP_ENTRY *entry) {
    fill_words((u8 *)entry + LINKS, (usize)entry->Size * UNIT - LINKS, FREED_FILL);
    entry->Flags |= ENTRY_PATTERN;
}

bool32 is_free_fill_intact(HEAP_ENTRY *entry) {
    const u32 *from = (u32 *)((u8 *)entry + LINKS), *end = (u32 *)(entry + entry->Size);
    while (entry->Flags & ENTRY_PATTERN && from < end)
        if (*from++ != FREED_FILL)
            return FALSE;
    return TRUE;
}
