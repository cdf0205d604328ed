/* search.c: linear search, and sorting and searching with a context for the comparison. */
#include "crt.h"
#include "text.h"

typedef int (*comparison)(const void *, const void *);
typedef int (*context_comparison)(void *context, const void *, const void *);

void *_lfind(const void *key, const void *base, u32 *count, u32 size, comparison compare) {
    for (u32 index = 0; index < *count; index++)
        if (!compare(key, (const u8 *)base + (usize)index * size))
            return (u8 *)base + (usize)index * size;
    return NULL;
}

void *_lsearch(const void *key, void *base, u32 *count, u32 size, comparison compare) {
    void *found = _lfind(key, base, count, size, compare);
    return found ? found : memcpy((u8 *)base + (usize)size * (*count)++, key, size);
}

void *_lfind_s(const void *key, const void *base, u32 *count, usize size, context_comparison compare, void *context) {
    if (!key || !count || !compare || !size || (!base && *count)) {
        set_errno(EINVAL);
        return NULL;
    }
    for (u32 index = 0; index < *count; index++)
        if (!compare(context, key, (const u8 *)base + index * size))
            return (u8 *)base + index * size;
    return NULL;
}

void *_lsearch_s(const void *key, void *base, u32 *count, usize size, context_comparison compare, void *context) {
    void *found = _lfind_s(key, base, count, size, compare, context);
    if (found || !key || !count || !compare || !size || !base)
        return found;
    return memcpy((u8 *)base + size * (*count)++, key, size);
}

void *bsearch_s(const void *key, const void *base, usize count, usize size, context_comparison compare, void *context) {
    const u8 *first = base;
    if ((!base && count) || !size || !compare) {
        set_errno(EINVAL);
        return NULL;
    }
    while (count) {
        const u8 *middle = first + count / 2 * size;
        int order = compare(context, key, middle);
        if (order == 0)
            return (void *)middle;
        if (order > 0)
            first = middle + size;
        count = order > 0 ? count - count / 2 - 1 : count / 2;
    }
    return NULL;
}

static void swap(u8 *left, u8 *right, usize size) {
    for (; size; size--, left++, right++) {
        u8 moved = *left;
        *left = *right;
        *right = moved;
    }
}

/* Moves the element at `root` down until none below it is larger. */
static void sift(u8 *base, usize root, usize count, usize size, context_comparison compare, void *context) {
    for (usize child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && compare(context, base + child * size, base + (child + 1) * size) < 0)
            child++;
        if (compare(context, base + root * size, base + child * size) >= 0)
            return;
        swap(base + root * size, base + child * size, size);
    }
}

/* Heap sort: the documentation promises no order of equal elements. */
void qsort_s(void *base, usize count, usize size, context_comparison compare, void *context) {
    if ((!base && count) || !size || !compare) {
        set_errno(EINVAL);
        return;
    }
    for (usize root = count / 2; root-- > 0;)
        sift(base, root, count, size, compare, context);
    for (usize last = count; last-- > 1;) {
        swap(base, (u8 *)base + last * size, size);
        sift(base, 0, last, size, compare, context);
    }
}
