/* virtual_blocks.c: blocks of more units than a growable heap's threshold, each with virtual memory of its own. */
#include "codes.h"
#include "heap.h"

VIRTUAL_ENTRY *virtual_entry(HEAP_ENTRY *entry) {
    return (VIRTUAL_ENTRY *)((u8 *)entry - offsetof(VIRTUAL_ENTRY, Block));
}

/* The data of a new block, or NULL. The memory is zero, as new pages are. */
void *allocate_virtual(HEAP *heap, usize size) {
    usize tail = heap->Flags & HEAP_TAIL_CHECKING_ENABLED ? UNIT : 0;
    usize whole = (size + sizeof(VIRTUAL_ENTRY) + tail + PAGE_SIZE - 1) & ~(usize)(PAGE_SIZE - 1);
    void *base = NULL;
    u32 protect = heap->Flags & HEAP_CREATE_ENABLE_EXECUTE ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
    if (!SUCCEEDED(NtAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &whole, MEM_COMMIT | MEM_RESERVE, protect)))
        return NULL;
    VIRTUAL_ENTRY *block = base;
    block->CommitSize = block->ReserveSize = whole;
    block->Block.Size = (u16)(whole - size - offsetof(VIRTUAL_ENTRY, Block));
    block->Block.Flags = ENTRY_BUSY | ENTRY_VIRTUAL;
    LIST_ENTRY *head = &heap->VirtualAllocdBlocks;
    block->Link.Flink = head;
    block->Link.Blink = head->Blink;
    head->Blink->Flink = &block->Link;
    head->Blink = &block->Link;
    return block + 1;
}

bool32 free_virtual(HEAP *heap, HEAP_ENTRY *entry) {
    VIRTUAL_ENTRY *block = virtual_entry(entry);
    void *base = block;
    usize size = 0;
    (void)heap;
    block->Link.Flink->Blink = block->Link.Blink;
    block->Link.Blink->Flink = block->Link.Flink;
    return SUCCEEDED(NtFreeVirtualMemory(CURRENT_PROCESS, &base, &size, MEM_RELEASE));
}

/* Bytes the caller asked for. */
usize virtual_size(HEAP_ENTRY *entry) {
    return virtual_entry(entry)->CommitSize - offsetof(VIRTUAL_ENTRY, Block) - entry->Size;
}
