/* c_heap_walk.c: _heapchk and _heapwalk: the run-time's own names for validating and walking the process heap. */
#include "codes.h"
#include "crt.h"
#include "heap_walk.h"

enum { HEAP_IS_OK = -2, HEAP_BAD_NODE = -4, HEAP_END = -5, HEAP_BAD_POINTER = -6 };
enum { FREE_ENTRY_MET, USED_ENTRY_MET };

typedef struct HEAP_INFO {
    void *Entry;
    usize Size;
    int Use;
} HEAP_INFO;

int _heapchk(void) { return RtlValidateHeap(peb()->ProcessHeap, 0, NULL) ? HEAP_IS_OK : HEAP_BAD_NODE; }

/* HeapWalk's state where the last step stopped; FALSE if the heap has no such block. */
static bool32 resume(HEAP *heap, const HEAP_INFO *info, PROCESS_HEAP_ENTRY *entry) {
    HEAP_ENTRY *header = (HEAP_ENTRY *)info->Entry - 1;
    *entry = (PROCESS_HEAP_ENTRY){.Data = info->Entry};
    if (!info->Entry)
        return TRUE;
    if (info->Use == USED_ENTRY_MET ? !RtlValidateHeap(heap, 0, info->Entry) : !segment_of(heap, header))
        return FALSE;
    if (header->Flags & ENTRY_VIRTUAL)
        entry->RegionIndex = OWN_MEMORY;
    return TRUE;
}

/* The process heap's next block, busy or free; a NULL entry begins. */
int _heapwalk(HEAP_INFO *info) {
    HEAP *heap = peb()->ProcessHeap;
    PROCESS_HEAP_ENTRY entry;
    if (!resume(heap, info, &entry))
        return HEAP_BAD_POINTER;
    if (!info->Entry && !RtlValidateHeap(heap, 0, NULL))
        return HEAP_BAD_NODE;
    do
        if (!HeapWalk(heap, &entry))
            return teb()->LastErrorValue == ERROR_NO_MORE_ITEMS ? HEAP_END : HEAP_BAD_NODE;
    while (entry.Flags & (WALK_REGION | WALK_UNCOMMITTED));
    info->Entry = entry.Data;
    info->Size = entry.DataSize;
    info->Use = entry.Flags & WALK_BUSY ? USED_ENTRY_MET : FREE_ENTRY_MET;
    return HEAP_IS_OK;
}
