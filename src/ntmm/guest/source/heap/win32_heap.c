/* win32_heap.c: kernel32's heap functions that are more than a name for an Rtl function. */
#include "codes.h"
#include "heap.h"

#define CREATE_FLAGS (HEAP_NO_SERIALIZE | HEAP_GENERATE_EXCEPTIONS | HEAP_CREATE_ENABLE_EXECUTE)

HEAP *WINAPI HeapCreate(u32 options, usize initial, usize maximum) {
    u32 flags = (options & CREATE_FLAGS) | (maximum ? 0 : HEAP_GROWABLE);
    HEAP *heap = RtlCreateHeap(flags, NULL, maximum, initial, NULL, NULL);
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

/* Only the look-aside front end exists, and a growable heap has it from the start: asking for it succeeds. */
#define HEAP_COMPATIBILITY_INFORMATION 0
#define ENABLE_TERMINATION_ON_CORRUPTION 1

bool32 WINAPI HeapSetInformation(HEAP *heap, u32 class, const void *information, usize size) {
    if (class == ENABLE_TERMINATION_ON_CORRUPTION)
        return TRUE;
    if (class == HEAP_COMPATIBILITY_INFORMATION && size >= 4 && heap && *(const u32 *)information == heap->FrontEndHeapType)
        return TRUE;
    set_last_error(class == HEAP_COMPATIBILITY_INFORMATION ? ERROR_CALL_NOT_IMPLEMENTED : ERROR_INVALID_PARAMETER);
    return FALSE;
}

bool32 WINAPI HeapQueryInformation(HEAP *heap, u32 class, void *information, usize size, usize *needed) {
    if (needed)
        *needed = 4;
    if (class != HEAP_COMPATIBILITY_INFORMATION || size < 4 || !heap) {
        set_last_error(class ? ERROR_INVALID_PARAMETER : 122);
        return FALSE;
    }
    *(u32 *)information = heap->FrontEndHeapType;
    return TRUE;
}
