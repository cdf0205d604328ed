/* task_memory.c: CoTaskMemAlloc and its kin: blocks of the process heap. */
#include "heap.h"

void *WINAPI CoTaskMemAlloc(usize size) { return process_allocate(size); }
void WINAPI CoTaskMemFree(void *block) { process_free(block); }
void *WINAPI CoTaskMemRealloc(void *block, usize size) {
    if (!block)
        return process_allocate(size);
    if (size)
        return RtlReAllocateHeap(peb()->ProcessHeap, 0, block, size);
    process_free(block);
    return NULL;
}
