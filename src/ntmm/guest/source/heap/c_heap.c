/* c_heap.c: malloc and its kin, operator new and delete; all on the process heap. */
#include "crt.h"
#include "heap.h"
#include "text.h"

typedef int (*new_handler)(usize size);

static new_handler handler;
static int new_mode;

int _callnewh(usize size) { return handler && handler(size); }
new_handler _set_new_handler(new_handler chosen) {
    new_handler old = handler;
    handler = chosen;
    return old;
}
new_handler _query_new_handler(void) { return handler; }
int _query_new_mode(void) { return new_mode; }

int _set_new_mode(int mode) {
    int old = new_mode;
    if (mode != 0 && mode != 1) {
        set_errno(EINVAL);
        return -1;
    }
    new_mode = mode;
    return old;
}

static void *allocate(u32 flags, usize size) {
    for (;;) {
        void *block = RtlAllocateHeap(peb()->ProcessHeap, flags, size);
        if (LIKELY(block != NULL))
            return block;
        if (!new_mode || !_callnewh(size)) {
            set_errno(ENOMEM);
            return NULL;
        }
    }
}

void *malloc(usize size) { return allocate(0, size); }

void *calloc(usize count, usize size) {
    usize whole;
    if (__builtin_mul_overflow(count, size, &whole)) {
        set_errno(ENOMEM);
        return NULL;
    }
    return allocate(HEAP_ZERO_MEMORY, whole);
}

void *realloc(void *block, usize size) {
    if (!block)
        return malloc(size);
    if (!size) {
        free(block);
        return NULL;
    }
    void *moved = RtlReAllocateHeap(peb()->ProcessHeap, 0, block, size);
    if (!moved)
        set_errno(ENOMEM);
    return moved;
}

void *_recalloc(void *block, usize count, usize size) {
    usize whole;
    if (__builtin_mul_overflow(count, size, &whole)) {
        set_errno(ENOMEM);
        return NULL;
    }
    return block ? RtlReAllocateHeap(peb()->ProcessHeap, HEAP_ZERO_MEMORY, block, whole) : calloc(1, whole);
}

void free(void *block) {
    if (block)
        RtlFreeHeap(peb()->ProcessHeap, 0, block);
}

usize _msize(void *block) { return RtlSizeHeap(peb()->ProcessHeap, 0, block); }

void *_expand(void *block, usize size) {
    return RtlReAllocateHeap(peb()->ProcessHeap, HEAP_REALLOC_IN_PLACE_ONLY, block, size);
}

int _heapmin(void) { return 0; }
void *_get_heap_handle(void) { return peb()->ProcessHeap; }

/* operator new: asks the handler until it gives up; then NULL, because throwing std::bad_alloc needs C++ unwinding. */
void *operator_new(usize size) {
    for (;;) {
        void *block = RtlAllocateHeap(peb()->ProcessHeap, 0, size);
        if (block || !_callnewh(size))
            return block;
    }
}

/* Aligned blocks: the word before the data holds the address of the heap block. */
void *_aligned_offset_malloc(usize size, usize alignment, usize offset) {
    if (!alignment || alignment & (alignment - 1) || (offset && offset >= size)) {
        set_errno(EINVAL);
        return NULL;
    }
    if (alignment < sizeof(void *))
        alignment = sizeof(void *);
    usize extra = alignment - 1 + 2 * sizeof(void *), whole;
    u8 *block = __builtin_add_overflow(size, extra, &whole) ? NULL : malloc(whole);
    if (!block)
        return NULL;
    uptr lowest = (uptr)block + sizeof(void *) + offset;
    uptr data = ((lowest + alignment - 1) & ~(uptr)(alignment - 1)) - offset;
    void **kept = (void **)((data & ~(uptr)(sizeof(void *) - 1)) - sizeof(void *));
    *kept = block;
    return (void *)data;
}

void *_aligned_malloc(usize size, usize alignment) { return _aligned_offset_malloc(size, alignment, 0); }

static void *block_of(void *data) {
    return *(void **)(((uptr)data & ~(uptr)(sizeof(void *) - 1)) - sizeof(void *));
}

void _aligned_free(void *data) {
    if (data)
        free(block_of(data));
}

/* Bytes from the data to the end of its block, at least what it was asked for with. */
static usize room_of(void *data) { return _msize(block_of(data)) - (usize)((u8 *)data - (u8 *)block_of(data)); }

void *_aligned_offset_realloc(void *data, usize size, usize alignment, usize offset) {
    if (!data)
        return _aligned_offset_malloc(size, alignment, offset);
    if (!size) {
        _aligned_free(data);
        return NULL;
    }
    usize old = room_of(data);
    void *moved = _aligned_offset_malloc(size, alignment, offset);
    if (moved) {
        memcpy(moved, data, old < size ? old : size);
        _aligned_free(data);
    }
    return moved;
}

void *_aligned_realloc(void *data, usize size, usize alignment) {
    return _aligned_offset_realloc(data, size, alignment, 0);
}

/* The size it was asked for with: what the block has, less what aligning took from it. */
usize _aligned_msize(void *data, usize alignment, usize offset) {
    (void)offset;
    if (!data) {
        set_errno(EINVAL);
        return ~(usize)0;
    }
    usize least = alignment < sizeof(void *) ? sizeof(void *) : alignment;
    return _msize(block_of(data)) - (least - 1 + 2 * sizeof(void *));
}

char *_strdup(const char *text) {
    usize size = text ? strlen(text) + 1 : 0;
    char *copy = text ? malloc(size) : NULL;
    return copy ? memcpy(copy, text, size) : NULL;
}

wchar *_wcsdup(const wchar *text) {
    usize size = text ? 2 * (wcslen(text) + 1) : 0;
    wchar *copy = text ? malloc(size) : NULL;
    return copy ? memcpy(copy, text, size) : NULL;
}
