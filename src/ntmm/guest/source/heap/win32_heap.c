/* win32_heap.c: kernel32's heap functions that are more than a name for an Rtl function. */
#include "codes.h"
#include "low_fragmentation.h"

#define CREATE_FLAGS (HEAP_NO_SERIALIZE | HEAP_GENERATE_EXCEPTIONS | HEAP_CREATE_ENABLE_EXECUTE)

/* A `maximum` makes a heap that cannot grow; one below `initial` is taken to be as large. */
HEAP *WINAPI HeapCreate(u32 options, usize initial, usize maximum) {
    u32 flags = (options & CREATE_FLAGS) | (maximum ? 0 : HEAP_GROWABLE);
    HEAP *heap = RtlCreateHeap(flags, NULL, maximum && maximum < initial ? initial : maximum, initial, NULL, NULL);
    if (!heap)
        set_last_error(ERROR_NOT_ENOUGH_MEMORY);
    return heap;
}

bool32 WINAPI HeapDestroy(HEAP *heap) {
    if (RtlDestroyHeap(heap) == NULL)
        return TRUE;
    set_last_error(ERROR_INVALID_HANDLE);
    return FALSE;
}

#define COMPATIBILITY_INFORMATION 0
#define ENABLE_TERMINATION_ON_CORRUPTION 1
#define LOW_FRAGMENTATION 2
#define ERROR_GEN_FAILURE 31
#define ERROR_INSUFFICIENT_BUFFER 122
#define STATUS_UNSUCCESSFUL ((status)0xC0000001)
#define STATUS_BUFFER_TOO_SMALL ((status)0xC0000023)

/* Asking for the front end that a heap has succeeds. The low-fragmentation heap can be had once and for good, but not by
   a heap that is fixed, not serialized, or debugging. */
static status set_compatibility(HEAP *heap, u32 wanted) {
    u32 without = HEAP_NO_SERIALIZE | HEAP_DEBUG_FLAGS | HEAP_DISABLE_COALESCE_ON_FREE;
    if (wanted == heap->FrontEndHeapType)
        return STATUS_SUCCESS;
    if (wanted != LOW_FRAGMENTATION || !(heap->Flags & HEAP_GROWABLE) || heap->Flags & without)
        return STATUS_UNSUCCESSFUL;
    lock_heap(heap, 0);
    bool32 is_enabled = has_buckets(heap) || enable_buckets(heap);
    unlock_heap(heap, 0);
    return is_enabled ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

status WINAPI RtlSetHeapInformation(HEAP *heap, u32 class, const void *information, usize size) {
    if (class == ENABLE_TERMINATION_ON_CORRUPTION) {
        ends_on_corruption = TRUE;
        return STATUS_SUCCESS;
    }
    if (class != COMPATIBILITY_INFORMATION || !heap || heap->Signature != HEAP_SIGNATURE)
        return STATUS_INVALID_PARAMETER;
    if (!information || size < sizeof(u32))
        return STATUS_BUFFER_TOO_SMALL;
    return set_compatibility(heap, *(const u32 *)information);
}

/* 0: no front end; 1: look-aside lists; 2: the low-fragmentation heap. */
status WINAPI RtlQueryHeapInformation(HEAP *heap, u32 class, void *information, usize size, usize *needed) {
    if (class != COMPATIBILITY_INFORMATION || !heap || heap->Signature != HEAP_SIGNATURE)
        return STATUS_INVALID_PARAMETER;
    if (needed)
        *needed = sizeof(u32);
    if (!information || size < sizeof(u32))
        return STATUS_BUFFER_TOO_SMALL;
    *(u32 *)information = heap->FrontEndHeapType;
    return STATUS_SUCCESS;
}

static bool32 told(status result) {
    if (result == STATUS_UNSUCCESSFUL)
        set_last_error(ERROR_GEN_FAILURE);
    else if (result == STATUS_BUFFER_TOO_SMALL)
        set_last_error(ERROR_INSUFFICIENT_BUFFER);
    else if (!SUCCEEDED(result))
        set_last_error(result == STATUS_NO_MEMORY ? ERROR_NOT_ENOUGH_MEMORY : ERROR_INVALID_PARAMETER);
    return SUCCEEDED(result);
}

bool32 WINAPI HeapSetInformation(HEAP *heap, u32 class, const void *information, usize size) {
    return told(RtlSetHeapInformation(heap, class, information, size));
}

bool32 WINAPI HeapQueryInformation(HEAP *heap, u32 class, void *information, usize size, usize *needed) {
    return told(RtlQueryHeapInformation(heap, class, information, size, needed));
}

/* How many of `count` blocks of one size could be had. */
u32 WINAPI RtlMultipleAllocateHeap(HEAP *heap, u32 flags, usize size, u32 count, void **blocks) {
    u32 made = 0;
    while (made < count && (blocks[made] = RtlAllocateHeap(heap, flags, size)) != NULL)
        made++;
    return made;
}

/* How many blocks were freed before one that is none. */
u32 WINAPI RtlMultipleFreeHeap(HEAP *heap, u32 flags, u32 count, void **blocks) {
    u32 freed = 0;
    while (freed < count && RtlFreeHeap(heap, flags, blocks[freed]))
        freed++;
    return freed;
}

/* Whether every heap of the process is intact. */
bool32 WINAPI RtlValidateProcessHeaps(void) {
    void **heaps = peb()->ProcessHeaps;
    bool32 are_valid = TRUE;
    for (u32 index = 0; index < peb()->NumberOfHeaps; index++)
        are_valid &= RtlValidateHeap(heaps[index], 0, NULL);
    return are_valid;
}
