/* global.c: LocalAlloc, GlobalAlloc and their kin, on the process heap. Fixed blocks are heap blocks; movable ones have
   a handle. The two families differ in their flags, and in what unlocking a fixed block answers. */
#include "codes.h"
#include "handles.h"
#include "text.h"

#define MOVEABLE 0x02u
#define ZERO_INIT 0x40u
#define MODIFY 0x80u
#define GLOBAL_DISCARDABLE 0x0100u
#define LOCAL_DISCARDABLE 0x0F00u
#define SHARED 0x2000u
#define DISCARDED 0x4000u
#define INVALID_FLAGS 0x8000u
#define GLOBAL_VALID_FLAGS 0x7F72u
#define LOCAL_VALID_FLAGS 0x0F72u
#define ERROR_DISCARDED 157

static void *failed(u32 code) {
    set_last_error(code);
    return NULL;
}

static u32 heap_flags(u32 flags) { return flags & ZERO_INIT ? HEAP_ZERO_MEMORY : 0; }

static u16 object_flags(u32 flags) {
    u16 result = OBJECT_MOVEABLE;
    if (flags & LOCAL_DISCARDABLE)
        result |= OBJECT_DISCARDABLE;
    return flags & SHARED ? result | OBJECT_SHARED : result;
}

static void set_block(MEMORY_OBJECT *object, void *block) {
    object->Block = block;
    object->Flags = block ? object->Flags & ~OBJECT_DISCARDED : object->Flags | OBJECT_DISCARDED;
    if (block)
        ((HEAP_ENTRY *)block - 1)->Flags |= ENTRY_MOVEABLE | (object->Flags & OBJECT_SHARED ? ENTRY_DDESHARE : 0);
}

static void *allocate(u32 flags, usize size, u32 valid_flags) {
    if (flags & ~valid_flags)
        return failed(ERROR_INVALID_PARAMETER);
    if (!(flags & MOVEABLE)) {
        void *block = RtlAllocateHeap(peb()->ProcessHeap, heap_flags(flags), size);
        return block ? block : failed(ERROR_NOT_ENOUGH_MEMORY);
    }
    void *block = size ? RtlAllocateHeap(peb()->ProcessHeap, heap_flags(flags), size) : NULL;
    MEMORY_OBJECT *object = size && !block ? NULL : take_object(object_flags(flags));
    if (!object) {
        process_free(block);
        return failed(ERROR_NOT_ENOUGH_MEMORY);
    }
    set_block(object, block);
    return handle_of(object);
}

/* Size 0 with GMEM_MOVEABLE makes a discarded object. */
void *WINAPI GlobalAlloc(u32 flags, usize size) { return allocate(flags, size, GLOBAL_VALID_FLAGS); }
void *WINAPI LocalAlloc(u32 flags, usize size) { return allocate(flags, size, LOCAL_VALID_FLAGS); }

/* NULL, or the memory itself if it could not be freed. Locked objects are freed as well. */
void *WINAPI GlobalFree(void *memory) {
    MEMORY_OBJECT *object = object_of(memory);
    if (object) {
        process_free(object->Block);
        give_back_object(object);
        return NULL;
    }
    if (!is_handle(memory) && RtlFreeHeap(peb()->ProcessHeap, 0, memory))
        return NULL;
    set_last_error(ERROR_INVALID_HANDLE);
    return memory;
}

void *WINAPI GlobalLock(void *memory) {
    MEMORY_OBJECT *object = object_of(memory);
    if (!object)
        return is_handle(memory) || IsBadReadPtr(memory, 1) ? failed(ERROR_INVALID_HANDLE) : memory;
    if (!object->Block)
        return failed(ERROR_DISCARDED);
    if (object->Locks < LOCK_LIMIT)
        object->Locks++;
    return object->Block;
}

static bool32 unlock(void *memory) {
    MEMORY_OBJECT *object = object_of(memory);
    if (!object || !object->Locks) {
        set_last_error(object ? ERROR_NOT_LOCKED : ERROR_INVALID_HANDLE);
        return FALSE;
    }
    if (--object->Locks)
        return TRUE;
    set_last_error(ERROR_SUCCESS);
    return FALSE;
}

/* TRUE while locks are left; FALSE with NO_ERROR at the last one. A fixed block answers TRUE, LocalUnlock NOT_LOCKED. */
bool32 WINAPI GlobalUnlock(void *memory) { return is_handle(memory) ? unlock(memory) : TRUE; }

bool32 WINAPI LocalUnlock(void *memory) {
    if (is_handle(memory))
        return unlock(memory);
    set_last_error(ERROR_NOT_LOCKED);
    return FALSE;
}

/* Bytes; 0 for a discarded object, and with INVALID_HANDLE for what is none. */
usize WINAPI GlobalSize(const void *memory) {
    MEMORY_OBJECT *object = object_of(memory);
    const void *block = object ? object->Block : is_handle(memory) ? NULL : memory;
    usize size = block ? RtlSizeHeap(peb()->ProcessHeap, 0, block) : ~(usize)0;
    if (size != ~(usize)0)
        return size;
    set_last_error(object ? ERROR_DISCARDED : ERROR_INVALID_HANDLE);
    return 0;
}

static u32 flags_of(const void *memory, u32 discardable) {
    MEMORY_OBJECT *object = object_of(memory);
    if (!object) {
        bool32 is_block = !is_handle(memory) && RtlSizeHeap(peb()->ProcessHeap, 0, memory) != ~(usize)0;
        if (!is_block)
            set_last_error(ERROR_INVALID_HANDLE);
        return is_block ? 0 : INVALID_FLAGS;
    }
    u32 flags = object->Locks;
    flags |= object->Flags & OBJECT_DISCARDABLE ? discardable : 0;
    flags |= object->Flags & OBJECT_SHARED ? SHARED : 0;
    return object->Block ? flags : flags | DISCARDED;
}

/* The number of locks in the low byte, what the object is in the high one. */
u32 WINAPI GlobalFlags(const void *memory) { return flags_of(memory, GLOBAL_DISCARDABLE); }
u32 WINAPI LocalFlags(const void *memory) { return flags_of(memory, LOCAL_DISCARDABLE); }

/* GMEM_MODIFY changes what an object is, not its size; a fixed block may become movable. */
static void *modify(void *memory, MEMORY_OBJECT *object, u32 flags) {
    if (object) {
        object->Flags &= (u16)~OBJECT_DISCARDABLE;
        object->Flags |= flags & LOCAL_DISCARDABLE ? OBJECT_DISCARDABLE : 0;
        return memory;
    }
    if (!(flags & MOVEABLE))
        return memory;
    object = take_object(object_flags(flags));
    if (!object)
        return failed(ERROR_NOT_ENOUGH_MEMORY);
    set_block(object, memory);
    return handle_of(object);
}

static void *resize_fixed(void *memory, usize size, u32 flags) {
    u32 more = flags & MOVEABLE ? 0 : HEAP_REALLOC_IN_PLACE_ONLY;
    void *block = RtlReAllocateHeap(peb()->ProcessHeap, heap_flags(flags) | more, memory, size);
    return block ? block : failed(ERROR_NOT_ENOUGH_MEMORY);
}

static void *discard(void *memory, MEMORY_OBJECT *object, u32 flags) {
    if (object->Locks || !(flags & MOVEABLE))
        return failed(object->Locks ? ERROR_INVALID_HANDLE : ERROR_INVALID_PARAMETER);
    process_free(object->Block);
    set_block(object, NULL);
    return memory;
}

/* A locked object keeps its place unless GMEM_MOVEABLE allows otherwise; size 0 with GMEM_MOVEABLE discards. */
static void *resize(void *memory, usize size, u32 flags, u32 valid_flags) {
    MEMORY_OBJECT *object = object_of(memory);
    if (flags & ~(valid_flags | MODIFY))
        return failed(ERROR_INVALID_PARAMETER);
    if (is_handle(memory) && !object)
        return failed(ERROR_INVALID_HANDLE);
    if (flags & MODIFY)
        return modify(memory, object, flags);
    if (!object)
        return resize_fixed(memory, size, flags);
    if (!size)
        return discard(memory, object, flags);
    u32 more = object->Locks && !(flags & MOVEABLE) ? HEAP_REALLOC_IN_PLACE_ONLY : 0;
    void *heap = peb()->ProcessHeap, *block = object->Block;
    block = block ? RtlReAllocateHeap(heap, heap_flags(flags) | more, block, size)
                  : RtlAllocateHeap(heap, heap_flags(flags), size);
    if (!block)
        return failed(ERROR_NOT_ENOUGH_MEMORY);
    set_block(object, block);
    return memory;
}

void *WINAPI GlobalReAlloc(void *memory, usize size, u32 flags) {
    return resize(memory, size, flags, GLOBAL_VALID_FLAGS);
}
void *WINAPI LocalReAlloc(void *memory, usize size, u32 flags) {
    return resize(memory, size, flags, LOCAL_VALID_FLAGS);
}

/* The handle of an object by the address of its block; a fixed block is its own handle. */
void *WINAPI GlobalHandle(const void *block) {
    void *found = handle_of_block(block);
    if (found)
        return found;
    if (!is_handle(block) && RtlSizeHeap(peb()->ProcessHeap, 0, block) != ~(usize)0)
        return (void *)block;
    return failed(ERROR_INVALID_HANDLE);
}

usize WINAPI GlobalCompact(u32 wanted) {
    (void)wanted;
    return RtlCompactHeap(peb()->ProcessHeap, 0);
}

usize WINAPI LocalShrink(void *memory, u32 wanted) {
    (void)memory;
    return GlobalCompact(wanted);
}

void WINAPI GlobalFix(void *memory) {
    if (memory != (void *)(iptr)-1)
        GlobalLock(memory);
}

void WINAPI GlobalUnfix(void *memory) {
    if (memory != (void *)(iptr)-1)
        GlobalUnlock(memory);
}
